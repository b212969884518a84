"""The controller is deleted and made anew; wherever a run is ended, the next cleaning finishes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from selfright.errors import AdviceError
from selfright.proving.remaking.keeping import LocalCopy
from selfright.proving.remaking.remaker import REST, ControllerAwayError, ControllerRemaker
from tests.unit.proving.remaking.controlled_account import BUCKET, ControlledAccount, body


class Held:
    """Notes during which calls signals are held back."""

    def __init__(self, account: ControlledAccount) -> None:
        self.account = account
        self.meanwhile: list[str] = []

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold."""
        first = len(self.account.done)
        yield
        self.meanwhile = self.account.done[first:]


def remaker(account: ControlledAccount, said: list[str] | None = None) -> ControllerRemaker:
    """One for this account."""
    return ControllerRemaker(account.client, account.clock, (said or []).append, Held(account))


def fine() -> None:
    """Nothing forbids it."""


def test_it_is_made_anew_exactly_as_it_was(tmp_path: Path) -> None:
    """With its parameters, tags, capabilities, role, policy and protection; SQS's minute is waited for."""
    account, held = ControlledAccount(), list[str]()
    began = account.clock.now()
    remade = remaker(account, held).remake(BUCKET, LocalCopy(tmp_path, "run"), 1, fine)
    (given,) = account.created
    assert given["Parameters"] == [{"ParameterKey": "Level", "ParameterValue": "INFO"}]
    assert given["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert given["Tags"] == [{"Key": "team", "Value": "a"}]
    assert given["RoleARN"].endswith("role/cdk-exec")
    assert given["StackPolicyBody"] == "{}"
    assert given["EnableTerminationProtection"] is given["RetainExceptOnCreate"] is True
    assert given["at"] - began >= REST
    assert (remade.tries, remade.outputs["ArtifactsBucket"]) == (1, BUCKET)
    assert account.is_as_before


def test_the_template_is_safe_before_anything_is_deleted(tmp_path: Path) -> None:
    """On this machine, and in the account; and whoever interrupts from then on is held back."""
    account = ControlledAccount()
    made = remaker(account)
    made.remake(BUCKET, LocalCopy(tmp_path, "run"), 1, fine)
    begins = ["note", "object", "object", "protection off", "delete", "object", "object", "create"]
    assert account.done == [*begins, "objects gone", "note gone"]
    assert made._held.meanwhile == account.done  # type: ignore[attr-defined]
    assert (tmp_path / "run-controller.template.json").read_text() == body()
    assert f"{BUCKET}/selfright-prove/controller/template.json" in (tmp_path / "run-controller.json").read_text()


def test_what_forbids_it_at_the_last_moment_leaves_everything_as_it_is(tmp_path: Path) -> None:
    """Minutes pass between the question and the deletion: what was checked then may not hold any more."""
    account = ControlledAccount()

    def registered() -> None:
        assert (tmp_path / "run-controller.json").exists()
        raise AdviceError("The controller serves shop/prod.")

    with pytest.raises(AdviceError, match="shop/prod"):
        remaker(account).remake(BUCKET, LocalCopy(tmp_path, "run"), 1, registered)
    assert account.done == []


@pytest.mark.parametrize(
    "moment", ["note", "object", "protection off", "delete", "create", "objects gone", "note gone"]
)
def test_wherever_a_run_is_killed_the_next_cleaning_finishes_it(moment: str, tmp_path: Path) -> None:
    """The account has the controller of before, and nothing else."""
    account = ControlledAccount()
    account.ended = moment
    with pytest.raises(SystemExit):
        remaker(account).remake(BUCKET, LocalCopy(tmp_path, "run"), 1, fine)
    account.ended = ""
    assert remaker(account).finish(1) is (moment != "note")
    assert account.is_as_before
    assert remaker(account).finish(1) is False


def test_another_run_is_refused_until_that_is_finished(tmp_path: Path) -> None:
    """With the command that does it."""
    account = ControlledAccount()
    remaker(account).check_finished()
    account.ended = "create"
    with pytest.raises(SystemExit):
        remaker(account).remake(BUCKET, LocalCopy(tmp_path, "run"), 1, fine)
    with pytest.raises(AdviceError) as caught:
        remaker(account).check_finished()
    assert "prove --clean" in caught.value.next_step


def test_a_creation_that_fails_is_tried_again(tmp_path: Path) -> None:
    """What it left is deleted first; why it failed is said in AWS's words."""
    account, said = ControlledAccount(ends=["ROLLBACK_COMPLETE"]), ["begin"]
    remade = remaker(account, said).remake(BUCKET, LocalCopy(tmp_path, "run"), 1, fine)
    assert remade.tries == 2
    assert account.is_as_before
    assert any("QueueDeletedRecently" in one and "long ago" not in one for one in said)


def test_a_creation_that_fails_for_good_says_how_to_create_it(tmp_path: Path) -> None:
    """What is needed for it stays in the account, and it is said at once, before the sandbox is deleted."""
    account, said = ControlledAccount(ends=["ROLLBACK_COMPLETE"] * 3), ["begin"]
    with pytest.raises(ControllerAwayError, match="QueueDeletedRecently") as caught:
        remaker(account, said).remake(BUCKET, LocalCopy(tmp_path, "run"), 1, fine)
    assert "`selfright prove --clean`: it creates the controller again" in caught.value.next_step
    assert "aws cloudformation create-stack --template-url https://" in caught.value.next_step
    assert any("create-stack" in one for one in said)
    assert remaker(account).finish(1)
    assert account.is_as_before


def test_a_deletion_that_fails_is_told_and_nothing_is_created(tmp_path: Path) -> None:
    """The stack may be half gone."""
    account = ControlledAccount(delete_ends="DELETE_FAILED")
    with pytest.raises(ControllerAwayError, match="half gone"):
        remaker(account).remake(BUCKET, LocalCopy(tmp_path, "run"), 1, fine)
    assert account.created == []
    account.delete_ends = ""
    assert remaker(account).finish(1)
    assert account.is_as_before


def test_a_question_that_aws_does_not_answer_is_asked_again(tmp_path: Path) -> None:
    """A throttled call between deletion and creation must not leave the account without a controller."""
    account = ControlledAccount()
    made = remaker(account)
    delete = account.delete_stack

    def throttled(**given: str) -> None:
        delete(**given)
        account.unanswered = 5

    account.delete_stack = throttled  # type: ignore[method-assign]
    made.remake(BUCKET, LocalCopy(tmp_path, "run"), 1, fine)
    assert account.is_as_before
