"""Properties of reading a bundle: for any bytes, it is either good or refused."""

import io
import zipfile

from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.domain.bundle.archive import BundleArchive, BundleLimits
from controller.errors import InvalidBundleError
from tests.builders import Item, a_bundle, a_zip

GOOD = a_bundle()
SMALL = BundleLimits(bundle_bytes=1_000_000, unpacked_bytes=10_000_000, entry_bytes=5_000_000)


def outcome(data: bytes) -> str:
    """`good` or `refused`; anything else is raised."""
    try:
        archive = BundleArchive(io.BytesIO(data), SMALL)
        archive.verify(archive.manifest())
    except InvalidBundleError as error:
        told = error.reason.isprintable() and error.next_step.isprintable()
        return "refused" if told else f"unprintable: {error.reason!r}"
    return "good"


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_never_crash_the_reader(changes: list[tuple[int, int]]) -> None:
    """A damaged bundle is refused, unless the damage does not matter."""
    data = bytearray(GOOD)
    for at, value in changes:
        data[at] = value
    assert outcome(bytes(data)) in {"good", "refused"}


@settings(max_examples=200)
@given(st.integers(0, len(GOOD)), st.binary(max_size=40), st.integers(0, 40))
def test_cut_and_pasted_bytes_never_crash_the_reader(at: int, inserted: bytes, removed: int) -> None:
    """Missing and additional bytes are refused."""
    data = GOOD[:at] + inserted + GOOD[at + removed :]
    assert outcome(data) in {"refused", "good" if inserted or data == GOOD else ""}


@settings(max_examples=100)
@given(st.binary(max_size=300))
@example(b"PK\x05\x06" + bytes(18))
@example(b"PK\x05\x06" * 100)
def test_random_bytes_are_refused(data: bytes) -> None:
    """Only a bundle passes."""
    assert outcome(data) == "refused"


@settings(max_examples=100)
@given(st.dictionaries(st.from_regex(r"[a-z0-9]{1,8}\.txt", fullmatch=True), st.binary(max_size=2000), max_size=8))
def test_packed_files_are_read_unchanged(files: dict[str, bytes]) -> None:
    """This holds for stored and deflated files."""
    items = {
        name: Item(data, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[len(data) % 2]) for name, data in files.items()
    }
    archive = BundleArchive(io.BytesIO(a_zip(items)))
    assert {name: archive.read(name, at_most=5000) for name in archive.names} == files
