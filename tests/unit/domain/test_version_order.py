"""The order of versions."""

from itertools import pairwise

import pytest

from controller.domain.version_order import is_older

ORDERED = ("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",
           "1.0.9", "1.0.10", "1.2", "v1.10.0", "2.0.0.1")  # fmt: skip


@pytest.mark.parametrize(("older", "newer"), list(pairwise(ORDERED)))
def test_versions_are_ordered_as_people_read_them(older: str, newer: str) -> None:
    """By numbers and not by letters; what comes before a release is older than that."""
    assert is_older(older, newer)
    assert not is_older(newer, older)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.0", "1.0.0"), ("1.0.0+a", "1.0.0+b"), ("3f9a01c", "1.0.0"), ("1.0.0", "main-7"), ("", "1.0.0"), ("1", "2")],
)
def test_what_has_no_order_is_not_older(one: str, other: str) -> None:
    """Equal versions, commits, names, and numbers of builds: nobody knows."""
    assert not is_older(one, other)
    assert not is_older(other, one)
