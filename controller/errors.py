"""The errors of the controller. Each says what was wrong, where, and what to do next.

Outcomes (rejected, superseded, unhealthy) are values, not errors: an error here means that something broke or that
continuing would not be safe. Whatever a message quotes, it is printable and bounded.
"""

from controller.domain.printable import said


class SelfrightError(Exception):
    """The base of everything that the controller raises itself."""

    def __init__(self, message: str = "") -> None:
        super().__init__(said(message))


class InvalidBundleError(SelfrightError):
    """The bundle cannot be released as it is. Nothing was touched.

    `next_step` tells the person who uploaded it what to do.
    """

    def __init__(self, reason: str, next_step: str = "Correct the bundle and upload it again.") -> None:
        super().__init__(reason)
        self.reason = str(self)
        self.next_step = said(next_step)


class RefusedError(SelfrightError):
    """A release cannot begin now, whatever its bundle contains. Nothing was touched; `next_step` says what to do."""

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(reason)
        self.reason = str(self)
        self.next_step = said(next_step)


class UnknownEnvironmentError(SelfrightError):
    """No environment is registered under this name."""


class InvalidEnvironmentError(SelfrightError):
    """The environment's configuration cannot be read."""


class ConflictError(SelfrightError):
    """Somebody else has changed this in the meantime, so it is left as it is."""


class ChangedByOthersError(ConflictError):
    """A component is not as this deployment left it: a person changed it, so it is not overwritten."""


class TrippedError(SelfrightError):
    """The deployment has tripped, so it may not go forward."""


class LedgerConflictError(ConflictError):
    """The condition of a write to the ledger did not hold: something else has changed the record first."""


class NotFoundError(SelfrightError):
    """Something that is needed does not exist."""


class UnusableSecretError(SelfrightError):
    """A secret exists, but its keys cannot be read. The message never contains any of its value."""


class AwsError(SelfrightError):
    """AWS refused or failed a call; `transient` says whether a retry can help."""

    def __init__(self, message: str, *, code: str = "", transient: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.transient = transient


class TransientError(AwsError):
    """AWS failed for the moment: the function runs the task again."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message, code=code, transient=True)


class UnsendableError(SelfrightError):
    """A notification that will never be taken, however often it is sent."""


class NoAnswerError(SelfrightError):
    """A request got no answer; the text says why in a few words."""


class NotReachedError(NoAnswerError):
    """A request reached nobody who could have answered it, which says nothing about who it was meant for."""
