import hashlib
import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from controller.domain.bundle.archive import BundleArchive, BundleLimits
from controller.domain.bundle.manifest import parse_manifest
from controller.domain.components.parameters.artifact import ParametersArtifact
from controller.domain.reading.costly import SMALL
from controller.domain.reading.strict_yaml import MAX_BYTES
from controller.errors import InvalidBundleError
from tests.builders import SITE_FILES, Item, a_bundle, a_zip, an_index, bundle_parts, digest
from tests.reading import Noting
from tests.zips import altered, offset_of, with_gap

ZEROS = Item(bytes(3_000_000), zipfile.ZIP_DEFLATED)


def open_and_verify(data: bytes, limits: BundleLimits | None = None) -> BundleArchive:
    """Open and verify a bundle as in the controller."""
    archive = BundleArchive(io.BytesIO(data), limits)
    archive.verify(archive.manifest())
    return archive


def refusal(data: bytes, limits: BundleLimits | None = None) -> str:
    """Why the bundle is refused."""
    with pytest.raises(InvalidBundleError) as caught:
        open_and_verify(data, limits)
    assert caught.value.next_step
    return caught.value.reason


SETTINGS = {"GREETING": "Hello", "RATE": "1.10"}


def test_parameters_are_verified_and_read() -> None:
    """The file has its digest in the manifest, like everything else."""
    archive = open_and_verify(bundle_parts().with_parameters(SETTINGS).pack())
    artifact = archive.manifest().components["settings"]
    assert isinstance(artifact, ParametersArtifact)
    assert artifact.read_parameters(archive).values == SETTINGS


def test_parameters_that_were_changed_are_refused() -> None:
    """A value that was edited after the bundle was made does not match."""
    parts = bundle_parts().with_parameters(SETTINGS)
    parts.files["settings.yaml"] = b"GREETING: Bye"
    assert "'settings.yaml' does not match its digest" in refusal(parts.pack())


def test_parameters_that_ssm_would_refuse_are_refused() -> None:
    """They are refused before anything is staged."""
    assert "`GREETING` has no value" in refusal(bundle_parts().with_parameters(b"GREETING:").pack())


def test_missing_parameters_are_refused() -> None:
    """The manifest names a file that does not exist."""
    parts = bundle_parts().with_parameters(SETTINGS)
    del parts.files["settings.yaml"]
    assert "'settings.yaml', which components.settings names, is not in the bundle" in refusal(parts.pack())


def with_entry(name: str, item: bytes | Item = b"x") -> bytes:
    """A valid bundle with one more entry."""
    parts = bundle_parts()
    parts.files[name] = item
    return parts.pack()


def with_code(code: bytes) -> bytes:
    """A valid bundle with this as the function's zip."""
    parts = bundle_parts()
    parts.files["api.zip"] = code
    parts.manifest["components"]["api"]["digest"] = digest(code)
    return parts.pack()


def test_a_bundle_is_read_only_once() -> None:
    """The manifest, the digest and an artifact's description cost one read each, however often they are used."""
    file = Noting(bundle_parts().with_parameters(SETTINGS).pack())
    archive = BundleArchive(file)
    settings = archive.manifest().components["settings"]
    assert isinstance(settings, ParametersArtifact)
    settings.read_parameters(archive)
    file.spans = []
    archive.digest()
    archive.manifest()
    assert settings.read_parameters(archive).values == SETTINGS
    assert file.spans == []


def test_a_header_is_read_once() -> None:
    """The position of a file's data is kept, so reading it again reads only its data."""
    file = Noting(a_bundle())
    archive = BundleArchive(file)
    start, _ = archive.raw("site/robots.txt")
    file.spans = []
    archive.read("site/robots.txt", at_most=100)
    assert {first for first, _ in file.spans} == {start}


def test_a_good_bundle_is_opened_and_verified() -> None:
    """A bundle as `selfright bundle` makes it passes."""
    archive = open_and_verify(a_bundle("1.4.0"))
    assert archive.manifest().version == "1.4.0"
    assert set(archive.names) == {
        "release.yaml",
        "api.zip",
        "site.index.json",
        *(f"site/{path}" for path in SITE_FILES),
    }


