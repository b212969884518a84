"""What a person can do about a deployment: roll it back, or resume one that is paused."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from controller.aws.client.calls import calling
from controller.aws.workflows import StepFunctionsWorkflows
from controller.domain.advice import held_advice
from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from selfright.account.account import Account
from selfright.account.status import EnvironmentStatus, is_paused
from selfright.errors import AdviceError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

ID_LENGTH = 64
"""The part of a deployment's id that fits into the name of an execution (80 characters)."""
JUST_NOW = timedelta(minutes=15)
UNDONE = frozenset({Phase.ROLLED_BACK, Phase.REJECTED, Phase.SUPERSEDED})
"""The final phases after which nothing of a release is live."""


@dataclass(frozen=True)
class Rollback:
    """A rollback that a person started: the execution of the rollback machine."""

    execution_arn: str
    stepfunctions: "SFNClient"

    def is_over(self, deployment: Deployment) -> bool:
        """Whether the deployment has ended by this rollback, or this rollback has ended without doing anything."""
        if not deployment.phase.is_terminal:
            return False
        return deployment.rollback_execution_arn == self.execution_arn or not self._running()

    def has_ended(self) -> bool:
        """Whether the execution has ended."""
        return not self._running()

    def unlocked(self) -> tuple[bool, str]:
        """Whether the execution has unlocked the environment, and the reason if not."""
        outcome, why = self._said()
        return outcome == "unlocked", why

    def refusal(self, deployment: Deployment) -> str:
        """The reason why the rollback was not done; "" if it (or another one) was."""
        if deployment.rollback_execution_arn == self.execution_arn or deployment.phase in UNDONE:
            return ""
        return self._said()[1]

    def _said(self) -> tuple[str, str]:
        """The outcome of the execution, which has ended, and its reason."""
        with calling("states:DescribeExecution", self.execution_arn):
            ended = self.stepfunctions.describe_execution(executionArn=self.execution_arn)
        said = json.loads(ended.get("output") or "{}")
        why = ended.get("cause") or said.get("reason") or f"The rollback machine ended as {ended['status']}."
        return str(said.get("outcome", "")), str(why)

    def _running(self) -> bool:
        return StepFunctionsWorkflows("", self.stepfunctions).is_running(self.execution_arn)


def to_roll_back(status: EnvironmentStatus, history: Sequence[Deployment], now: datetime) -> Deployment:
    """The deployment that a rollback of an environment rolls back.

    That is the deployment on its way; in a held environment, the one whose rollback failed; otherwise the live one.
    `history` has the newest deployments, newest first. Raises `AdviceError` if there is none, and if a person rolled a
    release back a short time before `now` and none went live since: two people who act at the same time want one
    release undone, not two.
    """
    failed = status.held_by if status.held_by and status.held_by.phase is Phase.ROLLBACK_FAILED else None
    if status.held and not (status.on_its_way or failed):
        key, by = status.environment_key, status.held_by.deployment_id if status.held_by else ""
        raise AdviceError(f"{key} is held: {status.held}", held_advice(key, status.held, by))
    chosen = status.on_its_way or failed or status.live
    just_now = next((one for one in history if _was_just_rolled_back(one, now)), None)
    if chosen and chosen is status.live and just_now and _ended_later(just_now, chosen):
        message = f"{just_now.deployment_id} was rolled back just now, so {chosen.version} is live again."
        step = f"To undo that release as well, name it: `selfright rollback {chosen.deployment_id}`"
        raise AdviceError(message, step)
    if chosen is None:
        message = f"Nothing that could be rolled back is live or on its way in {status.environment_key}."
        step = f"`selfright history {status.environment_key}` lists its deployments; name the one that you mean."
        raise AdviceError(message, step)
    return chosen


def _ended_later(one: Deployment, other: Deployment) -> bool:
    """Whether it ended after the other one: a release that went live since then is another matter."""
    return other.closed_at is None or (one.closed_at is not None and one.closed_at > other.closed_at)


def _was_just_rolled_back(deployment: Deployment, now: datetime) -> bool:
    """Whether a person rolled it back a short time ago; what an alarm or the judge undid is another matter."""
    by_person = deployment.trip is not None and deployment.trip.source == "person"
    ended = deployment.closed_at if deployment.phase is Phase.ROLLED_BACK and by_person else None
    return ended is not None and now - ended < JUST_NOW


def check_possible(deployment: Deployment) -> None:
    """Raise `AdviceError` if the deployment has ended and nothing of it is live."""
    if deployment.phase in UNDONE:
        why = f" {deployment.reason}" if deployment.reason else ""
        message = f"Deployment {deployment.deployment_id} is {deployment.phase} already: nothing of it is live.{why}"
        raise AdviceError(message, f"See what is live: `selfright status {deployment.environment_key}`")


def start_rollback(account: Account, deployment_id: str, reason: str, *, unlock: bool = False) -> Rollback:
    """Start the rollback machine in a person's name; with `unlock`, it only unlocks the deployment's environment."""
    document = {
        "deployment_id": deployment_id,
        "by": "person",
        "reason": reason,
        **({"unlock": True} if unlock else {}),
    }
    machine = account.resources.rollback_machine_arn
    name = f"{deployment_id[:ID_LENGTH]}-person-{secrets.token_hex(3)}"
    with calling("states:StartExecution", machine):
        started = account.workflows.start_execution(stateMachineArn=machine, name=name, input=json.dumps(document))
    return Rollback(started["executionArn"], account.workflows)


def resume(account: Account, deployment: Deployment) -> None:
    """Resume a paused deployment; raises `AdviceError` when it is not paused."""
    if not is_paused(deployment):
        message = f"Deployment {deployment.deployment_id} is {deployment.phase} and not paused."
        raise AdviceError(message, f"See its status: `selfright status {deployment.deployment_id}`")
    answer = {"outcome": "resumed", "deployment_id": deployment.deployment_id}
    workflows = StepFunctionsWorkflows("", account.workflows)
    heard = {workflows.succeed(token, answer) for token in deployment.pause_tokens}  # One of them waits.
    if True not in heard:
        message = f"{deployment.deployment_id} is no longer paused: another person has answered, or its time is over."
        raise AdviceError(message, f"See its status: `selfright status {deployment.deployment_id}`")
