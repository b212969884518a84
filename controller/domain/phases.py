"""The phases of a deployment: the same words in the workflow, the command line, metrics and logs."""

from enum import StrEnum


class Phase(StrEnum):
    """Where a deployment is. The order is that in which a good release passes them."""

    RECEIVED = "RECEIVED"
    """The upload has arrived and is being checked; nothing has been touched."""
    QUEUED = "QUEUED"
    """The bundle is valid and waits for its environment's lock."""
    STAGING = "STAGING"
    """New revisions are created and tested; no visitor sees them yet."""
    SHIFTING = "SHIFTING"
    """Traffic is being moved to the canary."""
    BAKING = "BAKING"
    """The step's share of the visitors is on the canary, and it is judged; at 100 % this is the final bake."""
    ROLLING_BACK = "ROLLING_BACK"
    """Every component is being restored to the restore point."""
    SUCCEEDED = "SUCCEEDED"
    """The release is live and stable."""
    ROLLED_BACK = "ROLLED_BACK"
    """Every component was restored, and that was verified."""
    REJECTED = "REJECTED"
    """The release was refused; nothing was touched."""
    SUPERSEDED = "SUPERSEDED"
    """A newer release arrived before this one got the lock; nothing was touched."""
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    """Not everything could be restored: the environment is held, and a person must act."""

    @property
    def is_terminal(self) -> bool:
        """Whether a deployment in this phase is over."""
        return self in TERMINAL


TERMINAL = frozenset(
    {Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.REJECTED, Phase.SUPERSEDED, Phase.ROLLBACK_FAILED},
)
OPEN = frozenset(Phase) - TERMINAL
"""The phases of a deployment that is not over."""
MOVING = OPEN - {Phase.ROLLING_BACK}
"""The phases in which a deployment may still go forward."""
UNTOUCHED = frozenset({Phase.RECEIVED, Phase.QUEUED})
"""The phases in which no component has been touched yet."""
TOUCHED = MOVING - UNTOUCHED
"""The phases in which components have been touched, and the deployment may still go forward."""
REMEMBERED = frozenset({Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED})
"""The final phases of a deployment that visitors may have seen: the outcome of its version is remembered."""
