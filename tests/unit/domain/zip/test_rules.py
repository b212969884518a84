"""The rules for a zip's entries."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.domain.zip.rules import why_unsafe


@settings(max_examples=200)
@given(st.text(min_size=1, max_size=40))
@example("a/" * 20)
@example("con\u0000")
def test_a_name_is_either_safe_or_refused(name: str) -> None:
    """A safe name can be joined to a folder without leaving it, and is printable."""
    if why_unsafe(name) is None:
        assert ".." not in name.split("/")
        assert not name.startswith(("/", "\\"))
        assert name.isprintable()
