"""The errors of the local AWS. Every message says what to do next."""

from controller.errors import SelfrightError


class LocalAwsError(SelfrightError):
    """Base of everything that `selfright.local` raises on purpose."""


class SetupMissingError(LocalAwsError):
    """The emulator's own Python environment is missing."""


class AlreadyUpError(LocalAwsError):
    """A local AWS is already running in the same folder."""


class PortTakenError(LocalAwsError):
    """Something else listens on the requested port."""


class EmulatorDiedError(LocalAwsError):
    """The emulator ended, or never started; the message holds the end of its log."""


class DeployError(LocalAwsError):
    """A stack could not be deployed; the message lists the events that failed."""
