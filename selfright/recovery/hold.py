"""Holds the environment during a recovery, so that no release begins, and frees it when everything is verified.

If the recovery fails or is interrupted, the environment stays held, because its state is unknown. Running the recovery
again continues it; a person who accepts the present state frees the environment with `selfright unlock`.
"""

from dataclasses import replace

from controller.domain.lock import Lock, unlocked
from controller.locking import change_lock
from controller.ports.world import World
from selfright.errors import AdviceError


def reason_of(environment_key: str, deployment_id: str) -> str:
    """Why the environment is held."""
    again, leave = f"selfright restore {deployment_id}", f'selfright unlock {environment_key} --reason "…"'
    return f"A recovery is running, or was interrupted: `{again}` continues it, `{leave}` accepts the present state."


def take(world: World, environment_key: str, deployment_id: str) -> None:
    """Hold the environment; if it is held already, keep that hold and its reason.

    Raises `AdviceError` if a deployment is on its way there.
    """

    def decide(lock: Lock) -> tuple[Lock, str]:
        busy = lock.holder or (lock.waiting.deployment_id if lock.waiting else "")
        if busy or lock.held:
            return lock, busy
        return replace(lock, held=reason_of(environment_key, deployment_id), held_by=deployment_id), ""

    if busy := change_lock(world.locks, environment_key, decide):
        message = f"Deployment {busy} is on its way in {environment_key}: the two would undo each other's changes."
        raise AdviceError(message, f"Wait for it, or roll it back: `selfright rollback {busy}`")


def free(world: World, environment_key: str, deployment_id: str, live: str | None = None) -> None:
    """Free the environment if it is held by us; with `live`, record that deployment's release as live."""

    def decide(lock: Lock) -> tuple[Lock, None]:
        ours = lock.held == reason_of(environment_key, deployment_id)
        freed = unlocked(lock) if ours else lock
        return (replace(freed, live=live) if live is not None and lock.live == deployment_id else freed), None

    change_lock(world.locks, environment_key, decide)
