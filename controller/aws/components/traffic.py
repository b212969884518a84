"""Moves the traffic of any kind: read, check that the state is ours, ask the fence, write conditionally.

Three parties may want to move traffic at the same moment: this deployment, its own rollback, and a person. A write
succeeds only if nothing changed since the read, so of two writers one loses and reads again. A person always wins: a
state that neither of the deployment's revisions explains is left alone. And a rollback wins over its deployment: it
leaves its seal in the component even where there is nothing to move, so a shift's write that arrives later fails.
Whether writing the same again would change what a conditional write compares is not known; the seal makes it differ.

A read may be some seconds old. What contradicts is read again before it is believed, and a state on which a write has
just failed is either old or busy: both pass. What is as expected is believed at once, so a restoration waits for
nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

from controller import clock
from controller.domain.checks.verification import AnyCheck
from controller.domain.deployment import Revision
from controller.errors import ChangedByOthersError, ConflictError, TransientError
from controller.ports.components import Arrival, Fence
from controller.seen_again import PAUSES, seen_again

State = TypeVar("State")
ATTEMPTS = len(PAUSES)
RECOVERED = "recovered"
"""The seal of a person's recovery, which moves traffic for no deployment."""


class Traffic(ABC, Generic[State]):
    """The switch of one component. Revisions are given by their ids; `weight` is the canary's share in percent."""

    name: str
    """The switch's name for people: `smartpack-prod-api:live`."""

    @abstractmethod
    def read(self) -> State:
        """Where visitors are sent now, and what a conditional write must match."""

    @abstractmethod
    def is_at(self, state: State, stable: str, canary: str, weight: int) -> bool:
        """Whether traffic is as wanted, so that nothing is left to do."""

    @abstractmethod
    def is_between(self, state: State, stable: str, canary: str) -> bool:
        """Whether visitors get `stable`, `canary` or a mixture of the two, and nothing else."""

    @abstractmethod
    def write(self, state: State, stable: str, canary: str, weight: int, seal: str) -> str | None:
        """Send visitors as wanted and leave the seal, if nothing changed since `state` was read.

        Raises `ConflictError`. Returns the mark of the new state, if it has one.
        """

    def seal(self, state: State) -> str | None:  # noqa: ARG002 - see the class that has no room for one
        """The seal that the last write left; None for a switch that cannot hold one."""
        return None

    def mark(self, state: State) -> str | None:  # noqa: ARG002 - most states have no mark
        """What identifies a state, if a later write can use it as its condition without reading again."""
        return None

    @abstractmethod
    def describe(self, state: State) -> str:
        """Where visitors are sent, in words: "version 7 with 10 % on 8"."""

    def shift(self, stable: str, canary: str, weight: int, fence: Fence) -> str | None:
        """Send a share of the visitors to the canary; see `ports.Component.shift`."""
        return self._move(stable, canary, weight, fence)

    def restore(self, stable: str, canary: str | None, fence: Fence) -> None:
        """Send all visitors to stable; see `ports.Component.restore`."""
        self._move(stable, canary or stable, 0, fence)

    def unread(self, stable: str, canary: str, weight: int) -> str:
        """What is read instead of the state that is wanted; "" when it is read as wanted."""
        state = self.read()
        return "" if self.is_at(state, stable, canary, weight) else f"{self.name} is read as {self.describe(state)}"

    def _move(self, stable: str, canary: str, weight: int, fence: Fence) -> str | None:
        state = self._seen(stable, canary, weight, fence)
        for pause in PAUSES:
            if self._is_done(state, stable, canary, weight, fence):
                return self.mark(state)
            if not self.is_between(state, stable, canary):
                raise ChangedByOthersError(self._changed(state, stable, canary))
            fence.check()
            with suppress(ConflictError):
                return self.write(state, stable, canary, weight, fence.seal)
            former, state = state, self._seen(stable, canary, weight, fence)
            if state == former:
                clock.sleep(pause)
                state = self._seen(stable, canary, weight, fence)
        reason = f"{self.name} was changed {ATTEMPTS} times while it was being moved"
        raise TransientError(f"{reason}. It can be tried again.", code="ChangesTooOften")

    def _seen(self, stable: str, canary: str, weight: int, fence: Fence) -> State:
        """The present state; one that is not ours is read again."""
        return seen_again(
            self.read,
            lambda state: self._is_done(state, stable, canary, weight, fence) or self.is_between(state, stable, canary),
        )

    def _is_done(self, state: State, stable: str, canary: str, weight: int, fence: Fence) -> bool:
        return self.is_at(state, stable, canary, weight) and self._is_sealed(state, fence)

    def _is_sealed(self, state: State, fence: Fence) -> bool:
        """Whether no write that was meant before can succeed any more. Only the way back needs that."""
        return fence.way == "forward" or self.seal(state) in {None, fence.seal}

    def _changed(self, state: State, stable: str, canary: str) -> str:
        return (
            f"{self.name} is on {self.describe(state)}, and this deployment only knows {stable or 'nothing'} and"
            f" {canary}: somebody else moved it, so it was left as it is. Finish that change, or restore it by hand."
        )


Switch = TypeVar("Switch", bound=Traffic[Any])


class MovedByTraffic(Generic[Switch]):
    """The part of `ports.Component` of a kind whose switch needs no more than the ids of the two revisions."""

    _traffic: Switch

    def shift(self, stable: Revision, canary: Revision, weight: int, fence: Fence) -> str | None:
        """Move the switch; see `Traffic.shift`."""
        return self._traffic.shift(stable.id, canary.id, weight, fence)

    def restore(self, stable: Revision, canary: Revision | None, fence: Fence) -> None:
        """Move the switch to stable alone; see `Traffic.restore`."""
        self._traffic.restore(stable.id, canary.id if canary else None, fence)

    def arrival(
        self,
        stable: Revision,
        canary: Revision,
        weight: int,
        checks: Sequence[AnyCheck],  # noqa: ARG002 - to see more, something would have to be done
    ) -> Arrival:
        """Whether the switch is read as it was written."""
        return Arrival(self._traffic.unread(stable.id, canary.id, weight))
