"""How traffic is moved, whatever moves it: read, see that it is ours, ask for permission, write on condition.

Three parties may want to move it at the same moment: this deployment forward, its own rollback back, and a person. Each
write holds only if nothing changed since the read, so of two writers one loses and reads again. A person always wins:
what neither of the deployment's revisions explains is left alone. And back wins over forward: the trip is in the ledger
before the way back begins, and whoever goes forward looks there before the write *and* after it. The second read is for
a rollback that read between our two steps, found nothing to put back yet, and was content.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from controller.aws.client.pacing import at_once
from controller.errors import ChangedByOthersError, ConflictError, TrippedError

State = TypeVar("State")
ATTEMPTS = 5


class Traffic(ABC, Generic[State]):
    """The switch of one component. Revisions are given by their ids; `weight` is the canary's share in percent."""

    name: str
    """What people call the switch: `smartpack-prod-api:live`."""

    @abstractmethod
    def read(self) -> State:
        """How visitors are sent now, and what a conditional write needs to know."""

    @abstractmethod
    def is_at(self, state: State, stable: str, canary: str, weight: int) -> bool:
        """Whether nothing is left to do."""

    @abstractmethod
    def is_between(self, state: State, stable: str, canary: str) -> bool:
        """Whether visitors get `stable`, `canary` or some of each, and nothing else."""

    @abstractmethod
    def write(self, state: State, stable: str, canary: str, weight: int) -> str | None:
        """Send visitors so, if nothing changed since `state` was read; raises `ConflictError`.

        Returns the mark of the state that it left, where there is one.
        """

    def mark(self, state: State) -> str | None:  # noqa: ARG002 - most states have none
        """What identifies a state, for those who can write on its condition without reading it again."""
        return None

    @abstractmethod
    def describe(self, state: State) -> str:
        """Where visitors are sent, in words: "version 7 with 10 % on 8"."""

    def shift(self, stable: str, canary: str, weight: int, permit: Callable[[], None]) -> str | None:
        """Go forward; see `ports.Component.shift`."""
        mark = self._move(stable, canary, weight, permit)
        try:
            permit()
        except TrippedError:
            with at_once():
                self.restore(stable, canary)
            raise
        return mark

    def restore(self, stable: str, canary: str | None) -> None:
        """Go back; see `ports.Component.restore`."""
        self._move(stable, canary or stable, 0, lambda: None)

    def _move(self, stable: str, canary: str, weight: int, permit: Callable[[], None]) -> str | None:
        for _ in range(ATTEMPTS):
            state = self.read()
            if self.is_at(state, stable, canary, weight):
                return self.mark(state)
            if not self.is_between(state, stable, canary):
                raise ChangedByOthersError(self._changed(state, stable, canary))
            permit()
            with suppress(ConflictError):
                return self.write(state, stable, canary, weight)
        raise ConflictError(f"{self.name} was changed {ATTEMPTS} times while it was being moved: it was left as it is.")

    def _changed(self, state: State, stable: str, canary: str) -> str:
        return (
            f"{self.name} is on {self.describe(state)}, and this deployment only knows {stable or 'nothing'} and"
            f" {canary}: somebody else moved it, so it was left as it is. Finish that change, or put it back by hand."
        )