def test_files_are_read_whole_in_parts_and_in_place() -> None:
    """The same contents come out of `read`, `stream` and `raw`."""
    data = a_bundle()
    archive = BundleArchive(io.BytesIO(data))
    expected = SITE_FILES["index.html"]
    assert archive.read("site/index.html", at_most=1000) == expected
    with archive.stream("site/index.html") as stream:
        assert b"".join(iter(lambda: stream.read(7), b"")) == expected
    offset, size = archive.raw("api.zip")
    assert hashlib.sha256(data[offset : offset + size]).hexdigest() == archive.manifest().components["api"].sha256


def test_a_stored_file_can_be_read_in_any_order() -> None:
    """A function's zip is read in place, as a file of its own."""
    archive = BundleArchive(io.BytesIO(a_bundle()))
    with archive.stream("api.zip") as stream, zipfile.ZipFile(stream) as code:
        assert code.namelist() == ["app.py"]


def test_the_release_digest_tells_releases_apart() -> None:
    """Other contents give another digest, the same contents the same."""
    first, again, other = (BundleArchive(io.BytesIO(a_bundle(api_code=code))) for code in (b"1", b"1", b"2"))
    assert first.digest() == again.digest() != other.digest()


def test_reading_more_than_asked_for_is_refused() -> None:
    """`at_most` bounds the memory."""
    archive = BundleArchive(io.BytesIO(a_bundle()))
    with pytest.raises(InvalidBundleError, match="at most 3"):
        archive.read("site/index.html", at_most=3)


def test_folder_entries_are_no_files() -> None:
    """Zips that are made by hand have such entries; they are harmless."""
    assert "site/" not in open_and_verify(with_entry("site/", Item(mode=0o040755))).names


UNSAFE_NAMES = {
    "zip slip": ("site/../../etc/passwd", "leads out of the bundle"),
    "absolute": ("/etc/passwd", "is absolute"),
    "drive": ("C:/windows/system.ini", "is absolute"),
    "drive relative": ("C:system.ini", "is absolute"),
    "UNC": ("//server/share/x", "is absolute"),
    "backslash": ("site\\..\\x", "backslash"),
    "UNC with backslashes": ("\\\\server\\share", "backslash"),
    "dot": ("site/./x", "empty or '.' part"),
    "empty part": ("site//x", "empty or '.' part"),
    "newline": ("site/a\nb", "control or invisible"),
    "escape sequence": ("site/\x1b[2Jx", "control or invisible"),
    "right-to-left override": ("site/gpj.\u202eexe", "control or invisible"),
    "too long": (f"site/{'x' * 900}", "bytes"),
}


@pytest.mark.parametrize(("name", "reason"), UNSAFE_NAMES.values(), ids=UNSAFE_NAMES)
def test_unsafe_names_are_refused(name: str, reason: str) -> None:
    """A name that could lead anywhere else, or look like another, is refused."""
    assert reason in refusal(with_entry(name))


@pytest.mark.parametrize(("name", "reason"), UNSAFE_NAMES.values(), ids=UNSAFE_NAMES)
def test_unsafe_names_in_a_functions_zip_are_refused(name: str, reason: str) -> None:
    """The zip of a function is checked like the bundle."""
    message = refusal(with_code(a_zip({"app.py": b"", name: b"x"})))
    assert reason in message
    assert "api.zip" in message


def test_a_name_cut_by_a_nul_is_refused() -> None:
    """The rest of the name after a NUL is not dropped silently."""
    data = with_entry("site/evilXtxt").replace(b"site/evilXtxt", b"site/evil\0txt")
    assert "control or invisible" in refusal(data)


def test_a_name_that_is_not_utf8_is_refused() -> None:
    """A broken name is an error, not a crash."""
    assert "not valid UTF-8" in refusal(with_entry("site/ä").replace("site/ä".encode(), b"site/\xff\xff"))


