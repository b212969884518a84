"""Verify restoration: everything is read again and has arrived, and what is live again is checked from outside.

What is not restored has a reason that passes (AWS gives no answer) or one that lasts (somebody changed it, AWS refuses
it, a check fails). What passes is waited for, without end and without a person. What lasts needs a person, but only
when it was seen again later, and when nothing else is left to wait for.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from controller.domain.deployment import Deployment, Trouble, due
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError, SelfrightError
from controller.flow.rollback import outside
from controller.flow.rollback.differences import differences
from controller.flow.rollback.outside import CHECKS, OF_THE_WHOLE
from controller.flow.rollback.traffic import may_have_moved, note_restored
from controller.flow.rollback.unstage import to_unstage
from controller.flow.shared.closure import finish
from controller.flow.shared.pending import lasting, pause_after, pause_of
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import record
from controller.ports.ledger import Expected
from controller.ports.world import World

SEEN_AGAIN = timedelta(seconds=30)
"""A contradiction lasts if it is still there after this time: what was just written may not be seen everywhere yet."""
LONGEST_PAUSE = 60
"""Seconds between two verifications at most, in the first hour."""
TOLD_AFTER = timedelta(minutes=5)
"""After this time, people are told once that a rollback waits."""
REACH_ADVICE = (
    "Everything is restored, and the rollback goes on by itself as soon as somebody answers. If nobody does, look at"
    " the name, the network and the certificate of that URL."
)


@dataclass(frozen=True)
class RestorationVerified(DeploymentResult):
    """Whether everything is restored; `components` are those to restore again in `wait_seconds`.

    `unstage` are those in which staging may have left the release.
    """

    outcome: Literal["verified", "pending", "failed", "over"]
    components: list[str] | None = None
    wait_seconds: int | None = None
    unstage: list[str] | None = None


def verify_restoration(world: World, deployment_id: str) -> RestorationVerified:
    """Check whether everything is as the restore point says, from inside and from outside.

    Outcomes: `verified`; `pending` while some `components` are not restored yet: restore them (again) in
    `wait_seconds`; `failed` with the reason, when all that is left needs a person; `over` when the deployment has
    ended.
    """
    deployment = world.deployments.get(deployment_id)
    if deployment.phase is not Phase.ROLLING_BACK:
        return RestorationVerified(deployment, "over", "")
    moved = [name for name in deployment.changed if may_have_moved(deployment, name)]
    if moved and deployment.restored.keys() >= set(moved):
        note_restored(world, deployment)  # What follows is only to be sure.
    slow = _slow(world, deployment)
    found = differences(world, deployment, slow)
    left = [name for name in slow if name not in found]
    waiting = _waiting(deployment, left) if found.keys() - {*slow} else []
    found |= _unasked(world, deployment, [name for name in left if name not in waiting])
    if not left and not found.keys() - {*OF_THE_WHOLE}:
        found |= outside.late(world, deployment) or outside.failing(world, deployment)
        deployment = world.deployments.get(deployment_id)
    deployment = _note(world, deployment, found)
    troubles = deployment.troubles
    if troubles and left == waiting and all(_lasts(world, one) for one in troubles.values()):
        stays = [f"{name}: was left as it is, because what may need it is not restored" for name in waiting]
        return RestorationVerified(deployment, "failed", "; ".join([_said(troubles), *stays]))
    if troubles or left:
        _tell(world, deployment)
        again = sorted({*left, *troubles} - {*OF_THE_WHOLE, *waiting})
        return RestorationVerified(deployment, "pending", _said(troubles), again, _pause(world, deployment))
    if deployment.restore_point:
        if deployment.changed:
            note_restored(world, deployment)
        record(world, deployment_id, EventKind.RESTORATION_VERIFIED, "Everything is as it was before this release.")
    unstaging = to_unstage(world, deployment) if deployment.restore_point else []
    return RestorationVerified(deployment, "verified", "", unstage=unstaging)


def _slow(world: World, deployment: Deployment) -> list[str]:
    """What takes long and has not been restored yet."""
    slow = [name for name in lasting(world, deployment) if name in (deployment.restore_point or {})]
    return [name for name in slow if name not in deployment.awaited or not deployment.awaited[name].over]


def _waiting(deployment: Deployment, left: Collection[str]) -> list[str]:
    """What takes long and must not begin, because code that may need it is not restored; what has begun goes on."""
    return [name for name in left if name not in deployment.awaited]


def _unasked(world: World, deployment: Deployment, left: Collection[str]) -> dict[str, Trouble]:
    """What takes long and has given no answer so far, because it was not asked yet, or because asking it fails."""
    silent = Trouble(world.clock.now(), "it has given no answer yet")
    return {name: silent for name in left if name not in deployment.awaited}


def _note(world: World, deployment: Deployment, found: Mapping[str, Trouble]) -> Deployment:
    """Keep what was found; what was of the same kind before, since then."""
    former = {name: one for name, one in deployment.troubles.items() if one.reason}
    same = {name for name, one in found.items() if name in former and former[name].lasting == one.lasting}
    now = {name: replace(one, since=former[name].since) if name in same else one for name, one in found.items()}
    if now == deployment.troubles:
        return deployment
    return world.deployments.update(deployment.deployment_id, {"troubles": now}, phases={Phase.ROLLING_BACK})


def _lasts(world: World, trouble: Trouble) -> bool:
    return trouble.lasting and world.clock.now() - trouble.since >= SEEN_AGAIN


def _said(troubles: Mapping[str, Trouble]) -> str:
    said = (one.reason if name in OF_THE_WHOLE else f"{name}: {one.reason}" for name, one in troubles.items())
    return "; ".join(said)[:1000]


def _pause(world: World, deployment: Deployment) -> int:
    """Seconds until the next verification.

    A contradiction is looked at again as soon as that can decide. An execution's history holds 25,000 events, so hours
    are waited for with longer pauses.
    """
    now = world.clock.now()
    troubles = deployment.troubles.values()
    pauses = [pause_after((now - one.since).total_seconds(), LONGEST_PAUSE) for one in troubles]
    return min((pause for pause in (pause_of(deployment, now), *pauses) if pause), default=0)


def _tell(world: World, deployment: Deployment) -> None:
    """Tell people once that a rollback waits, and that it goes on by itself."""
    now, passing = world.clock.now(), [one for one in deployment.troubles.values() if not one.lasting]
    if deployment.waits_since or not any(now - one.since >= TOLD_AFTER for one in passing):
        return
    unreached = CHECKS in deployment.troubles
    reason = f"The rollback waits for {'an answer from outside' if unreached else 'AWS'}: {_said(deployment.troubles)}"
    step = REACH_ADVICE if unreached else "Nothing is to be done: it goes on by itself as soon as AWS answers."
    try:
        told = world.deployments.update(
            deployment.deployment_id,
            {"waits_since": now, "unsent_now": due(now, Phase.ROLLING_BACK, reason, step)},
            phases={Phase.ROLLING_BACK},
            expected=Expected(absent="waits_since"),
        )
    except LedgerConflictError:
        return
    record(world, deployment.deployment_id, EventKind.PENDING, reason)
    try:
        finish(world, told)
    except SelfrightError:
        return  # The reconciler sends it.
