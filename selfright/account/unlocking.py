"""Unlocking a held environment as it is, in a person's name and with a reason."""

from collections.abc import Callable

from controller.domain.deployment import Deployment
from selfright.account.account import Account
from selfright.account.ledger import Ledger
from selfright.account.rolling_back import start_rollback
from selfright.errors import AdviceError

POLLS, POLL_SECONDS = 60, 0.5


def blocking(ledger: Ledger, environment_key: str) -> tuple[Deployment, str]:
    """The deployment because of which an environment is held, and why it is; raises `AdviceError` when it is not."""
    status = ledger.status(environment_key)
    if not status.held:
        step = f"See its status: `selfright status {environment_key}`"
        raise AdviceError(f"{environment_key} is not held: it takes releases.", step)
    if status.held_by is None:
        message = (
            f"{environment_key} is held, and the ledger does not have the deployment that caused it: {status.held}"
        )
        raise AdviceError(message, f"`selfright history {environment_key}` lists its deployments.")
    return status.held_by, status.held


def unlock(account: Account, deployment: Deployment, reason: str, sleep: Callable[[float], None]) -> None:
    """Unlock the environment that is held because of this deployment, and wait until that is done.

    Raises `AdviceError` when the controller refuses it, or has not done it within half a minute.
    """
    execution = start_rollback(account, deployment.deployment_id, reason, unlock=True)
    step = f"See its status: `selfright status {deployment.environment_key}`"
    for _ in range(POLLS):
        if execution.has_ended():
            break
        sleep(POLL_SECONDS)
    else:
        message = f"{deployment.environment_key} is not unlocked after {POLLS * POLL_SECONDS:g} s; it may still happen."
        raise AdviceError(message, step)
    unlocked, why = execution.unlocked()
    if not unlocked:
        raise AdviceError(f"{deployment.environment_key} was not unlocked: {why}", step)
