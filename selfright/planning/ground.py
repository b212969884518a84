"""What a release will stand on: what is live, or what the deployment that is on its way will leave.

A release waits for that deployment, whose split traffic is nobody's change. How it will end nobody knows; a plan
supposes that it ends well, or, when it is rolled back already, that the rollback does.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from controller.domain.deployment import Deployment, Revision
from controller.domain.history import served_until
from controller.domain.lock import Lock
from controller.domain.phases import Phase
from controller.errors import NotFoundError
from controller.ports.world import World

Moved = Literal["moved"]
MOVED: Moved = "moved"
"""The deployment on its way changes this component, and what it will leave is not known yet."""


@dataclass(frozen=True)
class Ground:
    """What a plan supposes to be live when the release begins.

    `live` is the deployment whose release that is ("" for none), `waits_for` the one that is on its way ("" for none)
    and `before` all that the ledger has of it; `served` are the components that were brought to visitors until then
    (None when that cannot be known).
    """

    live: str
    waits_for: str = ""
    before: Deployment | None = None
    served: frozenset[str] | None = None

    @property
    def goes_back(self) -> bool:
        """Whether the deployment on its way is rolled back."""
        return self.before is not None and _goes_back(self.before)

    @property
    def said(self) -> str:
        """The supposition as a sentence; "" when nothing is on its way."""
        if self.before is None:
            return ""
        one = f"{self.before.deployment_id} ({self.before.version})" if self.before.version else self.waits_for
        if self.goes_back:
            return f"The plan supposes that {one}, which is being rolled back, is restored."
        return f"The plan supposes that {one}, which is on its way, ends well."

    def revision(self, name: str) -> Revision | Moved | None:
        """What this component will be on; None when nothing on its way changes it, so it is what it is now."""
        if self.before is None or name not in self.before.components:
            return None
        if self.goes_back:
            return (self.before.restore_point or {}).get(name)
        return self.before.staged.get(name, MOVED)

    def has_other_contents(self, version: str, digest: str) -> bool:
        """Whether the deployment on its way brings this version with other contents."""
        one = self.before
        return one is not None and not self.goes_back and one.version == version and one.digest not in {"", digest}


def ground_of(world: World, lock: Lock) -> Ground:
    """What a release stands on that waits for whatever holds this lock; a few reads of the ledger."""
    before = None
    with suppress(NotFoundError):
        before = world.deployments.get(lock.holder) if lock.holder else None
    if before is None:
        live = lock.live
    elif not _goes_back(before):
        live = before.deployment_id
    else:  # A release that had ended well is still the live one while it is rolled back.
        live = before.previous if lock.live == before.deployment_id else lock.live
    served = served_until(world.deployments.get, live)
    brought = before.components if before is not None and live == before.deployment_id else ()
    return Ground(live, lock.holder, before, None if served is None else frozenset({*served, *brought}))


def _goes_back(one: Deployment) -> bool:
    return one.phase is Phase.ROLLING_BACK or one.trip is not None
