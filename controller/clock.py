"""The machine's time and chance, in one place.

Default arguments name these functions, and these look up the machine's when they are called: so a simulation puts its
own time and its own chance in the place of `MACHINE`, and nothing else need be replaced.
"""

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from controller.ports.signals import Clock


@dataclass(frozen=True)
class TimeAndChance:
    """Where time and chance come from: see the functions of this module, each named as its source here."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    share: Callable[[], float] = random.random
    token: Callable[[int], str] = secrets.token_hex


MACHINE = TimeAndChance()


def now() -> datetime:
    """The time now, in UTC."""
    return MACHINE.now()


def timestamp() -> float:
    """The time now, in seconds since 1970."""
    return MACHINE.now().timestamp()


def monotonic() -> float:
    """Seconds since any moment: only differences mean something."""
    return MACHINE.monotonic()


def sleep(seconds: float) -> None:
    """Wait for so many seconds."""
    MACHINE.sleep(seconds)


def share() -> float:
    """A random number from 0 up to 1."""
    return MACHINE.share()


def token(size: int) -> str:
    """Random bytes, in hex."""
    return MACHINE.token(size)


class SystemClock(Clock):
    """Tells the time by the machine's clock."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return now()

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""
        sleep(seconds)
