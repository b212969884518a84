"""The pointer to the parameters that an application reads: the parameter `<prefix>/current`, whose value is their id.

SSM has no conditional change: only a *creation* can be conditional. But SSM numbers the versions of a parameter one by
one, and every write returns its number. So a write whose number is not the next after the one that was read has
overwritten another write. The history says which: a revision of this deployment came from another run of ours, any
other value from a person, and that value is written again at once. In both cases the pointer is then read again, as
after a conditional write that failed; where it has a person's value, the deployment stops.

A write that was sent cannot be stopped either. It is sent once, and a rollback reads the pointer again when it can no
longer arrive (`domain/lock.LANDING`).
"""

import re
from dataclasses import dataclass

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.traffic import Traffic
from controller.domain.strategy import ALL
from controller.errors import ChangedByOthersError, ConflictError, NotFoundError
from controller.seen_again import seen_again

NOTHING = "none"
"""The value before the first release, and after a rollback of it: SSM has no empty values."""
_REVISION = re.compile(r"[A-Za-z0-9_.-]{1,64}")
REPAIRS = 5


@dataclass(frozen=True)
class PointerState:
    """The revision ("" for none), and the parameter's version (0 when the parameter does not exist)."""

    revision: str
    version: int


class ParameterPointer(Traffic[PointerState]):
    """Moves the pointer. It has two positions and no shares; see `is_at`."""

    def __init__(self, clients: Clients, prefix: str) -> None:
        self._clients = clients
        self._parameter = f"{prefix}/current"
        self.name = f"the parameter {self._parameter}"

    def read(self) -> PointerState:
        """The pointer's present state; one call."""
        try:
            with calling("ssm:GetParameter", self._parameter):
                found = self._clients.parameters.get_parameter(Name=self._parameter)["Parameter"]
        except NotFoundError:
            return PointerState("", 0)
        return PointerState(_revision_in(found.get("Value", "")), found["Version"])

    def live(self) -> str:
        """The revision that the application reads; raises `ChangedByOthersError` when the value cannot be one."""
        revision = self.read().revision
        if revision and not _REVISION.fullmatch(revision):
            reason = f"{self.name} does not hold a revision's id, so somebody else has edited it"
            raise ChangedByOthersError(f"{reason}. Write the id of a revision there, or '{NOTHING}'.")
        return revision

    def is_at(self, state: PointerState, stable: str, canary: str, weight: int) -> bool:
        """Whether the pointer names the canary at weight 100, or the stable revision at any other weight."""
        return state.revision == _wanted(stable, canary, weight)

    def is_between(self, state: PointerState, stable: str, canary: str) -> bool:
        """Whether the pointer names one of the two."""
        return state.revision in {stable, canary}

    def write(self, state: PointerState, stable: str, canary: str, weight: int, seal: str) -> None:  # noqa: ARG002
        """One call; two more, and a `ConflictError`, when there was another write at the same time."""
        version, expected = self._put(_wanted(stable, canary, weight), create=not state.version), state.version + 1
        if version == expected:
            return
        for _ in range(REPAIRS):
            overwritten = self._overwritten(version - 1)
            if overwritten in {None, stable, canary}:
                break
            version, expected = self._put(overwritten, create=False), version + 1
            if version == expected:
                break
        raise ConflictError(f"{self.name} was changed at the same time.")

    def describe(self, state: PointerState) -> str:
        """The revision that the pointer names, in words."""
        return f"revision {state.revision[:64]}" if state.revision else "no revision"

    def _put(self, revision: str, *, create: bool) -> int:
        with calling("ssm:PutParameter", self._parameter):
            answer = self._clients.pointers.put_parameter(
                Name=self._parameter, Value=revision or NOTHING, Type="String", Overwrite=not create
            )
        return answer["Version"]

    def _overwritten(self, number: int) -> str | None:
        """The revision that an earlier version of the parameter named; "" when there was no parameter.

        None when the history does not have it: a value that nobody knows cannot be restored, and to write that there is
        no revision would leave the application without any.
        """
        return seen_again(lambda: self._version(number), lambda found: found is not None) if number else ""

    def _version(self, number: int) -> str | None:
        pages = self._clients.parameters.get_paginator("get_parameter_history")
        with calling("ssm:GetParameterHistory", self._parameter):
            values = [one for page in pages.paginate(Name=self._parameter) for one in page["Parameters"]]
        return next((_revision_in(one.get("Value", "")) for one in values if one["Version"] == number), None)


def _revision_in(value: str) -> str:
    return "" if value == NOTHING else value


def _wanted(stable: str, canary: str, weight: int) -> str:
    return canary if weight >= ALL else stable
