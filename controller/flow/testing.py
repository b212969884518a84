"""Test staged release and Verify: the release's checks, against the canary itself and from outside."""

from collections.abc import Sequence

from controller.domain.checks import Check, CheckResult
from controller.domain.deployment import Deployment, Step
from controller.domain.environment import Environment
from controller.domain.strategy import steps_of
from controller.flow.story import Card, card, environment_of, tell
from controller.flow.tripping import trip
from controller.flow.world import World

PROBE_TRIES = 3
GUARD_MARGIN_SECONDS = 900


def test_staged(world: World, deployment_id: str) -> Card:
    """Test every new revision before any visitor gets it, then say by which steps traffic will move.

    Outcomes: `healthy` with `steps` (none when nothing changed), or `unhealthy`.
    """
    deployment = world.deployments.get(deployment_id)
    environment = environment_of(world, deployment)
    for name in deployment.changed:
        checks = [check for check in checks_of(deployment) if check.component == name]
        results = world.components.get(environment, name).check(deployment.staged[name], checks)
        if failed := [result for result in results if not result.passed]:
            return _unhealthy(world, deployment, "before traffic", failed)
        tell(world, deployment_id, "tested", f"{name}: {len(results)} checks passed before traffic.")
    steps = _steps(environment, deployment)
    planned = world.deployments.update(deployment_id, {"steps": steps}, phases={deployment.phase})
    return card(planned, "healthy", steps=[_document(index, step) for index, step in enumerate(steps)])


def _steps(environment: Environment, deployment: Deployment) -> tuple[Step, ...]:
    if not deployment.changed:
        return ()
    preference, watch = environment.deployment_preference, environment.watch_seconds
    return steps_of(preference, watch, first=not deployment.previous)


def _document(index: int, step: Step) -> dict[str, int]:
    # A bake may be extended once, and a guard must outlive it; the margin is for the looks themselves.
    return {
        "index": index,
        "weight": step.weight,
        "bake": step.bake,
        "guard_timeout": 2 * step.bake + GUARD_MARGIN_SECONDS,
    }


def verify(world: World, deployment_id: str, step: int) -> Card:
    """Make the release's checks from outside, as a visitor; outcomes: `healthy`, `unhealthy`."""
    deployment = world.deployments.get(deployment_id)
    results = probe_all(world, environment_of(world, deployment), checks_of(deployment))
    if failed := [result for result in results if not result.passed]:
        return _unhealthy(world, deployment, f"from outside at {deployment.weight} %", failed)
    if results:
        tell(world, deployment_id, "verified", f"Step {step + 1}: {len(results)} checks passed from outside.")
    return card(deployment, "healthy")


def checks_of(deployment: Deployment) -> list[Check]:
    """The release's verification checks."""
    return [Check.model_validate(check) for check in deployment.checks]


def probe_all(world: World, environment: Environment, checks: Sequence[Check]) -> list[CheckResult]:
    """Make the checks of every component that can be reached from outside; a check fails when it fails thrice."""
    reachable = [(check, environment.components[check.component].url) for check in checks]
    return [_probe(world, url, check) for check, url in reachable if url]


def _probe(world: World, url: str, check: Check) -> CheckResult:
    result = world.probe.run(url, check)
    for _ in range(PROBE_TRIES - 1):
        if result.passed:
            break
        result = world.probe.run(url, check)
    return result


def _unhealthy(world: World, deployment: Deployment, where: str, failed: Sequence[CheckResult]) -> Card:
    shown = "; ".join(f"{result.check}: {result.detail}" for result in failed[:3])
    tripped = trip(world, deployment.deployment_id, "check", f"Check failed {where}: {shown}")
    return card(tripped, "unhealthy", reason=f"Check failed {where}: {shown}")
