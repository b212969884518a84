"""Which release an alarm is about: the newest that visitors could get; each notes on the one before when that changes.

Releases that changed nothing are passed over: what visitors get was brought by an earlier one.
"""

from contextlib import suppress
from functools import partial

from controller.domain.deployment import Changes, Deployment
from controller.domain.history import last_change
from controller.domain.phases import Phase
from controller.errors import LedgerConflictError
from controller.flow.shared.hand_over import find
from controller.ports.world import World


def note_overtaken(world: World, deployment: Deployment) -> None:
    """Note on the release before that visitors are led away from it: later alarms are about this one.

    It is noted before the first write, so that no alarm between the two accuses both.
    """
    _note(world, deployment, {"overtaken_at": world.clock.now(), "cleared": ("back_at",)})


def note_back(world: World, deployment: Deployment) -> None:
    """Note on the release before that it is live again: from now on alarms are about it, as long as it is guarded."""
    _note(world, deployment, {"back_at": world.clock.now()})


def _note(world: World, deployment: Deployment, changes: Changes) -> None:
    before = find(world, deployment.previous)
    if before is None:
        return
    with suppress(LedgerConflictError):  # What has not ended well is not guarded any more.
        changed = last_change(partial(find, world), before)
        world.deployments.update(changed.deployment_id, changes, phases={Phase.SUCCEEDED})
