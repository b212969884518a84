"""Test staged release and Verify: the release's checks, against the canary itself and from outside."""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from controller.domain.checks.check import CheckResult
from controller.domain.checks.load_check import LoadCheck
from controller.domain.checks.verification import AnyCheck, OutsideCheck, read_check
from controller.domain.deployment import Deployment, Step
from controller.domain.environment import Environment
from controller.domain.judging.measurement import PATIENCE
from controller.domain.phases import Phase
from controller.domain.strategy import ALL, steps_of
from controller.flow.ask_hook import POST, PRE, hook_of
from controller.flow.shared.lease import HOLD_SECONDS
from controller.flow.shared.newcomers import served_until
from controller.flow.shared.pending import pause_of
from controller.flow.shared.timeline import Card, card, environment_of, tell
from controller.flow.shared.trip import trip
from controller.ports.world import World

PROBE_TRIES = 3
GUARD_MARGIN_SECONDS = 900


def test_staged(world: World, deployment_id: str) -> Card:
    """Test every new revision of a wave, all at once, before any visitor gets it; after the last, say the steps.

    Outcomes: `pending` while some of the wave are not staged yet: they are asked again in `wait_seconds`; `next_wave`
    with the components to stage now; `healthy` with the `steps` by which traffic will move (none when nothing changed);
    `ask` when it is healthy, and there is a hook to ask; `unhealthy`.
    """
    deployment = world.deployments.get(deployment_id)
    if wave := [name for name in deployment.next_wave if name in deployment.awaited.keys() - deployment.staged.keys()]:
        return card(deployment, "pending", wave=wave, wait_seconds=pause_of(deployment, world.clock.now()))
    environment = environment_of(world, deployment)
    names = [name for name in deployment.staged_wave if name in deployment.changed]
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        tested = list(pool.map(lambda name: _test(world, environment, deployment, name), names))
    for name, results in zip(names, tested, strict=True):
        if failed := [result for result in results if not result.passed]:
            return _unhealthy(world, deployment, "before traffic", failed)
        tell(world, deployment_id, "tested", f"{name}: {_count(results)} passed before traffic.")
    if following := deployment.next_wave:
        return card(deployment, "next_wave", wave=list(following))
    planned = _planned(world, environment, deployment)
    documents = [_document(index, step, environment) for index, step in enumerate(planned.steps)]
    outcome = "ask" if hook_of(environment, deployment, PRE) else "healthy"
    return card(planned, outcome, steps=documents, hook_timeout=environment.hook_timeout_seconds)


def _count(results: Sequence[CheckResult]) -> str:
    return f"{len(results)} check" + "s" * (len(results) != 1)


def _test(world: World, environment: Environment, deployment: Deployment, name: str) -> Sequence[CheckResult]:
    checks = [check for check in checks_of(deployment) if check.component == name and check.before_traffic]
    return world.components.get(environment, name).check(deployment.staged[name], checks)


def _planned(world: World, environment: Environment, deployment: Deployment) -> Deployment:
    """Say the steps, and for good which components were live before: what is decided here holds for all states."""
    served = served_until(world, deployment.previous)
    known = replace(deployment, served_before=served)
    steps = steps_for(environment, known.changed, known.newcomers)
    changes = {"steps": steps, "served_before": served}
    planned = world.deployments.update(deployment.deployment_id, changes, phases={Phase.STAGING})
    if planned.newcomers and len(steps) > 1:
        names = ", ".join(planned.newcomers)
        told = f"Never live before, so all visitors get it at the first step, and the rest by the steps: {names}."
        tell(world, deployment.deployment_id, "newcomers", told)
    return planned


def steps_for(environment: Environment, changed: Collection[str], newcomers: Collection[str]) -> tuple[Step, ...]:
    """The traffic steps of a release that changes these components, of which the `newcomers` were never live."""
    if not changed:
        return ()
    preference, watch = environment.deployment_preference, environment.final_bake
    divides = any(environment.components[name].divides_visitors for name in changed if name not in newcomers)
    return steps_of(preference, watch, at_once=not divides)


