"""The checks of a release: which there are, and making them from outside."""

from collections.abc import Sequence

from controller.domain.checks.check import CheckResult
from controller.domain.checks.load_check import LoadCheck
from controller.domain.checks.verification import AnyCheck, OutsideCheck, read_check
from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.flow.shared.trip import trip
from controller.ports.world import World

PROBE_TRIES = 3


def count(results: Sequence[CheckResult]) -> str:
    """`1 check`, `3 checks`."""
    return f"{len(results)} check" + "s" * (len(results) != 1)


def checks_of(deployment: Deployment) -> list[AnyCheck]:
    """The release's verification checks."""
    return [read_check(check) for check in deployment.checks]


def outside_checks_of(deployment: Deployment) -> list[OutsideCheck]:
    """Those that are made as a visitor."""
    return [check for check in checks_of(deployment) if not isinstance(check, LoadCheck) and check.from_outside]


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


def trip_for(world: World, deployment: Deployment, where: str, failed: Sequence[CheckResult]) -> tuple[Deployment, str]:
    """Trip the deployment for the checks that failed, `where` says at what point; the deployment, and the reason."""
    shown = "; ".join(f"{result.check}: {result.detail}" for result in failed[:3])
    reason = f"Check failed {where}: {shown}"
    return trip(world, deployment.deployment_id, "check", reason), reason