COLLISIONS = {
    "twice": (["a.txt", "a.txt"], "appears twice"),
    "case": (["a.txt", "A.TXT"], "where case or accents do not count"),
    "unicode form": (["caf\u00e9", "cafe\u0301"], "where case or accents do not count"),
    "sharp s": (["stra\u00dfe", "STRASSE"], "where case or accents do not count"),
    "folders by case": (["a/x", "A/y"], "collides with 'A/'"),
    "folder and file": (["a", "a/x"], "collides with 'a'"),
    "file and folder": (["a/x", "a"], "is the same as 'a/'"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("names", "reason"), COLLISIONS.values(), ids=COLLISIONS)
def test_colliding_names_are_refused(names: list[str], reason: str) -> None:
    """Names that are one file on some machine are refused."""
    message = refusal(a_zip([(name, b"") for name in names]))
    assert reason.lower() in message.lower()


SPECIAL_FILES = {
    "symlink": (Item(b"/etc/passwd", mode=0o120777), "symbolic link"),
    "symlink made on macOS": (Item(b"/etc/passwd", mode=0o120777, system=19), "symbolic link"),
    "device": (Item(mode=0o020666), "special file"),
    "pipe": (Item(mode=0o010666), "special file"),
    "folder named as a file": (Item(mode=0o040755), "special file"),
    "bzip2": (Item(b"x", zipfile.ZIP_BZIP2), "method 12"),
    "lzma": (Item(b"x", zipfile.ZIP_LZMA), "method 14"),
}


@pytest.mark.parametrize(("item", "reason"), SPECIAL_FILES.values(), ids=SPECIAL_FILES)
def test_special_files_are_refused(item: Item, reason: str) -> None:
    """Only plain files are allowed, stored or deflated."""
    assert reason in refusal(with_entry("site/x", item))
    assert reason in refusal(with_code(a_zip({"x": item})))


@pytest.mark.parametrize("flags", [0x1, 0x41, 0x2001])
def test_encrypted_entries_are_refused(flags: int) -> None:
    """A password has no place in a release."""
    assert "is encrypted" in refusal(altered(a_bundle(), "site/robots.txt", flags=flags))


def test_another_file_than_a_zip_is_refused() -> None:
    """The message says that it is not a zip."""
    assert refusal(b"GIF89a" * 100) == "the bundle is not a zip file"
    assert refusal(b"") == "the bundle is not a zip file"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_a_truncated_bundle_is_refused(share: float) -> None:
    """The message says that the upload was cut off."""
    data = a_bundle()
    assert "cut off" in refusal(data[: int(len(data) * share)])


def test_foreign_data_around_the_zip_is_refused() -> None:
    """A file that is a zip and also something else is refused."""
    assert "foreign data" in refusal(b"#!/bin/sh\n" + a_bundle())
    assert "cut off or damaged" in refusal(a_bundle() + b"more")


def test_a_comment_is_harmless() -> None:
    """Git writes the commit into the comment of the zips that it makes."""
    data = a_bundle()
    open_and_verify(data[:-2] + struct.pack("<H", 40) + b"9" * 40)


def test_overlapping_entries_are_refused() -> None:
    """A bomb by many directory entries over one piece of data (quoted overlap) is refused."""
    data = a_bundle()
    shared = altered(data, "site/robots.txt", local=False, offset=offset_of(data, "site/index.html"))
    assert "overlapping" in refusal(shared)


def test_an_entry_that_reaches_into_the_next_is_refused() -> None:
    """A local header with a longer extra field moves the data, which must still end before the next entry."""
    data = bytearray(a_bundle())
    struct.pack_into("<H", data, offset_of(bytes(data), "site/index.html") + 28, 60_000)
    assert "shares data" in refusal(bytes(data))


def test_two_descriptions_of_an_entry_must_agree() -> None:
    """Names that differ between directory and entry could be read as different files."""
    data = a_bundle().replace(b"site/robots.txt", b"site/r0bots.txt", 1)
    assert "described differently" in refusal(data)


def test_a_second_manifest_in_a_gap_is_refused() -> None:
    """A reader that looks for headers instead of the directory would find it."""
    hidden = a_zip({"release.yaml": b"application: other"})
    assert "is followed by foreign data" in refusal(with_gap(a_bundle(), "site/robots.txt", hidden[:60]))
    assert "is followed by foreign data" in refusal(
        with_gap(with_entry("zz/", Item(b"", mode=0o040755)), "", hidden[:60])
    )


@pytest.mark.parametrize("name", ["release.yaml", "site.index.json", "api.zip"])
def test_a_wrong_checksum_is_refused_whatever_the_digest(name: str) -> None:
    """Other programs would not unpack it."""
    assert "checksum does not match" in refusal(altered(a_bundle(), name, crc=1))


LYING = {
    "unpacks to more": ({"size": 5}, "longer than declared"),
    "unpacks to less": ({"size": 500}, "shorter than declared"),
    "wrong checksum": ({"crc": 1}, "checksum does not match"),
    "packed shorter": ({"packed": 4}, "is followed by foreign data"),
}


@pytest.mark.parametrize(("fields", "reason"), LYING.values(), ids=LYING)
def test_an_entry_that_lies_is_cut_at_what_it_declared(fields: dict[str, Any], reason: str) -> None:
    """The stream never returns more than declared, and ends with an error."""
    archive = BundleArchive(io.BytesIO(altered(a_bundle(), "site/robots.txt", **fields)))
    with pytest.raises(InvalidBundleError, match=reason), archive.stream("site/robots.txt") as stream:
        stream.read()


def test_damaged_data_is_refused() -> None:
    """A flipped bit in compressed data is an error of the bundle, not a crash."""
    data = bytearray(a_bundle())
    at = offset_of(bytes(data), "site/index.html") + 30 + len("site/index.html")
    data[at] ^= 0xFF
    assert "site/index.html" in refusal(bytes(data))


BOMBS: dict[str, tuple[Callable[[], bytes], BundleLimits, str]] = {
    "bundle": (a_bundle, BundleLimits(bundle_bytes=100), "bytes; at most 100"),
    "count": (a_bundle, BundleLimits(files=3), "the bundle has 4 files; at most 3 are allowed"),
    "total": (a_bundle, BundleLimits(unpacked_bytes=100), "the bundle unpacks to"),
    "one file": (a_bundle, BundleLimits(entry_bytes=100), "unpacks to"),
    "ratio": (lambda: with_entry("site/x", ZEROS), BundleLimits(), "more than 200 times"),
    "function's ratio": (
        lambda: with_code(a_zip({"x": ZEROS})),
        BundleLimits(),
        "'x' in 'api.zip' unpacks to more than 200",
    ),
}
BOMBS = {name: (make, replace(limits), reason) for name, (make, limits, reason) in BOMBS.items()}


@pytest.mark.parametrize(("make", "limits", "reason"), BOMBS.values(), ids=BOMBS)
def test_bombs_are_refused(make: Callable[[], bytes], limits: BundleLimits, reason: str) -> None:
    """Size, count and ratio are limited, in the bundle and in a function's zip."""
    assert reason in refusal(make(), limits)


def test_what_selfright_adds_to_a_bundle_does_not_count() -> None:
    """A release may have as many files as the limit says, besides its manifest and the index of its site."""
    archive = open_and_verify(a_bundle(), BundleLimits(files=4))
    assert len(archive.names) == 6


def test_far_too_many_entries_are_refused_before_they_are_read() -> None:
    """The message has the limit that the documentation names, and says what can be done."""
    data = bytearray(a_bundle())
    struct.pack_into("<2H", data, data.rindex(b"PK\x05\x06") + 8, 25_000, 25_000)
    with pytest.raises(InvalidBundleError, match=r"25,000 entries.* at most 20,000 are allowed") as caught:
        open_and_verify(bytes(data))
    assert "`exclude` in release.yaml" in caught.value.next_step


def test_more_entries_than_the_format_can_count_are_refused() -> None:
    """A zip64 directory is never read, because no bundle needs one."""
    data = bytearray(a_bundle())
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<2H", data, end + 8, 0xFFFF, 0xFFFF)
    assert "more than 20,000 entries" in refusal(bytes(data))


def test_a_huge_directory_is_not_loaded() -> None:
    """The directory's size is bounded before it is read."""
    data = bytearray(a_bundle())
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<L", data, end + 12, 0xF0000000)
    assert "at most" in refusal(bytes(data))


def test_zips_within_a_functions_zip_are_just_files() -> None:
    """A library may contain zips; Lambda unpacks only the function's zip itself."""
    bomb = a_zip({"zeros": ZEROS})
    open_and_verify(with_code(a_zip({"app.py": b"", "data.zip": bomb})))


def test_a_function_without_a_zip_is_refused() -> None:
    """A function's artifact is a zip."""
    assert refusal(with_code(b"print()")) == "'api.zip' is not a zip file"


def test_a_function_without_code_is_refused() -> None:
    """An empty zip would make a broken function."""
    assert "'api.zip' is empty" in refusal(with_code(a_zip({})))


def test_a_functions_zip_must_be_stored() -> None:
    """It is read in place, so it must not be compressed again."""
    parts = bundle_parts()
    code = parts.files["api.zip"]
    assert isinstance(code, bytes)
    parts.files["api.zip"] = Item(code, zipfile.ZIP_DEFLATED)
    assert "compressed a second time" in refusal(parts.pack())


def test_a_bundle_without_a_manifest_is_refused() -> None:
    """The manifest is at the root."""
    assert refusal(a_zip({"project/release.yaml": b""})) == "'release.yaml' is not in the bundle"


@pytest.mark.parametrize("missing", ["api.zip", "site.index.json", "site/index.html"])
def test_a_missing_artifact_is_refused(missing: str) -> None:
    """Every artifact, index and file that is named must be there."""
    parts = bundle_parts()
    del parts.files[missing]
    assert f"'{missing}', which" in refusal(parts.pack())


@pytest.mark.parametrize("extra", ["notes.txt", "site/extra.html", "other/index.html", "api.zip.sig"])
def test_a_file_that_nothing_names_is_refused(extra: str) -> None:
    """A bundle has no files without a digest."""
    assert f"'{extra}' is in the bundle, but belongs to no artifact" in refusal(with_entry(extra))


def test_a_changed_function_is_refused() -> None:
    """The function's zip must have the digest of the manifest."""
    parts = bundle_parts()
    parts.files["api.zip"] = a_zip({"app.py": b"changed"})
    assert "'api.zip' does not match its digest" in refusal(parts.pack())


def test_a_changed_index_is_refused() -> None:
    """The index must have the digest of the manifest."""
    parts = bundle_parts()
    parts.files["site.index.json"] = an_index({})
    assert "'site.index.json' does not match the digest in the manifest" in refusal(parts.pack())


@pytest.mark.parametrize("changed", [b"User-agent: X", b"longer than it was before"])
def test_a_changed_file_of_a_site_is_refused(changed: bytes) -> None:
    """Every file must have the size and the digest from the index."""
    parts = bundle_parts()
    parts.files["site/robots.txt"] = changed
    assert "'site/robots.txt' does not match" in refusal(parts.pack())


def test_a_wrong_md5_in_the_index_is_refused() -> None:
    """The MD5 decides which files are uploaded, so it must be right as well."""
    parts = bundle_parts()
    index = an_index(SITE_FILES).replace(hashlib.md5(SITE_FILES["robots.txt"]).hexdigest().encode(), b"0" * 32)  # noqa: S324 - S3's ETag
    parts.files["site.index.json"] = index
    parts.manifest["components"]["site"]["digest"] = digest(index)
    assert "'site/robots.txt' does not match its digest" in refusal(parts.pack())


class ShortReads(io.BytesIO):
    """A file that returns less than requested, as network readers may."""

    def read(self, size: int | None = -1) -> bytes:
        """At most 100 bytes."""
        return super().read(size if size is not None and 0 <= size < 100 else 100)


def test_a_reader_may_return_less_than_requested() -> None:
    """Short reads are continued, and not mistaken for the end."""
    archive = BundleArchive(ShortReads(a_bundle()))
    archive.verify(archive.manifest())


class Failing(io.BytesIO):
    """A file on a network that fails."""

    def read(self, size: int | None = -1) -> bytes:
        """Always fails."""
        raise OSError("connection reset")


def test_a_failing_network_does_not_reject_the_bundle() -> None:
    """Only the bundle's own faults reject it."""
    with pytest.raises(OSError, match="connection reset"):
        BundleArchive(Failing(a_bundle()))


def test_a_large_manifest_is_the_same_as_a_small_one() -> None:
    """It is read in a process of its own, and comes back whole."""
    parts = bundle_parts()
    check = {"component": "api", "path": "/" + "x" * 300, "json": {"status": "up"}}
    parts.manifest["verification"] = {"checks": [check] * 90}
    archive = BundleArchive(io.BytesIO(parts.pack()))
    assert archive.size("release.yaml") > SMALL
    assert archive.manifest() == parse_manifest(archive.read("release.yaml", at_most=MAX_BYTES))
    archive.verify(archive.manifest())