def _document(index: int, step: Step, environment: Environment) -> dict[str, int]:
    """A guard must outlive its bake, which may be extended once, wait for late metrics each time, and then be held."""
    policy = environment.judge
    late = 4 * PATIENCE * max(policy.period_seconds, policy.settled_seconds)
    hold = HOLD_SECONDS if policy.when_inconclusive == "hold" else 0
    return {
        "index": index,
        "weight": step.weight,
        "bake": step.bake,
        "guard_timeout": 2 * step.bake + late + GUARD_MARGIN_SECONDS + hold,
        "hook_timeout": environment.hook_timeout_seconds,
    }


def verify(world: World, deployment_id: str, step: int) -> Card:
    """Make the release's checks from outside, as a visitor.

    Outcomes: `healthy`; `ask` when it is, and everybody is on it, and there is a hook to ask; `unhealthy`.
    """
    deployment = world.deployments.get(deployment_id)
    environment = environment_of(world, deployment)
    results = probe_all(world, environment, *_expected(world, deployment))
    if failed := [result for result in results if not result.passed]:
        return _unhealthy(world, deployment, f"from outside at {deployment.weight} %", failed)
    if results:
        tell(world, deployment_id, "verified", f"Step {step + 1}: {_count(results)} passed from outside.")
    hook = hook_of(environment, deployment, POST) if deployment.weight >= ALL else ""
    return card(deployment, "ask" if hook else "healthy")


def checks_of(deployment: Deployment) -> list[AnyCheck]:
    """The release's verification checks."""
    return [read_check(check) for check in deployment.checks]


def outside_checks_of(deployment: Deployment) -> list[OutsideCheck]:
    """Those that are made as a visitor."""
    return [check for check in checks_of(deployment) if not isinstance(check, LoadCheck) and check.from_outside]


def _expected(world: World, deployment: Deployment) -> tuple[list[OutsideCheck], list[OutsideCheck]]:
    """The checks to make from outside, and the answers of the stable release that are as good.

    While both releases serve, nobody outside knows which one answers. So an answer is right if it is what either
    release promises, and what only the new one promises is left to the test before traffic and to the last step. Of a
    component that was never live there is only the new one, from the first step on.
    """
    checks = outside_checks_of(deployment)
    if deployment.weight >= ALL or not deployment.previous:
        return checks, []
    before = outside_checks_of(world.deployments.get(deployment.previous))
    promised = {check.request for check in before}
    new = deployment.newcomers
    as_good = [check for check in before if check.component not in new]
    return [check for check in checks if check.component in new or check.request in promised], as_good


def probe_all(
    world: World, environment: Environment, checks: Sequence[OutsideCheck], others: Sequence[OutsideCheck] = ()
) -> list[CheckResult]:
    """Make the checks of every component that can be reached from outside; a check fails when it fails thrice.

    An answer that passes one of `others` with the same request is right too.
    """
    targets = environment.components
    reachable = [(check, targets[check.component].url) for check in checks if check.component in targets]
    private = environment.allow_private_urls
    return [_probe(world, url, check, others, private=private) for check, url in reachable if url]


def _probe(
    world: World, url: str, check: OutsideCheck, others: Sequence[OutsideCheck], *, private: bool
) -> CheckResult:
    as_good = [other for other in others if other.request == check.request]
    result = world.probe.run(url, check, as_good, private=private)
    for _ in range(PROBE_TRIES - 1):
        if result.passed:
            break
        result = world.probe.run(url, check, as_good, private=private)
    return result


def _unhealthy(world: World, deployment: Deployment, where: str, failed: Sequence[CheckResult]) -> Card:
    shown = "; ".join(f"{result.check}: {result.detail}" for result in failed[:3])
    tripped = trip(world, deployment.deployment_id, "check", f"Check failed {where}: {shown}")
    return card(tripped, "unhealthy", reason=f"Check failed {where}: {shown}")
