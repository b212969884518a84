"""A function's own zip: its limits are Lambda's, not the bundle's."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import suppress

import pytest

from controller.confinement import confined
from controller.domain.components.function.package import check_package
from controller.domain.zip.directory import read_directory
from controller.errors import InvalidBundleError
from tests.builders import Item, a_zip
from tests.zips import altered, of_empty_entries, with_gap

CODE = {"app.py": b"def handler(event, context): ..."}


def refusal(files: dict[str, bytes], **limits: int) -> str:
    """Why the zip is refused."""
    with pytest.raises(InvalidBundleError) as caught:
        check_package(io.BytesIO(a_zip(files)), "api.zip", **limits)
    return str(caught.value)


def test_a_zip_of_code_is_accepted() -> None:
    """A plain zip raises no error."""
    check_package(io.BytesIO(a_zip(CODE)), "api.zip")


def test_a_zip_that_lambda_would_not_unpack_is_refused() -> None:
    """Size and count are limited, and an empty zip has no code."""
    assert "'api.zip' unpacks to" in refusal(CODE, max_unpacked=10)
    assert "'api.zip' has 1 entries" in refusal(CODE, max_files=0)
    assert "is empty: the function has no code" in refusal({})


LONG = "🎒" + "x" * 170
HOSTILE = {
    "380 folders deep": ("/".join([f"{number}", *["a"] * 380]) for number in range(5000)),
    "64 folders deep": ("/".join(f"{number:x}{depth:x}" for depth in range(64)) for number in range(8000)),
    "many folders": (f"{number:x}/{number:x}/{number:x}/a" for number in range(50_000)),
    "long names": (f"{number:06}{LONG}" for number in range(50_000)),
    "the longest names": (f"{number:06}{LONG * 5}"[:890] for number in range(14_000)),
}


@pytest.mark.slow
@pytest.mark.parametrize("names", HOSTILE.values(), ids=HOSTILE)
def test_no_names_fill_the_memory(names: Iterable[str]) -> None:
    """However many, deep and long they are: what is kept of them is bounded."""
    package = io.BytesIO(of_empty_entries(name.encode() for name in names))

    def check() -> None:
        with suppress(InvalidBundleError):
            check_package(package, "api.zip")

    confined(check, seconds=120, memory=100_000_000)


def test_a_zip_of_too_many_or_too_deep_folders_is_refused() -> None:
    """Every folder counts, also those without an entry of their own."""
    with pytest.raises(InvalidBundleError, match="more than 50,000 folders"):
        check_package(io.BytesIO(of_empty_entries(f"{one:x}/{one:x}/a".encode() for one in range(26_000))), "api.zip")
    assert "nested more than 64 folders deep" in refusal({"a/" * 64 + "b": b""})
    check_package(io.BytesIO(a_zip({"a/" * 63 + "b": b""})), "api.zip")


def with_second_name(*, in_directory: bool) -> bytes:
    """A zip whose one file has another name in an extra field of its header, and perhaps of the directory."""
    name = b"../../tmp/evil.py"
    info = zipfile.ZipInfo("app.py")
    info.external_attr = 0o100644 << 16
    info.extra = struct.pack("<2HBL", 0x7075, 5 + len(name), 1, zlib.crc32(b"app.py")) + name
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, b"pass")
        if not in_directory:
            info.extra = b""
    return buffer.getvalue()


def deflated(data: bytes, **fields: int) -> bytes:
    """A zip with one compressed file, of which these fields are changed."""
    return altered(a_zip({"app.py": Item(data, method=8)}), "app.py", **fields)


GOOD = a_zip({**CODE, "b.py": b"pass"})
UNFLAGGED = GOOD.replace(b"b.py", "é.p".encode())
"""As `zip -r` writes it on Linux: a name in UTF-8, without the flag that says so."""


def of_windows(package: bytes) -> bytes:
    """The zip as if it had been made on Windows."""
    return re.sub(rb"(PK\x01\x02.)\x03", lambda found: found[1] + b"\0", package, flags=re.DOTALL)


def with_unicode_name(package: bytes, name: bytes) -> bytes:
    """The zip, whose last file has its name in Unicode in an extra field of the directory, too."""
    at, end = package.rindex(b"PK\x01\x02"), package.rindex(b"PK\x05\x06")
    raw = package[at + 46 : at + 46 + int.from_bytes(package[at + 28 : at + 30], "little")]
    extra = struct.pack("<2HBL", 0x7075, 5 + len(name), 1, zlib.crc32(raw)) + name
    entry = package[at : at + 30] + len(extra).to_bytes(2, "little") + package[at + 32 : at + 46 + len(raw)] + extra
    length = int.from_bytes(package[end + 12 : end + 16], "little") + len(extra)
    return package[:at] + entry + package[end : end + 12] + length.to_bytes(4, "little") + package[end + 16 :]


LIES = {
    "a foreign local name": (GOOD.replace(b"app.py", b"api.py", 1), "described differently in two places"),
    "a wrong checksum": (altered(GOOD, "app.py", crc=1), "checksum does not match"),
    "another checksum before the data": (altered(GOOD, "app.py", local=False, crc=1), "described differently"),
    "more than declared": (deflated(bytes(3_000_000), size=56), "longer than declared"),
    "less than declared": (deflated(b"pass", size=56), "shorter than declared"),
    "a second name in the directory": (with_second_name(in_directory=True), "has a second name"),
    "a second name before the data": (with_second_name(in_directory=False), "has a second name"),
    "a file in a gap": (with_gap(GOOD, "b.py", GOOD[:40]), "is followed by foreign data"),
    "a file after the last": (with_gap(GOOD, "", GOOD[:40]), "is followed by foreign data"),
    "a name in an unknown encoding": (GOOD.replace(b"b.py", b"\xe9.py"), "name is not valid UTF-8"),
    "a name of another system": (of_windows(UNFLAGGED), "a name in an unknown encoding"),
    "another name in Unicode": (with_unicode_name(of_windows(UNFLAGGED), "ñ".encode()), "has a second name"),
}


@pytest.mark.parametrize(("package", "reason"), LIES.values(), ids=LIES)
def test_a_zip_that_says_one_thing_and_holds_another_is_refused(package: bytes, reason: str) -> None:
    """Lambda would unpack something else than what was checked."""
    with pytest.raises(InvalidBundleError, match=reason):
        check_package(io.BytesIO(package), "api.zip")


@pytest.mark.parametrize("package", [UNFLAGGED, with_unicode_name(of_windows(UNFLAGGED), "é.p".encode())])
def test_a_name_in_utf8_needs_no_flag(package: bytes) -> None:
    """Unix has names as bytes, and writes them so; elsewhere an extra field may say that they are UTF-8."""
    check_package(io.BytesIO(package), "api.zip")
    [_, entry] = read_directory(io.BytesIO(package), "'api.zip'", 2).entries
    assert entry.name == "é.p"


def test_the_advice_about_names_helps_who_has_made_the_zip() -> None:
    """`selfright bundle` takes a zip as it is."""
    with pytest.raises(InvalidBundleError) as caught:
        check_package(io.BytesIO(of_windows(UNFLAGGED)), "api.zip")
    assert "python3 -m zipfile" in caught.value.next_step


@pytest.mark.parametrize("method", [0, 8])
def test_sizes_may_follow_the_data(method: int) -> None:
    """So do tools that write a zip into a pipe."""

    class Pipe:
        """What cannot be written to again."""

        def __init__(self) -> None:
            self.written = b""

        def write(self, data: bytes) -> int:
            self.written += data
            return len(data)

        def flush(self) -> None:
            """Nothing waits."""

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:  # type: ignore[arg-type]
        for name, contents in {"app.py": b"pass" * 100, "folder/b.py": b""}.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16
            archive.writestr(info, contents)
    check_package(io.BytesIO(pipe.written), "api.zip")


def test_compressed_data_that_goes_on_after_its_end_is_refused() -> None:
    """Some programs would read on."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = packed.compress(b"pass") + packed.flush() + b"more"
    package = altered(a_zip({"app.py": stream}), "app.py", method=8, size=4, crc=zlib.crc32(b"pass"))
    with pytest.raises(InvalidBundleError, match="foreign data follows its compressed data"):
        check_package(io.BytesIO(package), "api.zip")
