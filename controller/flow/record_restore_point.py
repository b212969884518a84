"""Record restore point: what is live is recorded before anything changes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import Literal

from controller import clock
from controller.domain.advice import ACCUSED_ADVICE, ALARM_ADVICE, CHANGED_ADVICE, again_advice
from controller.domain.bundle.remarks import remarks_on_alarms
from controller.domain.deployment import Changes, Deployment, Revision
from controller.domain.environment import Environment
from controller.domain.history import accusation, left_by
from controller.domain.judging.verdict import alarm_trouble
from controller.domain.phases import UNTOUCHED, Phase
from controller.domain.timeline import EventKind
from controller.errors import ChangedByOthersError, InvalidBundleError, LedgerConflictError, NotFoundError, RefusedError
from controller.flow.preconditions import export, snapshots
from controller.flow.preconditions.bypassing import check_bypassing
from controller.flow.preconditions.divisible import check_divisible
from controller.flow.preconditions.hotfix import guarding, ignore_firing_alarms, record_ignored_alarms
from controller.flow.preconditions.secrets import check_secrets
from controller.flow.preconditions.version import check_version
from controller.flow.shared.by_hand import changed_by_hand
from controller.flow.shared.closure import reject
from controller.flow.shared.hand_over import find
from controller.flow.shared.pending import takes_long
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.components import Component
from controller.ports.ledger import Expected
from controller.ports.world import World
from controller.seen_again import PAUSES, seen_again


@dataclass(frozen=True)
class RestorePointRecorded(DeploymentResult):
    """Whether the release may begin: with which `wave` of components, or in how many seconds to ask again."""

    outcome: Literal["ready", "pending", "rejected"]
    wave: tuple[str, ...] | None = None
    wait_seconds: int | None = None


def record_restore_point(world: World, deployment_id: str) -> RestorePointRecorded:
    """Record what is live before anything changes, and open the guards.

    Outcomes: `ready` with the first `wave` of components; `pending` as long as a database's snapshot is being taken, or
    a write of the deployment before may still arrive; `rejected` when it has tripped, when an alarm is firing or gone,
    when somebody is changing a component, when a secret that the release needs is missing or unusable, when a snapshot
    or the export of what is live failed, when AWS could not divide the visitors as the steps want it, when somebody
    bypasses an alias that must not be, or when this version was rolled back while it waited for its lock.
    """
    deployment = world.deployments.get(deployment_id)
    if deployment.restore_point is not None:
        return _ready(deployment)
    environment = environment_of(world, deployment)
    alarms = environment.deployment_preference.alarms
    if deployment.trip or deployment.phase not in UNTOUCHED:
        return _overtaken(world, deployment_id, alarms)
    try:
        return _begin(world, environment, deployment, alarms)
    except LedgerConflictError:
        return _overtaken(world, deployment_id, alarms)


def _begin(
    world: World, environment: Environment, deployment: Deployment, alarms: Sequence[str]
) -> RestorePointRecorded:
    seen = partial(find, world)
    world.guards.open(deployment.deployment_id, alarms)  # Before their states are read, so that none is missed.
    states = world.alarms.states(alarms) if alarms else {}
    hotfix = ignore_firing_alarms(world, deployment, states)
    deployment = replace(deployment, hotfix=hotfix)
    if trouble := alarm_trouble(states, guarding(environment, deployment)):
        return RestorePointRecorded(reject(world, deployment, trouble, ALARM_ADVICE), "rejected")
    if accused := "" if deployment.upload.hotfix else accusation(seen, seen(deployment.previous)):
        return RestorePointRecorded(reject(world, deployment, accused, ACCUSED_ADVICE), "rejected")
    try:
        return _record(world, environment, deployment, states)
    except (InvalidBundleError, RefusedError) as error:
        return RestorePointRecorded(reject(world, deployment, error.reason, error.next_step), "rejected")
    except (ChangedByOthersError, NotFoundError) as error:
        return RestorePointRecorded(reject(world, deployment, str(error), CHANGED_ADVICE), "rejected")


def _overtaken(world: World, deployment_id: str, alarms: Sequence[str]) -> RestorePointRecorded:
    """The end of a deployment that has tripped before it began, or has ended meanwhile.

    Raises `LedgerConflictError` when it has gone on: then this call came too late.
    """
    deployment = world.deployments.get(deployment_id)
    if deployment.trip and deployment.phase in UNTOUCHED:
        deployment = reject(world, deployment, deployment.trip.reason, again_advice(deployment_id))
    if deployment.phase.is_terminal:
        world.guards.close(deployment_id, alarms)  # It may have ended before this call opened them.
    if deployment.phase is Phase.REJECTED:
        return RestorePointRecorded(deployment, "rejected")
    msg = f"Deployment {deployment_id} is already {deployment.phase}: this call came too late."
    raise LedgerConflictError(msg)


def _until_settled(world: World, deployment: Deployment) -> int:
    """Seconds until no unconditional write can arrive any more that was made before this deployment got the lock."""
    if deployment.settles_at is None:
        return 0
    return max(0, ceil((deployment.settles_at - world.clock.now()).total_seconds()))


def _record(
    world: World, environment: Environment, deployment: Deployment, states: Mapping[str, str]
) -> RestorePointRecorded:
    """The snapshots come first, because they take long; what is live is read last."""
    check_version(world, deployment)
    check_secrets(world, environment, deployment)
    if pause := _until_settled(world, deployment):
        said = f"Waiting for {pause} s: until then, a write of the deployment before it may still arrive."
        record(world, deployment.deployment_id, EventKind.PENDING, said)
        return RestorePointRecorded(deployment, "pending", wait_seconds=pause)
    taken = snapshots.take(world, environment, deployment)
    if taken.pending:
        return RestorePointRecorded(deployment, "pending", wait_seconds=taken.pending)
    components = {name: world.components.get(environment, name) for name in deployment.components}
    left = _left(world, environment, deployment)
    live = _live(components, left)
    check_divisible(world, environment, deployment, components, live)
    check_bypassing(world, environment, deployment, components)
    kept = export.export(world, environment, deployment, live, taken.taken)
    noted = _note(world, deployment, live, left, kept)
    beside = changed_by_hand(world, environment, find(world, deployment.previous), but=deployment.components)
    stays = (f"{one}. This release does not have it, so it stays so, also after a rollback." for one in beside)
    for remark in (*remarks_on_alarms(states), *stays):
        record(world, noted.deployment_id, EventKind.REMARK, remark)
    if noted.tasks and noted.tasks_until and noted.tasks_until > world.clock.now():
        said = f"Its tasks wait until {noted.tasks_until:%H:%M} UTC: one of the release before may still be running."
        record(world, noted.deployment_id, EventKind.TASK, said)
    return _ready(noted)


def _live(components: Mapping[str, Component], left: Mapping[str, Revision]) -> dict[str, Revision]:
    """What is live; what seems to be changed by hand is read again, all together, before that is believed."""
    live = {name: seen_again(component.current) for name, component in components.items()}
    for pause in PAUSES:
        doubtful = list(_changed(live, left))
        if not doubtful:
            break
        clock.sleep(pause)
        for name in doubtful:
            with suppress(ChangedByOthersError, NotFoundError):  # Also that may be old; then the answer before counts.
                live[name] = components[name].current()
    return live


def _left(world: World, environment: Environment, deployment: Deployment) -> Mapping[str, Revision]:
    """Where releases have left the components: what takes long may have been left with more than its release had."""
    names = {name for name in deployment.components if not takes_long(environment, name)}
    left = left_by(partial(find, world), find(world, deployment.previous), names)
    return {name: release.staged[name] for name, release in left.items()}


def _changed(live: Mapping[str, Revision], left: Mapping[str, Revision]) -> Iterator[str]:
    """The components that are not as they were left; a revision that was recovered has another id and the contents."""
    for name in sorted(live.keys() & left.keys()):
        if live[name].id != left[name].id and not live[name].digest == left[name].digest != "":
            yield name


def _ready(deployment: Deployment) -> RestorePointRecorded:
    return RestorePointRecorded(deployment, "ready", wave=deployment.order[0])


def _note(
    world: World, deployment: Deployment, live: Mapping[str, Revision], left: Mapping[str, Revision], export: str
) -> Deployment:
    changes: Changes = {"restore_point": live, "export": export, "phase": Phase.STAGING}
    if deployment.hotfix:
        changes["hotfix"] = deployment.hotfix
    token = deployment.fencing_token
    try:
        noted = world.deployments.update(
            deployment.deployment_id,
            changes,
            phases=UNTOUCHED,
            expected=Expected(fencing_token=token, untripped=True),
        )
    except LedgerConflictError:
        noted = world.deployments.get(deployment.deployment_id)
        if noted.phase is not Phase.STAGING:
            raise
        return noted  # The same call ran twice, and the other one wrote first.
    shown = ", ".join(f"{name} {revision.id or 'nothing'}" for name, revision in live.items())
    record(world, noted.deployment_id, EventKind.RESTORE_POINT, f"Live before this release: {shown}.")
    for name in _changed(live, left):
        said = f"{name} was changed by hand: a release left it on {left[name].id}. What is live counts as stable."
        record(world, noted.deployment_id, EventKind.RESTORE_POINT, said)
    record_ignored_alarms(world, noted)
    return noted
