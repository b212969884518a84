"""A stack is waited for patiently, and what failed is said of its latest operation."""

import pytest

from selfright.errors import AdviceError
from selfright.proving.remaking.blueprint import CONTROLLER
from selfright.proving.stacks import PATIENCE, AccountStack, is_moving, is_whole
from tests.unit.proving.remaking.controlled_account import ControlledAccount


@pytest.mark.parametrize(
    ("status", "moves", "whole"),
    [
        ("CREATE_COMPLETE", False, True),
        ("UPDATE_ROLLBACK_COMPLETE", False, True),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", True, False),
        ("ROLLBACK_COMPLETE", False, False),
        ("DELETE_FAILED", False, False),
        ("REVIEW_IN_PROGRESS", False, False),
    ],
)
def test_a_status_says_whether_it_changes_and_whether_it_is_there(status: str, moves: bool, whole: bool) -> None:
    """A change set that nobody has executed would be waited for in vain."""
    assert (is_moving({"StackStatus": status}), is_whole({"StackStatus": status})) == (moves, whole)
    assert not is_moving(None)
    assert not is_whole(None)


def test_a_deleted_stack_that_is_still_described_is_none() -> None:
    """CloudFormation knows deleted stacks for months."""
    account = ControlledAccount()
    account.stack = {**(account.stack or {}), "StackStatus": "DELETE_COMPLETE"}
    assert account.controller.find() is None


def test_waiting_says_every_minute_what_it_waits_for() -> None:
    """For half an hour; then it says how the stack is."""
    account, said = ControlledAccount(), list[str]()
    stack = AccountStack(account, CONTROLLER, account.clock, said.append)
    began = account.clock.now()
    with pytest.raises(AdviceError, match="is UPDATE_COMPLETE after half an hour"):
        stack.wait(lambda found: found is None)
    assert account.clock.now() - began == pytest.approx(PATIENCE, abs=10)
    assert len(said) == pytest.approx(29, abs=2)
    assert "UPDATE_COMPLETE" in said[0]


def test_an_old_failure_is_not_taken_for_the_latest() -> None:
    """The events of a stack go back to its creation."""
    assert ControlledAccount().controller.trouble() == "Undelivered (AWS::SQS::Queue): QueueDeletedRecently"
