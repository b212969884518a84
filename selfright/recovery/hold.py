"""While a recovery is at work, nobody releases there: the environment is held, and freed when all is verified.

If the recovery dies or fails half way, the hold stays, because then nobody knows how things are. Running the recovery
again goes on; a person who is content with how things are frees the environment with `selfright unlock`.
"""

from dataclasses import replace

from controller.domain.lock import Lock
from controller.locking import change_lock
from controller.ports.world import World
from selfright.errors import AdviceError


def reason_of(environment_key: str, deployment_id: str) -> str:
    """Why the environment is held."""
    again, leave = f"selfright restore {deployment_id}", f'selfright unlock {environment_key} --reason "…"'
    return f"A recovery is at work, or did not come to its end: `{again}` goes on, `{leave}` leaves it as it is."


def take(world: World, environment_key: str, deployment_id: str) -> None:
    """Hold the environment; one that is held already stays so, whoever did it.

    Raises `AdviceError` when a deployment is on its way there.
    """

    def decide(lock: Lock) -> tuple[Lock, str]:
        busy = lock.holder or (lock.waiting.deployment_id if lock.waiting else "")
        held = lock if busy or lock.held else replace(lock, held=reason_of(environment_key, deployment_id))
        return held, busy

    if busy := change_lock(world.locks, environment_key, decide):
        message = f"Deployment {busy} is on its way in {environment_key}: two at the same time would undo each other."
        raise AdviceError(message, f"Wait for it, or take it back: `selfright rollback {busy}`")


def free(world: World, environment_key: str, deployment_id: str, live: str | None = None) -> None:
    """Take our hold away; with `live`, the ledger says from now on that this deployment's release is live."""

    def decide(lock: Lock) -> tuple[Lock, None]:
        ours = lock.held == reason_of(environment_key, deployment_id)
        freed = replace(lock, held="") if ours else lock
        return (replace(freed, live=live) if live is not None and lock.live == deployment_id else freed), None

    change_lock(world.locks, environment_key, decide)
