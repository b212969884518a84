"""Secrets in the compressed files of a site: whoever loads one unpacks it."""

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import time
import zipfile
from pathlib import PurePosixPath

import pytest

from selfright.components.site import archives
from selfright.components.site.archives import secret_inside

KEY = b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
KIND = "a private key"


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    """A tar of these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def found(data: bytes) -> str:
    """What is found in a file; `.env` alone has the name of a secret."""
    return secret_inside(data, lambda path: PurePosixPath(path).name == ".env")


PACKED = {
    "gzip": gzip.compress(KEY),
    "bzip2": bz2.compress(KEY),
    "xz": lzma.compress(KEY),
    "zip": zipped({"a/readme.txt": b"x", "a/key.txt": KEY}),
    "tar.gz": gzip.compress(tarred({"readme.txt": b"x", "key.txt": KEY})),
    "zip in tar in xz": lzma.compress(tarred({"inner.zip": zipped({"key.txt": KEY})})),
    "behind much else": gzip.compress(bytes(20_000_000) + KEY),
    "across two reads": gzip.compress(bytes(archives._AT_ONCE - 20) + KEY),
}


@pytest.mark.parametrize("data", PACKED.values(), ids=PACKED)
def test_a_secret_is_found_however_it_is_packed(data: bytes) -> None:
    """By its contents, as in a file that is not packed."""
    assert found(data) == KIND


@pytest.mark.parametrize(
    "data",
    [zipped({"a/.env": b"A=1"}), tarred({".env": b"A=1"}), gzip.compress(tarred({"x/.env": b""}))],
    ids=["a zip", "a tar", "a compressed tar"],
)
def test_the_name_of_a_secret_is_enough(data: bytes) -> None:
    """A file of settings has no form by which it could be known."""
    assert found(data).startswith("a secret, '")


def test_source_maps_inside_of_scripts_are_searched() -> None:
    """They hold the sources, in base64."""
    data = base64.b64encode(b'{"sourcesContent": ["' + KEY.replace(b"\n", b"\\n") + b'"]}')
    script = b"run()\n//# sourceMappingURL=data:application/json;charset=utf-8;base64," + data
    assert found(script) == f"{KIND} in its source map"


HARMLESS = {
    "text": b"hello",
    "a zip": zipped({"readme.txt": b"hello"}),
    "cut off": gzip.compress(KEY)[:20],
    "damaged": zipped({"key.txt": KEY}).replace(b"PK\x01\x02", b"PK\x09\x09"),
    "only its beginning": b"PK\x03\x04",
    "a map that is none": b"//# sourceMappingURL=data:application/json;base64,A",
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=HARMLESS)
def test_what_cannot_be_read_holds_nothing(data: bytes) -> None:
    """A browser could not read it either."""
    assert found(data) == ""


def test_the_search_is_bounded() -> None:
    """A bomb, very many entries, or archives without end cost little time."""
    started = time.monotonic()
    many = zipped({f"{number}.txt": b"" for number in range(archives.ENTRIES + 10)} | {"key.txt": KEY})
    deep = KEY
    for _ in range(10):
        deep = gzip.compress(deep)
    assert [found(gzip.compress(bytes(200_000_000) + KEY)), found(many), found(deep)] == ["", "", ""]
    assert time.monotonic() - started < 30
