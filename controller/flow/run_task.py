"""Run task: what a release does once before its checks, such as a database migration, one task at a time.

A task is claimed in the ledger, and then the staged version is invoked. Who dies in between leaves a claim behind, and
nobody knows whether the task ran. No function runs for more than a quarter of an hour, so after that time the task is
run once more, under the same idempotency key; if that leaves no answer either, the release is rolled back. So two
tasks never run at the same time, also not those of two releases: the next one waits as long for what a rollback left.

Only an answer that says that it failed is evidence against the version, and of the first attempt alone: the second one
may fail because the first has done its work.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from math import ceil
from typing import Literal, cast

from controller.domain.bundle.tasks import ReleaseTask, due_task, event_of, title
from controller.domain.deployment import LONGEST_TASK, Changes, Deployment, TaskRun, TripSource
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from controller.domain.printable import sentences
from controller.domain.timeline import EventKind
from controller.errors import AwsError, LedgerConflictError, SelfrightError, TransientError
from controller.flow.shared.fence import permit, trip
from controller.flow.shared.lease import renewed
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.ledger import Expected
from controller.ports.world import World

ATTEMPTS = 2
BEGINS_WITHIN = timedelta(minutes=1)
"""A claim is worth nothing after that: what would be begun later could run for longer than others wait."""
NOTE_PAUSES = (1, 2, 4, 8, 16)
"""Seconds until it is noted again that a task is done, while the ledger gives no answer."""
PAUSE = 30
"""Seconds until the next question, while it is not known how a task ended."""


@dataclass(frozen=True)
class TaskRan(DeploymentResult):
    """How far the tasks are."""

    outcome: Literal["done", "pending", "failed"]
    wait_seconds: int | None = None


def run_task(world: World, deployment_id: str) -> TaskRan:
    """Run the task that is due, if any.

    Outcomes: `done`; `pending` while it may be running, begun by another call of this: ask again in `wait_seconds`;
    `failed`, also when the deployment has tripped or is rolled back already.
    """
    deployment = world.deployments.get(deployment_id)
    if deployment.trip or deployment.phase is not Phase.STAGING:
        return TaskRan(deployment, "failed", deployment.rollback_reason)
    due = due_task(deployment)
    if due is None:
        return TaskRan(deployment, "done")
    number, task = due
    begun = deployment.task_run if deployment.task_run and deployment.task_run.number == number else None
    waits_until = begun.since + LONGEST_TASK if begun else deployment.tasks_until
    if waits_until and (left := (waits_until - world.clock.now()).total_seconds()) > 0:
        return TaskRan(deployment, "pending", wait_seconds=min(PAUSE, ceil(left)))
    if begun and begun.attempt == ATTEMPTS:
        reason = f"{title(number, task)} was begun {ATTEMPTS} times and gave no answer: look whether it has run"
        return _failed(world, deployment, "fault", reason)
    environment = environment_of(world, deployment)  # Before the claim: what fails here has begun nothing.
    claimed = _claim(world, deployment, number, begun.attempt + 1 if begun else 1)
    if claimed is None:
        return TaskRan(world.deployments.get(deployment_id), "pending", wait_seconds=1)
    if begun:
        said = f"{title(number, task)} gave no answer. It runs once more, under the same idempotency key."
        record(world, deployment_id, EventKind.TASK, said)
    return _run(world, environment, claimed, number, task)


def _claim(world: World, deployment: Deployment, number: int, attempt: int) -> Deployment | None:
    """Note in the ledger that the task begins now; None when something else was first."""
    before = deployment.task_run
    claim, done = (before.claim, before.done) if before else (0, ())
    run = TaskRun(number, claim + 1, attempt, world.clock.now(), done)
    changes: Changes = {"task_run": run, **renewed(world, LONGEST_TASK.total_seconds())}
    expected = Expected(untripped=True, task_claim=claim)
    try:
        return world.deployments.update(deployment.deployment_id, changes, phases={Phase.STAGING}, expected=expected)
    except LedgerConflictError:
        return None


def _run(world: World, environment: Environment, deployment: Deployment, number: int, task: ReleaseTask) -> TaskRan:
    """Invoke the staged version, and note how that ended."""
    name, staged = title(number, task), deployment.staged[task.component]
    event, may_begin = event_of(deployment, number, task), partial(_permit, world, deployment)
    try:
        answer = world.tasks.run(environment, task.component, staged, event, task.limit, may_begin)
    except TransientError as error:
        record(world, deployment.deployment_id, EventKind.TASK, f"{name}: whether it has run is not known. {error}")
        return TaskRan(deployment, "pending", wait_seconds=PAUSE)
    except SelfrightError as error:
        _note_over(world, deployment)
        return _failed(world, deployment, "fault", f"{name} could not be run: {error}")
    if answer.outcome == "succeeded":
        return _done(world, deployment, number, f"{name}: {answer.said}")
    if answer.outcome == "failed" or answer.over:
        _note_over(world, deployment)
    if answer.outcome == "failed" and _run_of(deployment).attempt > 1:
        said = sentences(f"{name}: {answer.said}", "The first attempt gave no answer, and may have done it: look there")
        return _failed(world, deployment, "fault", said)
    return _failed(world, deployment, "check" if answer.outcome == "failed" else "fault", f"{name}: {answer.said}")


def _permit(world: World, claimed: Deployment) -> None:
    """Asked right before the function is invoked, each time: the release may have tripped since the claim."""
    permit(world, claimed.deployment_id)
    if world.clock.now() - _run_of(claimed).since > BEGINS_WITHIN:
        raise AwsError("It was not begun within a minute. Release again.")


def _run_of(claimed: Deployment) -> TaskRun:
    return cast("TaskRun", claimed.task_run)


def _note_over(world: World, claimed: Deployment) -> None:
    """Note that nothing of it runs any more, so that the tasks of the next release need not wait for it."""
    changes: Changes = {"task_run": replace(_run_of(claimed), over=True)}
    _noted(world, claimed, changes, {Phase.STAGING, Phase.ROLLING_BACK})


def _done(world: World, deployment: Deployment, number: int, said: str) -> TaskRan:
    """Note that it is done: first where that counts, because a lost note would make it run once more."""
    run = _run_of(deployment)
    changes: Changes = {"task_run": replace(run, done=(*run.done, number)), **renewed(world)}
    try:
        noted = _noted(world, deployment, changes, {Phase.STAGING})
    finally:
        with suppress(TransientError):
            record(world, deployment.deployment_id, EventKind.TASK, said)
    if noted is None:  # It is rolled back already, or has waited so long that the task was begun again.
        _note_over(world, deployment)
        return TaskRan(deployment, "pending", wait_seconds=1)
    if noted.trip:
        return TaskRan(noted, "failed", noted.trip.reason)
    return TaskRan(noted, "done")


def _noted(world: World, claimed: Deployment, changes: Changes, phases: Collection[Phase]) -> Deployment | None:
    """The deployment with what is known of its task; None when the claim does not hold any more."""
    expected = Expected(task_claim=_run_of(claimed).claim)
    update = partial(world.deployments.update, phases=phases, expected=expected)
    try:
        return _patiently(world, partial(update, claimed.deployment_id, changes))
    except LedgerConflictError:
        return None


def _patiently(world: World, write: Callable[[], Deployment]) -> Deployment:
    """Write what is known of a task that has ended, also if the ledger gives no answer for a moment."""
    for pause in NOTE_PAUSES:
        with suppress(TransientError):
            return write()
        world.clock.sleep(pause)
    return write()


def _failed(world: World, deployment: Deployment, source: TripSource, reason: str) -> TaskRan:
    """The release is rolled back before any visitor came; only an answer that it failed (`check`) is evidence."""
    tripped = _patiently(world, partial(trip, world, deployment.deployment_id, source, reason))
    return TaskRan(tripped, "failed", reason)
