"""Test staged release: the release's checks, against its revisions themselves, before any visitor gets the new ones.

The checks always run, also of what did not change: a release may change nothing but its checks, and a later rollback to
it is verified by them. So what has not passed must not become what was live.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

from controller.domain.advice import INDIVISIBLE_ADVICE
from controller.domain.bundle.tasks import due_task
from controller.domain.checks.check import CheckResult
from controller.domain.checks.load_check import LoadCheck
from controller.domain.checks.verification import AnyCheck, checks_of, outside_checks_of
from controller.domain.deployment import Changes, Deployment, Step
from controller.domain.environment import Environment
from controller.domain.history import served_until
from controller.domain.judging.measurement import PATIENCE
from controller.domain.phases import Phase
from controller.domain.steps import refusal_of, steps_for
from controller.domain.timeline import EventKind
from controller.errors import RefusedError
from controller.flow.ask_hook import PRE, hook_of
from controller.flow.shared.checks import count, trip_for
from controller.flow.shared.lease import PAUSE_SECONDS
from controller.flow.shared.pending import pause_of
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World
from controller.probing import probe_all

GUARD_MARGIN_SECONDS = 900


@dataclass(frozen=True)
class TrafficStep:
    """A traffic step for the workflow: its number from 0, its weight in percent, the others in seconds."""

    index: int
    weight: int
    bake: int
    guard_timeout: int
    hook_timeout: int


@dataclass(frozen=True)
class Tested(DeploymentResult):
    """Whether the staged wave passed: the `wave` to stage next, or the `steps` by which traffic moves."""

    outcome: Literal["pending", "task", "next_wave", "healthy", "ask", "unhealthy"]
    wave: tuple[str, ...] | None = None
    wait_seconds: int | None = None
    steps: tuple[TrafficStep, ...] | None = None
    hook_timeout: int | None = None


def test_staged(world: World, deployment_id: str) -> Tested:
    """Test every revision of a wave, all at once, before any visitor gets the new ones; then plan the steps.

    When nothing changed, visitors have what is released already: so the checks from outside are made here, too.

    Outcomes: `pending` while some of the `wave` are not staged yet: ask them again in `wait_seconds`; `task` while the
    release has something to do before these checks; `next_wave` with the components to stage now; `healthy` with the
    `steps` by which traffic will move (none when nothing changed); `ask` when it is healthy, and there is a hook to
    ask; `unhealthy`.
    """
    deployment = world.deployments.get(deployment_id)
    if wave := [name for name in deployment.next_wave if name in deployment.awaited.keys() - deployment.staged.keys()]:
        return Tested(deployment, "pending", wave=tuple(wave), wait_seconds=pause_of(deployment, world.clock.now()))
    if due_task(deployment):
        return Tested(deployment, "task")
    environment = environment_of(world, deployment)
    names = [name for name in deployment.staged_wave if name in deployment.changed or _checks(deployment, name)]
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        tested = list(pool.map(lambda name: _test(world, environment, deployment, name), names))
    for name, results in zip(names, tested, strict=True):
        if failed := [result for result in results if not result.passed]:
            tripped, reason = trip_for(world, deployment, "before traffic", failed)
            return Tested(tripped, "unhealthy", reason)
        record(world, deployment_id, EventKind.TESTED, f"{name}: {count(results)} passed before traffic.")
    if following := deployment.next_wave:
        return Tested(deployment, "next_wave", wave=following)
    planned = _planned(world, environment, deployment)
    if failed := _failed_from_outside(world, environment, planned):
        tripped, reason = trip_for(world, deployment, "from outside, of what is live", failed)
        return Tested(tripped, "unhealthy", reason)
    steps = tuple(_step(index, step, environment) for index, step in enumerate(planned.steps))
    outcome: Literal["ask", "healthy"] = "ask" if hook_of(environment, deployment, PRE) else "healthy"
    return Tested(planned, outcome, steps=steps, hook_timeout=environment.hook_timeout)


def _test(world: World, environment: Environment, deployment: Deployment, name: str) -> Sequence[CheckResult]:
    return world.components.get(environment, name).check(deployment.staged[name], _checks(deployment, name))


def _checks(deployment: Deployment, name: str) -> list[AnyCheck]:
    """The checks of this component before traffic; a load is put only on what is new, because visitors use the rest."""
    new = name in deployment.changed
    own = [check for check in checks_of(deployment) if check.component == name and check.before_traffic]
    return [check for check in own if new or not isinstance(check, LoadCheck)]


def _failed_from_outside(world: World, environment: Environment, deployment: Deployment) -> list[CheckResult]:
    """The checks from outside that fail for what is live, if nothing changed; otherwise none is made."""
    if deployment.changed:
        return []
    results = probe_all(world.probe, environment, outside_checks_of(deployment))
    if results:
        said = f"Nothing changed: {count(results)} made from outside, of what is live."
        record(world, deployment.deployment_id, EventKind.VERIFIED, said)
    return [result for result in results if not result.passed]


def _planned(world: World, environment: Environment, deployment: Deployment) -> Deployment:
    """Write the steps, and which components were live before; both hold for the rest of the deployment."""
    served = served_until(world.deployments.get, deployment.previous)
    known = replace(deployment, served_before=served)
    steps = steps_for(environment, known.changed, known.at_once)
    indivisible = {name: known.staged[name].indivisible for name in known.changed if known.staged[name].indivisible}
    if why := refusal_of(environment, indivisible, known.newcomers):  # Since the release began, somebody changed it.
        raise RefusedError(f"{why}. {INDIVISIBLE_ADVICE}", INDIVISIBLE_ADVICE)
    changes: Changes = {"steps": steps, "served_before": served}
    planned = world.deployments.update(deployment.deployment_id, changes, phases={Phase.STAGING})
    if planned.newcomers and len(steps) > 1:
        names = ", ".join(planned.newcomers)
        told = f"Never live before, so all visitors get it at the first step: {names}. The others follow the steps."
        record(world, deployment.deployment_id, EventKind.NEWCOMERS, told)
    for name, why in indivisible.items() if len(steps) > 1 else ():
        said = f"{name}: all visitors get it at the first step, because {why}."
        record(world, deployment.deployment_id, EventKind.AT_ONCE, said)
    return planned


def _step(index: int, step: Step, environment: Environment) -> TrafficStep:
    """A guard must outlive its bake, which may be extended once, wait twice for late metrics, and then be paused."""
    policy = environment.judge
    late = 4 * PATIENCE * max(policy.period, policy.settled_seconds)
    pause = PAUSE_SECONDS if policy.when_inconclusive == "pause" else 0
    guard_timeout = 2 * step.bake + late + GUARD_MARGIN_SECONDS + pause
    return TrafficStep(index, step.weight, step.bake, guard_timeout, environment.hook_timeout)
