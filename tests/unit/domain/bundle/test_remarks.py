"""What people are told of a release before it is released."""

import io

from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.remarks import MOST, bounded, remarks_on
from tests.builders import a_bundle


def remarks(bundle: bytes) -> tuple[str, ...]:
    """The remarks on this bundle."""
    archive = BundleArchive(io.BytesIO(bundle))
    return remarks_on(archive.manifest(), archive)


def test_a_component_without_checks_is_said() -> None:
    """It could be checked, and nobody does."""
    (said,) = [one for one in remarks(a_bundle(checks=({"component": "site", "path": "/"},))) if "check" in one]
    assert said.startswith("api: No check looks at it")


def test_a_release_whose_components_are_all_checked_says_nothing_of_checks() -> None:
    """What is as it should be needs no words."""
    assert not [one for one in remarks(a_bundle()) if "check" in one]


def test_many_remarks_are_counted() -> None:
    """Nobody reads a thousand, and the ledger need not keep them."""
    known = bounded(str(number) for number in range(100))
    assert len(known) == MOST
    assert known[-1] == f"There are {100 - MOST + 1} more remarks."
