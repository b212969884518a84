"""What is read from outside and sent there: time, checks, measurements, alarms, executions, notifications."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import OutsideCheck
from controller.domain.deployment import Deployment, Revision
from controller.domain.environment import Environment
from controller.domain.judging.alarm_data import StateReason
from controller.domain.judging.measurement import Period, Subject, Thresholds
from controller.domain.phases import Phase


class Clock(Protocol):
    """Tells the time; a test moves it by hand."""

    def now(self) -> datetime:
        """The time now, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""


class Probe(Protocol):
    """Makes a request from outside, as a visitor would. Private addresses are asked only if `private` says so."""

    def run(
        self, url: str, check: OutsideCheck, others: Sequence[OutsideCheck] = (), *, private: bool = False
    ) -> CheckResult:
        """Request and compare; a failure to connect is a failed check, not an exception.

        The answer passes too if it is what one of `others` (checks with the same request) expects.
        """

    def publication(self, url: str, *, private: bool = False) -> str:
        """The name of the publication that a site's edge location has, as its routing function answers it.

        Raises `NoAnswerError` when nothing answers, or something else than a routing function of ours.
        """

    def refusal(self, url: str) -> str:
        """Why a URL would not be requested, because it is not a public one; "" when it would be."""


@dataclass(frozen=True)
class HookAnswer:
    """What a hook says of a release, with its reason, and the hook's name.

    `not_now` says nothing about the release, and is asked again; a hook that `failed` has not said anything.
    """

    hook: str
    outcome: Literal["allowed", "refused", "not_now", "failed"]
    reason: str

    @property
    def said(self) -> str:
        """The answer in one line."""
        return f"hook {self.hook}: {self.reason}"


class Hooks(Protocol):
    """Functions of the application that may refuse a release."""

    def run(self, environment: Environment, function_name: str, occasion: Mapping[str, Any]) -> HookAnswer | None:
        """Ask a hook of the environment. None: it will answer later."""


@dataclass(frozen=True)
class TaskAnswer:
    """How a task of a release ended, and what is said of it.

    Only one that `failed` has said something about its release; one that is `late` may still be running, unless it is
    known to be `over`.
    """

    outcome: Literal["succeeded", "failed", "late"]
    said: str
    over: bool = False


class Tasks(Protocol):
    """What a release does once before its checks."""

    def run(  # noqa: PLR0913, PLR0917 - what is invoked, with what, for how long, and whether it may be
        self,
        environment: Environment,
        component: str,
        revision: Revision,
        event: Mapping[str, Any],
        limit: int,
        may_begin: Callable[[], object],
    ) -> TaskAnswer:
        """Invoke exactly this revision of a function, and wait for so many seconds at most.

        `may_begin` is called before each invocation, and raises when it may not begin (any more).
        Raises `TransientError` when it is not known whether it ran, and `AwsError` when it did not.
        """


class Metrics(Protocol):
    """What was measured of versions; only for components whose kind is measured by version."""

    def thresholds(
        self, environment: Environment, components: Sequence[str], until: datetime
    ) -> Mapping[str, Thresholds]:
        """Component → percentile → milliseconds, measured of what served in the hours before.

        A percentile with too few measurements is absent; all are absent where slow requests cannot be counted.
        """

    def periods(
        self, environment: Environment, subjects: Sequence[Subject], since: datetime, until: datetime
    ) -> Sequence[Period]:
        """Every whole period of every subject between the two moments, with or without data, settled or not."""


class Alarms(Protocol):
    """The states of alarms."""

    def reaction(self, names: Sequence[str]) -> timedelta:
        """The time from a bad measurement's end to the moment at which the slowest of these alarms has seen enough.

        It is their periods and evaluations; what CloudWatch itself needs is not in it. Raises when it cannot be read.
        """

    def reason(self, name: str) -> StateReason:
        """Why the alarm is in its present state, and until when that was measured; empty for one that is gone."""

    def states(self, names: Sequence[str]) -> Mapping[str, str]:
        """Name → `OK`, `ALARM` or `INSUFFICIENT_DATA`; a deleted alarm is absent. Raises when it cannot be read."""


class Workflows(Protocol):
    """The executions of the state machines."""

    def succeed(self, task_token: str, output: Mapping[str, Any]) -> bool:
        """Let a waiting task go on; False when none waits with this token any more."""

    def fail(self, task_token: str, reason: str) -> bool:
        """Fail a waiting task; False when none waits with this token any more."""

    def is_running(self, execution_arn: str) -> bool:
        """Whether the execution is still running; False as well for "", and when it cannot be found."""

    def stop(self, execution_arn: str, reason: str) -> None:
        """Stop an execution; harmless when it has ended."""

    def start_rollback(
        self, deployment_id: str, reason: str, name: str, *, by: Literal["reconciler", "alarm"] = "reconciler"
    ) -> None:
        """Start the rollback machine under this execution name; the same name starts only once."""


class Rehearsals(Protocol):
    """Keeps the function that reacts to alarms ready."""

    def start(self, deployment_id: str) -> None:
        """Let it read all that restoring this deployment would need; it changes nothing, and is not waited for."""


class Markers(Protocol):
    """Marks releases on the graphs of an application."""

    def mark(self, deployment: Deployment, phase: Phase, at: datetime) -> None:
        """Mark that the deployment entered this phase; it never fails, and marking twice does no harm."""


class Notifications(Protocol):
    """Tells people and programs how a deployment ended."""

    def send(self, deployment: Deployment) -> None:
        """Publish one notification."""
