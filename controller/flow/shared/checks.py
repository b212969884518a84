"""How the results of a release's checks are reported, and the trip when one fails."""

from collections.abc import Sequence

from controller.domain.checks.check import FAILED, CheckResult
from controller.domain.deployment import Deployment
from controller.flow.shared.fence import trip
from controller.ports.world import World


def count(results: Sequence[CheckResult]) -> str:
    """`1 check`, `3 checks`."""
    return f"{len(results)} check" + "s" * (len(results) != 1)


def trip_for(world: World, deployment: Deployment, where: str, failed: Sequence[CheckResult]) -> tuple[Deployment, str]:
    """Trip the deployment for failed checks, `where` says at what point; returns the deployment and the reason.

    Where nobody could be asked, and every check that could be made has passed, that says nothing about the release.
    """
    shown = "; ".join(f"{result.check}: {result.detail}" for result in failed[:3])
    unknown = all(result.unknown for result in failed)
    reason = f"{'Not all checks could be made' if unknown else 'Check failed'} {where}: {shown}"
    if FAILED in shown:
        reason = f"{reason}. What it wrote: `selfright logs {deployment.deployment_id}`."
    return trip(world, deployment.deployment_id, "fault" if unknown else "check", reason), reason
