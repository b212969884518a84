"""Verify restoration: everything is read again, and the release that is live again is checked from outside."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from controller.domain.checks.verification import outside_checks_of
from controller.domain.deployment import Awaited, Changes, Deployment
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import SelfrightError
from controller.flow.rollback.traffic import note_restored
from controller.flow.shared.pending import lasting, pause_of
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World
from controller.probing import probe_all

LAST_QUESTION = timedelta(minutes=30)
"""What the last question may take beyond a component's patience, with the pause before it."""


@dataclass(frozen=True)
class RestorationVerified(DeploymentResult):
    """Whether everything is restored; `components` are those to restore again in `wait_seconds`."""

    outcome: Literal["verified", "pending", "failed"]
    components: list[str] | None = None
    wait_seconds: int | None = None


def verify_restoration(world: World, deployment_id: str) -> RestorationVerified:
    """Check whether everything is as the restore point says, from inside and from outside.

    Outcomes: `verified`; `pending` while some `components` are not done yet: restore them (again) in `wait_seconds`; or
    `failed` with the reason.
    """
    deployment = world.deployments.get(deployment_id)
    left = _left_to_restore(world, deployment)
    trouble = _not_restored(world, deployment, left)
    trouble += [] if trouble else _without_answer(world, deployment, left)
    if left and not trouble:
        pause = pause_of(deployment, world.clock.now())
        return RestorationVerified(deployment, "pending", "", left, pause)
    trouble += [f"{name}: was left as it is, because what may need it is not restored" for name in left]
    trouble += _failing_outside(world, deployment)
    if trouble:
        return RestorationVerified(deployment, "failed", "; ".join(trouble)[:1000])
    if deployment.restore_point:
        if deployment.changed:
            note_restored(world, deployment)
        record(world, deployment_id, EventKind.RESTORATION_VERIFIED, "Everything is as it was before this release.")
    return RestorationVerified(deployment, "verified", "")


def _left_to_restore(world: World, deployment: Deployment) -> list[str]:
    """What takes long and has not been restored yet."""
    slow = [name for name in lasting(world, deployment) if name in (deployment.restore_point or {})]
    return [name for name in slow if name not in deployment.awaited or not deployment.awaited[name].over]


def _without_answer(world: World, deployment: Deployment, left: Collection[str]) -> list[str]:
    """What gave no answer within its patience, because asking it keeps failing.

    A component that answers fails by itself when its patience is over; this is for one that cannot even be asked.
    """
    now, trouble = world.clock.now(), []
    for name in left:
        if name not in deployment.awaited:
            changes: Changes = {"awaited_now": {name: Awaited(now)}}
            world.deployments.update(deployment.deployment_id, changes, phases={Phase.ROLLING_BACK})
        elif now - deployment.awaited[name].since > _patience(world, deployment, name):
            trouble.append(f"{name}: could not be asked in time; see the log of the function `selfright-traffic`")
    return trouble


def _patience(world: World, deployment: Deployment, name: str) -> timedelta:
    return environment_of(world, deployment).components[name].patience + LAST_QUESTION


def _not_restored(world: World, deployment: Deployment, left: Collection[str]) -> list[str]:
    environment = environment_of(world, deployment) if deployment.restore_point else None
    trouble = []
    for name, stable in (deployment.restore_point or {}).items():
        awaited = deployment.awaited.get(name, Awaited(deployment.created_at))
        if awaited.trouble:
            trouble.append(f"{name}: {awaited.trouble}")
        if awaited.trouble or awaited.left or name in left:
            continue
        try:
            live = world.components.get(environment, name, urgent=True).current().id if environment else ""
        except SelfrightError as error:
            trouble.append(f"{name}: {error}")
            continue
        if live != stable.id:
            trouble.append(f"{name}: is on {live} and should be on {stable.id}")
    return trouble


def _failing_outside(world: World, deployment: Deployment) -> list[str]:
    """The checks of the release that is live again, made from outside; none when there was no release before."""
    if not deployment.restore_point or not deployment.previous:
        return []
    checks = outside_checks_of(world.deployments.get(deployment.previous))
    results = probe_all(world.probe, environment_of(world, deployment), checks)
    return [f"{result.check}: {result.detail}" for result in results if not result.passed]
