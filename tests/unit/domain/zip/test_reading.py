"""Properties of zip reading: whatever the bytes are, a bundle is either good or refused."""

import io
import zipfile

from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.domain.bundle.archive import BundleArchive, BundleLimits
from controller.domain.zip.rules import why_unsafe
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
    """A damaged bundle is refused, or the damage was in what does not matter."""
    data = bytearray(GOOD)
    for at, value in changes:
        data[at] = value
    assert outcome(bytes(data)) in {"good", "refused"}


@settings(max_examples=200)
@given(st.integers(0, len(GOOD)), st.binary(max_size=40), st.integers(0, 40))
def test_cut_and_pasted_bytes_never_crash_the_reader(at: int, inserted: bytes, removed: int) -> None:
    """Bytes that are missing or too many are refused."""
    data = GOOD[:at] + inserted + GOOD[at + removed :]
    assert outcome(data) in {"refused", "good" if inserted or data == GOOD else ""}


@settings(max_examples=100)
@given(st.binary(max_size=300))
@example(b"PK\x05\x06" + bytes(18))
@example(b"PK\x05\x06" * 100)
def test_random_bytes_are_refused(data: bytes) -> None:
    """Nothing that is no bundle passes."""
    assert outcome(data) == "refused"


@settings(max_examples=200)
@given(st.text(min_size=1, max_size=40))
@example("a/" * 20)
@example("con\u0000")
def test_a_name_is_either_safe_or_refused(name: str) -> None:
    """What passes can be joined to a folder without leaving it, and is shown as it is."""
    if why_unsafe(name) is None:
        assert ".." not in name.split("/")
        assert not name.startswith(("/", "\\"))
        assert name.isprintable()


@settings(max_examples=100)
@given(st.dictionaries(st.from_regex(r"[a-z0-9]{1,8}\.txt", fullmatch=True), st.binary(max_size=2000), max_size=8))
def test_what_was_packed_comes_out(files: dict[str, bytes]) -> None:
    """Stored or deflated, every file is read as it was."""
    items = {
        name: Item(data, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[len(data) % 2]) for name, data in files.items()
    }
    archive = BundleArchive(io.BytesIO(a_zip(items)))
    assert {name: archive.read(name, at_most=5000) for name in archive.names} == files
