"""The outcome of a version's previous attempt decides whether it may be released again."""

import pytest

from controller.domain.phases import Phase
from controller.domain.previous_attempt import check_previous_attempt
from controller.errors import InvalidBundleError


@pytest.mark.parametrize("known", [None, ("dd", Phase.SUCCEEDED), ("dd", Phase.REJECTED), ("dd", Phase.SUPERSEDED)])
def test_a_version_without_a_bad_end_may_be_released(known: tuple[str, Phase] | None) -> None:
    """It is new, or the same contents come again."""
    check_previous_attempt(known, "shop/prod", "1.2.0", "dd")


@pytest.mark.parametrize("phase", [Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED])
def test_a_version_that_was_rolled_back_may_not(phase: Phase) -> None:
    """Even with other contents, it needs a new version."""
    for digest in ("dd", "ee"):
        with pytest.raises(InvalidBundleError, match=r"1\.2\.0 was rolled back in shop/prod") as error:
            check_previous_attempt(("dd", phase), "shop/prod", "1.2.0", digest)
        assert "new version" in error.value.next_step


@pytest.mark.parametrize("phase", [Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED])
def test_a_person_may_release_the_same_contents_again(phase: Phase) -> None:
    """Whatever speaks against them: the cause may have been elsewhere. Other contents still need another version."""
    check_previous_attempt(("dd", phase), "shop/prod", "1.2.0", "dd", retry=True)
    with pytest.raises(InvalidBundleError, match="was rolled back"):
        check_previous_attempt(("dd", phase), "shop/prod", "1.2.0", "ee", retry=True)


def test_the_command_that_releases_the_same_contents_again_is_complete() -> None:
    """A plan has no deployment yet, so it says where to find one; no retry helps other contents."""
    known = ("dd", Phase.ROLLED_BACK)
    with pytest.raises(InvalidBundleError) as uploaded:
        check_previous_attempt(known, "shop/prod", "1.2.0", "dd", "d2")
    assert '`selfright retry d2 --reason "…"`' in uploaded.value.next_step
    with pytest.raises(InvalidBundleError) as planned:
        check_previous_attempt(known, "shop/prod", "1.2.0", "dd")
    assert "`selfright history shop/prod`" in planned.value.next_step
    with pytest.raises(InvalidBundleError) as other:
        check_previous_attempt(known, "shop/prod", "1.2.0", "ee", "d2")
    assert "retry" not in other.value.next_step


def test_a_version_never_changes() -> None:
    """Other contents need a version of their own, even after a success."""
    with pytest.raises(InvalidBundleError, match="with other contents"):
        check_previous_attempt(("dd", Phase.SUCCEEDED), "shop/prod", "1.2.0", "ee")
