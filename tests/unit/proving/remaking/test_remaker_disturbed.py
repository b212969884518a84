"""The controller is made anew beside another run, with answers that come late, and where AWS refuses something."""

from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ReadTimeoutError

from selfright.errors import AdviceError
from selfright.proving.remaking.keeping import LocalCopy
from selfright.proving.remaking.remaker import STEADY, ControllerAwayError, Remade
from tests.unit.proving.late_account import refused
from tests.unit.proving.remaking.controlled_account import BUCKET, ControlledAccount
from tests.unit.proving.remaking.test_remaker import fine, remaker


class DisturbedAccount(ControlledAccount):
    """An account in which something happens right after, or instead of, a call about the stack, once for each name."""

    def __init__(self, *, after: str = "", instead: str = "", do: Callable[["DisturbedAccount"], None]) -> None:
        super().__init__()
        self.after, self.instead, self.do = after, instead, do

    def note(self, what: str) -> None:
        """Something is written."""
        if what == self.instead:
            self.instead = ""
            self.do(self)
        super().note(what)

    def delete_stack(self, **given: str) -> None:
        """The deletion has begun, then something happens."""
        super().delete_stack(**given)
        if self.after == "delete":
            self.do(self)

    def create_stack(self, **given: object) -> None:
        """The creation has begun, then something happens."""
        super().create_stack(**given)
        if self.after == "create":
            self.do(self)


def cleaned(account: DisturbedAccount) -> None:
    """A cleaning beside the run takes the blueprint for left over."""
    account.objects.clear()
    account.notes.clear()


def denied(_: DisturbedAccount) -> None:
    """AWS refuses the call."""
    raise refused("AccessDenied")


def remake(account: ControlledAccount, tmp_path: Path) -> Remade:
    """Make the account's controller anew."""
    return remaker(account).remake(BUCKET, LocalCopy(tmp_path, "run"), 1, fine)


@pytest.mark.parametrize("moment", ["delete", "create"])
def test_a_cleaning_beside_the_run_takes_nothing_away_that_is_needed(moment: str, tmp_path: Path) -> None:
    """The template is put into the bucket again before each creation; what is forgotten already is no error."""
    account = DisturbedAccount(after=moment, do=cleaned)
    remake(account, tmp_path)
    assert len(account.created) == 1
    assert account.is_as_before


def test_a_run_that_is_killed_after_such_a_cleaning_is_finished_all_the_same(tmp_path: Path) -> None:
    """The note is there again, too, before anything is created."""
    account = DisturbedAccount(after="delete", do=cleaned)
    account.ended = "create"
    with pytest.raises(SystemExit):
        remake(account, tmp_path)
    account.ended = ""
    assert remaker(account).finish(1)
    assert account.is_as_before


def test_a_stack_that_still_looks_whole_after_its_deletion_is_not_taken_for_kept(tmp_path: Path) -> None:
    """A read after DeleteStack may not know of it; forgetting the blueprint then would lose the controller."""

    def killed(account: DisturbedAccount) -> None:
        account.stale = 3
        raise SystemExit

    account = DisturbedAccount(after="delete", do=killed)
    with pytest.raises(SystemExit):
        remake(account, tmp_path)
    assert remaker(account).finish(1)
    assert len(account.created) == 1
    assert account.is_as_before


def test_a_stack_that_nobody_deletes_is_looked_at_for_some_seconds(tmp_path: Path) -> None:
    """Another run may be between its note and its deletion."""
    account = ControlledAccount(ended="delete")
    with pytest.raises(SystemExit):
        remake(account, tmp_path)
    account.ended, began = "", account.clock.now()
    assert remaker(account).finish(1)
    assert account.clock.now() - began >= STEADY
    assert account.created == []
    assert account.is_as_before


def test_a_creation_in_which_another_run_was_faster_is_waited_for(tmp_path: Path) -> None:
    """Both want the same stack."""

    def exists(_: DisturbedAccount) -> None:
        raise refused("AlreadyExistsException")

    account = DisturbedAccount(after="create", do=exists)
    assert remake(account, tmp_path).tries == 1
    assert account.is_as_before


@pytest.mark.parametrize("call", ["protection off", "delete"])
def test_a_refused_deletion_leaves_the_controller_as_it_was_and_says_so(call: str, tmp_path: Path) -> None:
    """It is protected again, and nothing is left of the attempt; a later run may try it again."""
    account = DisturbedAccount(instead=call, do=denied)
    with pytest.raises(AdviceError, match=r"it is there, and whole\. .*AccessDenied") as caught:
        remake(account, tmp_path)
    assert not isinstance(caught.value, ControllerAwayError)
    assert caught.value.next_step
    assert account.is_as_before
    remaker(account).check_finished()


def test_a_protection_that_cannot_be_given_back_is_told_and_given_by_the_next_cleaning(tmp_path: Path) -> None:
    """The note about the run stays until then."""

    def denied_for_good(account: DisturbedAccount) -> None:
        account.instead = "protection on"
        raise refused("AccessDenied")

    account = DisturbedAccount(instead="delete", do=denied_for_good)
    with pytest.raises(AdviceError, match="may not be protected") as caught:
        remake(account, tmp_path)
    assert "prove --clean" in caught.value.next_step
    account.instead = ""
    assert remaker(account).finish(1)
    assert account.is_as_before


def test_a_deletion_whose_answer_was_lost_is_not_taken_for_refused(tmp_path: Path) -> None:
    """The stack goes, although it was described as whole once more: what creates it again is kept."""

    def unanswered(account: DisturbedAccount) -> None:
        account.stale = 2
        raise ReadTimeoutError(endpoint_url="https://cloudformation.eu-west-1.amazonaws.com")

    account = DisturbedAccount(after="delete", do=unanswered)
    with pytest.raises(ControllerAwayError):
        remake(account, tmp_path)
    assert account.objects
    assert remaker(account).finish(1)
    assert account.is_as_before
