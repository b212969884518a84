"""What visitors get after a restoration: it has arrived, and the checks of the release that is live again pass."""

from collections.abc import Sequence

from controller.domain.checks.verification import AnyCheck, checks_of, outside_checks_of
from controller.domain.deployment import Deployment, Trouble
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import NotFoundError
from controller.flow.rollback.traffic import may_have_moved
from controller.flow.shared.arrival import Arriving, asked_for_a_while, note_arrived, note_written
from controller.flow.shared.by_hand import changed_by_hand
from controller.flow.shared.pending import lasting
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World
from controller.probing import probe_all

CHECKS = "checks"
"""Stands for the checks from outside among the names of the components."""
ARRIVAL = "arrival"
"""Stands for the arrival of the restoration at the visitors."""
OF_THE_WHOLE = frozenset({CHECKS, ARRIVAL})


def late(world: World, deployment: Deployment) -> dict[str, Trouble]:
    """What has not arrived yet: waited for without end, as long as visitors can be seen to get something else.

    What cannot be seen at all, because nothing answers as it should, is waited for as long as a step is: after that,
    the checks from outside decide.
    """
    moved = [name for name in deployment.changed if may_have_moved(deployment, name)]
    if not moved:
        return {}
    change = note_written(world, deployment, 0)
    if change.arrived_at:
        return {}
    environment = environment_of(world, deployment)
    arriving = Arriving(world, environment, deployment, moved, _checks_before(world, deployment), back=True)
    late = asked_for_a_while(world, arriving.ask)
    if late and not (late.unseen and world.clock.now() >= arriving.ends(change.at)):
        return {ARRIVAL: Trouble(world.clock.now(), f"visitors may still get the release, because {late.missing}")}
    if late:
        record(world, deployment.deployment_id, EventKind.PENDING, f"It cannot be seen to arrive: {late.missing}")
        return {}
    note_arrived(world, deployment, change, f"Visitors are back on {_name_before(world, deployment)}.")
    return {}


def _before(world: World, deployment: Deployment) -> Deployment | None:
    """The release that is live again, if one was and the ledger still knows it."""
    try:
        return world.deployments.get(deployment.previous) if deployment.previous else None
    except (NotFoundError, ValueError):  # The ledger is older than this controller, or came from a backup.
        return None


def _name_before(world: World, deployment: Deployment) -> str:
    before = _before(world, deployment)
    return f"version {before.version}" if before and before.version else "what was live before"


def _checks_before(world: World, deployment: Deployment) -> Sequence[AnyCheck]:
    before = _before(world, deployment)
    try:
        return checks_of(before) if before else []
    except ValueError:
        return []


def failing(world: World, deployment: Deployment) -> dict[str, Trouble]:
    """The failing checks of the release that is live again; none is made when no whole release was live before.

    That nobody could be asked passes: it says nothing about what is live, and it is asked until there is an answer.
    """
    if not deployment.restore_point or not deployment.previous or not _reached_visitors(world, deployment):
        return {}
    before = _before(world, deployment)
    try:
        checks = outside_checks_of(before) if before else []
    except ValueError:  # The ledger is older than this controller.
        return {}
    if before is None or before.phase is Phase.ROLLBACK_FAILED:  # Nobody knows what must be true.
        return {}
    environment = environment_of(world, deployment)
    results = probe_all(world.probe, environment, checks)
    failing = [result for result in results if not result.passed]
    if not failing:
        return {}
    by_hand = list(changed_by_hand(world, environment, before))  # Mostly that is why they fail.
    reason = "; ".join([*by_hand, *(f"{result.check}: {result.detail}" for result in failing)])
    unknown = not by_hand and all(result.unknown for result in failing)
    return {CHECKS: Trouble(world.clock.now(), reason, lasting=not unknown)}


def _reached_visitors(world: World, deployment: Deployment) -> bool:
    """Whether visitors may have got anything of the release."""
    return deployment.reached > 0 or bool(lasting(world, deployment))
