"""The machine's clock."""

from datetime import UTC, datetime

from controller.ports.signals import Clock


class SystemClock(Clock):
    """Tells the time by the machine's clock."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)
