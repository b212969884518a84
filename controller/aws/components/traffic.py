"""Moves the traffic of any kind: read, check that the state is ours, ask for permission, write conditionally.

Three parties may want to move traffic at the same moment: this deployment, its own rollback, and a person. A write
succeeds only if nothing changed since the read, so of two writers one loses and reads again. A person always wins: a
state that neither of the deployment's revisions explains is left alone. And a rollback wins over its deployment: the
trip is in the ledger before the rollback begins, and a shift looks for it before its write *and* after it. The second
look is for a rollback that read the traffic before that write, found nothing to restore yet, and ended.
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
    def write(self, state: State, stable: str, canary: str, weight: int) -> str | None:
        """Send visitors as wanted, if nothing changed since `state` was read; raises `ConflictError`.

        Returns the mark of the new state, if it has one.
        """

    def mark(self, state: State) -> str | None:  # noqa: ARG002 - most states have no mark
        """What identifies a state, if a later write can use it as its condition without reading again."""
        return None

    @abstractmethod
    def describe(self, state: State) -> str:
        """Where visitors are sent, in words: "version 7 with 10 % on 8"."""

    def shift(self, stable: str, canary: str, weight: int, permit: Callable[[], None]) -> str | None:
        """Send a share of the visitors to the canary; see `ports.Component.shift`."""
        mark = self._move(stable, canary, weight, permit)
        try:
            permit()
        except TrippedError:
            with at_once():
                self.restore(stable, canary)
            raise
        return mark

    def restore(self, stable: str, canary: str | None) -> None:
        """Send all visitors to stable; see `ports.Component.restore`."""
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
            f" {canary}: somebody else moved it, so it was left as it is. Finish that change, or restore it by hand."
        )
