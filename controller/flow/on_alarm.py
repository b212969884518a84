"""An alarm fires: every deployment that it guards is tripped, and its traffic is set back to stable at once.

An alarm comes minutes after what it is about. So a release that has ended is still guarded for a while, and is rolled
back if it is still live; and what was measured before visitors could get a release does not condemn it.
"""

from contextlib import suppress
from datetime import datetime

from controller.domain.deployment import Deployment, Trip
from controller.domain.judging.alarm_data import StateReason
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import ConflictError, SelfrightError
from controller.flow.rollback.late_alarm import go_on, roll_back_late
from controller.flow.rollback.traffic import trip_and_restore
from controller.flow.shared.closure import is_guarded
from controller.flow.shared.overtaking import serves
from controller.flow.shared.pending import takes_long
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World


def on_alarm(  # noqa: PLR0913, PLR0917 - what an alarm tells
    world: World,
    alarm: str,
    reason: str,
    fired_at: datetime | None = None,
    data_until: datetime | None = None,
    data_since: datetime | None = None,
) -> list[str]:
    """Trip every deployment that the alarm guards, set its traffic back to stable, then end its workflow's bake.

    `fired_at` is when the alarm fired, `data_since` and `data_until` are the beginning and the end of the newest
    measurement for which it did. Returns the ids of the deployments. The rollback machine repeats the restoration and
    verifies it, so a component that cannot be restored here delays neither the others nor the workflow.
    """
    guarded = list(world.guards.guarded_by(alarm))
    trouble = []
    for deployment_id in guarded:
        try:
            deployment = world.deployments.get(deployment_id)
            made = Trip(world.clock.now(), "alarm", StateReason(reason).said_of(alarm), fired_at, data_until)
            if deployment.phase.is_terminal:
                _after_the_end(world, deployment, alarm, made)
            elif _measures_what_was_there(world, deployment, alarm, data_since, data_until):
                _say_so(world, deployment_id, made)
            elif not _says_nothing(deployment, alarm, fired_at, data_until):
                trip_and_restore(world, deployment_id, made)
                deployment = world.deployments.get(deployment_id)
                if deployment.phase is Phase.SUCCEEDED:  # It has just ended well, before it could be tripped.
                    _after_the_end(world, deployment, alarm, made)
                go_on(world, deployment)
        except SelfrightError as error:
            trouble.append(error)  # The other deployments must not wait for this one.
    if trouble:
        raise trouble[0]
    return guarded


def _after_the_end(world: World, deployment: Deployment, alarm: str, made: Trip) -> None:
    if not is_guarded(deployment, made.fired_at or made.at):  # What was to close this guard has died, or comes soon.
        world.guards.close(deployment.deployment_id, [alarm])
    elif alarm not in deployment.ignored_alarms and deployment.is_accused_by(made.data_until):
        roll_back_late(world, deployment, made)
        lock = world.locks.load(deployment.environment_key)
        if lock.holder not in {"", deployment.deployment_id} and serves(world, lock, deployment):
            trip_and_restore(world, lock.holder, made)  # What it brings would hide what it stands on.


def _says_nothing(deployment: Deployment, alarm: str, fired_at: datetime | None, data_until: datetime | None) -> bool:
    """Whether the alarm is about the time before the deployment, or is one that a hotfix ignores.

    An alarm that was still firing would have kept the deployment from beginning.
    """
    before = fired_at is not None and fired_at < deployment.created_at
    return alarm in deployment.ignored_alarms or before or deployment.precedes(data_until)


def _measures_what_was_there(
    world: World, deployment: Deployment, alarm: str, data_since: datetime | None, data_until: datetime | None
) -> bool:
    """Whether the alarm is about a placeholder, or about nothing: the first release cannot be blamed for either.

    If it still fires when that cannot be any more, the judge acts on it. A stack is changed where it is when it is
    staged, so a release that has one may be to blame before anybody is led to it.
    """
    if alarm in deployment.ignored_alarms or not deployment.is_ahead_of(data_since, data_until):
        return False
    environment = environment_of(world, deployment)
    return not any(takes_long(environment, name) for name in deployment.components)


def _say_so(world: World, deployment_id: str, made: Trip) -> None:
    said = f"It measures what was there before the first release, and says nothing about it. {made.reason}"
    record(world, deployment_id, EventKind.REMARK, said)


def rehearse(world: World, deployment_id: str) -> None:
    """Read everything that restoring this deployment's traffic would read, and change nothing.

    After that, the function is warm, connected and known to be permitted: it reacts to an alarm in milliseconds.
    """
    deployment = world.deployments.get(deployment_id)
    environment = environment_of(world, deployment)
    world.components.make_ready(environment)
    for name in deployment.changed:
        if takes_long(environment, name):
            continue
        with suppress(ConflictError):  # Traffic is split during a release, so this is expected.
            world.components.get(environment, name, urgent=True).current()
