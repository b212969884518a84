"""Temporary credentials of a role: assumed when they are first needed, renewed early, and used until they expire.

STS may be away for a while. So credentials are renewed long before they expire, and what still holds is used when
renewing fails: that delays nothing. Without any, each attempt asks STS again, and a failure is transient.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from botocore.credentials import Credentials, ReadOnlyCredentials

from controller import clock
from controller.errors import TransientError

EARLY = timedelta(minutes=30)
"""Credentials that hold for less are renewed before they are used."""
READY = timedelta(minutes=45)
"""Credentials that hold for less are renewed when there is time: an alarm then finds some that need no renewing."""
LAST = timedelta(minutes=1)
"""Credentials that hold for less count as expired: a request takes a moment, and clocks differ."""
PAUSE = timedelta(seconds=20)
"""From a failure to the next attempt, while there are credentials that hold."""


@dataclass(frozen=True)
class Assumed:
    """Credentials, and until when they hold."""

    keys: ReadOnlyCredentials
    until: datetime


class RoleCredentials(Credentials):
    """The credentials of one role, for any number of clients and threads; botocore asks for them at every request."""

    def __init__(self, assume: Callable[[], Assumed]) -> None:
        """`assume` asks STS; it raises `TransientError`."""
        super().__init__("", "", method="assume-role")
        self._assume, self._lock = assume, Lock()
        self._held: Assumed | None = None
        self._failed_at: datetime | None = None
        self._trouble = ""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Credentials for one request; raises `TransientError` when there are none and STS gives none."""
        return self._for(EARLY)

    def make_ready(self) -> None:
        """Renew them now if a later use would have to; raises as `get_frozen_credentials` does."""
        self._for(READY)

    def _for(self, left: timedelta) -> ReadOnlyCredentials:
        asked = clock.now()
        with self._lock:
            if self._is_due(asked, left):
                self._renew()
            if self._held is None or self._held.until - asked < LAST:
                raise TransientError(self._trouble, code="NoCredentials")
            return self._held.keys

    def _is_due(self, asked: datetime, left: timedelta) -> bool:
        """Whether to ask STS. Those that waited while another asked in vain share its failure."""
        held = self._held.until - asked if self._held else timedelta()
        if held >= left:
            return False
        pause = PAUSE if held >= LAST else timedelta()
        return self._failed_at is None or asked > self._failed_at + pause

    def _renew(self) -> None:
        try:
            self._held, self._failed_at = self._assume(), None
        except TransientError as error:
            self._failed_at, self._trouble = clock.now(), str(error)
