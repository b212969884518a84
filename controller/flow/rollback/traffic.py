"""Restoring traffic: all visitors are sent to the stable revisions, at once.

The trip is written first. *Shift traffic* reads a component's state, then the trip, then writes conditionally on that
state; so of a shift and a restoration at the same time one loses, and never the visitor. A restoration asks, in the
same way, whether its deployment is still the one that goes back. It writes even where nothing is to be moved, so that
every shift that is still on its way finds the component changed.
"""

from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial

from controller.domain.deployment import Changes, Deployment, Left, Pending, Trip, Written
from controller.domain.environment import Environment
from controller.domain.judging.usage import most_used_first
from controller.domain.phases import MOVING, Phase
from controller.domain.timeline import EventKind
from controller.errors import ConflictError, LedgerConflictError, SelfrightError
from controller.flow.shared.fence import permit, permit_back, record_trip, write_trip
from controller.flow.shared.pending import takes_long
from controller.flow.shared.timeline import environment_of, record
from controller.ports.components import Context, Fence
from controller.ports.ledger import Expected
from controller.ports.world import World

AT_ONCE = 16
"""Components that are restored at the same time."""
FEW = 5
"""So many components are restored within a second even while others go forward; see `ports.Budget`."""
REQUESTS = 2
"""Requests that restoring a component may take; usually it takes one."""


def trip_and_restore(world: World, deployment_id: str, made: Trip) -> dict[str, str]:
    """Write the trip, set traffic back to stable, and only then write the timeline: visitors come first.

    Returns component → what went wrong; nothing is done when the deployment has ended. If no shift ever began, there is
    nothing to restore, and none can begin after the trip. For an alarm, the rollback machine is started when no state
    waits for it and something is left to restore, or a hook says *not now*; whoever dies before that leaves a trip that
    the reconciler finds.
    """
    deployment = write_trip(world, deployment_id, made)
    if deployment.trip is None or deployment.phase.is_terminal:
        return {}  # The deployment has ended: its guard was left over.
    try:
        failed = restore_traffic(world, deployment)
        tokens = (*deployment.guard_tokens, *deployment.hook_tokens)
        woken = [token for token in tokens if world.workflows.fail(token, deployment.trip.reason)]
        if not woken and deployment.trip == made and made.source == "alarm" and (failed or deployment.hook_since):
            start_for_alarm(world, deployment_id, made)  # A pause may be long, and nothing else wakes its execution.
    finally:
        if deployment.trip == made:
            record_trip(world, deployment_id, made)
    return failed


def start_for_alarm(world: World, deployment_id: str, accusation: Trip) -> None:
    """Start the rollback machine for an alarm, which stops the deployment's own execution if that still runs."""
    # With the minute, a start whose execution was refused or died can be repeated.
    name = f"{deployment_id}-alarm-{world.clock.now():%d%H%M}"
    world.workflows.start_rollback(deployment_id, accusation.reason, name, by="alarm")


def restore_traffic(world: World, deployment: Deployment) -> dict[str, str]:
    """Send all visitors to the stable revisions, the most used components first; returns component → what went wrong.

    All are restored at once, as far as AWS allows. For a few there is always room; for many, other deployments are held
    back. What takes long moves no visitors, and is left to the rollback machine.
    """
    moved = [name for name in deployment.changed if may_have_moved(deployment, name)]
    names = most_used_first(moved, deployment.evaluation)
    with ThreadPoolExecutor(max_workers=max(1, min(AT_ONCE, len(names)))) as pool:
        pool.submit(hold_others_back, world, len(names))  # at the same time, so that no visitor waits for it
        outcomes = _outcomes(world, deployment, names, pool)
    failed = {name: trouble for name, trouble in outcomes.items() if trouble}
    if names and not failed:
        note_restored(world, deployment)
    for name, trouble in failed.items():
        record(world, deployment.deployment_id, EventKind.RESTORE_FAILED, f"{name}: {trouble}")
    return failed


def may_have_moved(deployment: Deployment, name: str) -> bool:
    """Whether a shift of the deployment may have moved this component, or may still do so."""
    return deployment.reached > 0 and name in deployment.changed


def hold_others_back(world: World, components: int) -> None:
    """Hold other deployments back while so many components are restored; failing to do so is harmless."""
    if components > FEW:
        with suppress(SelfrightError):
            world.budget.give_way(components * REQUESTS)


def _outcomes(world: World, deployment: Deployment, names: list[str], pool: Executor) -> dict[str, str]:
    try:
        environment = environment_of(world, deployment)
    except SelfrightError as error:
        return dict.fromkeys(names, str(error))
    troubles = pool.map(lambda name: _restore(world, environment, deployment, name), names)
    return dict(zip(names, troubles, strict=True))


def _restore(world: World, environment: Environment, deployment: Deployment, name: str) -> str:
    try:
        if not takes_long(environment, name):
            restore(world, environment, deployment, name)
    except SelfrightError as error:
        return str(error)
    return ""


def restore(world: World, environment: Environment, deployment: Deployment, name: str) -> Pending | Left | None:
    """Send all visitors to one component's stable revision.

    `deployment` was read when it was going back. Raises `ChangedByOthersError` when a person changed the component, and
    `LedgerConflictError` when the deployment has ended in between.
    """
    if deployment.restore_point is None or name not in deployment.restore_point:
        msg = f"Deployment {deployment.deployment_id} has no restore point for {name}."
        raise ConflictError(msg)
    context = Context(deployment, partial(permit, world, deployment.deployment_id))
    component = world.components.get(environment, name, urgent=True, context=context)
    canary = deployment.staged.get(name)
    if canary and deployment.traffic_restored_at:
        canary = replace(canary, mark="")  # It is no longer as the last shift left it.
    fence = Fence(deployment.fencing_token, "back", partial(permit_back, world, deployment.deployment_id))
    return component.restore(deployment.restore_point[name], canary, fence)


def note_restored(world: World, deployment: Deployment) -> None:
    """Note when traffic was set back to the stable revisions, unless that was noted before."""
    now = world.clock.now()
    changes: Changes = {"traffic_restored_at": now, "weight": 0, "written": Written(0, now)}
    try:
        world.deployments.update(
            deployment.deployment_id,
            changes,
            phases=MOVING | {Phase.ROLLING_BACK},
            expected=Expected(absent="traffic_restored_at"),
        )
    except LedgerConflictError:
        return
    moved = "Traffic has been set back to the stable revisions; visitors get them as soon as that arrives."
    said = moved if deployment.reached else "No visitor was moved: all of them have stayed on the stable revisions."
    record(world, deployment.deployment_id, EventKind.TRAFFIC_RESTORED, said)
