"""Recovery of an application's parameters: the values of its revision, and the pointer."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.parameters.pointer import ParameterPointer
from controller.aws.components.parameters.store import ParameterStore
from controller.aws.components.traffic import RECOVERED
from controller.domain.components.parameters.target import ParametersTarget
from controller.errors import ChangedByOthersError
from selfright.components.recovered import PointEntry, RecoveryStep, do


class ParametersRecovery:
    """Implements `recovered.Recovery`."""

    def __init__(
        self, clients: Clients, name: str, target: ParametersTarget, entry: PointEntry, document: Mapping[str, Any]
    ) -> None:
        """`entry` and `document` are the restore point's."""
        self._clients, self._name, self._prefix = clients, name, target.prefix
        self._revision, self._values = entry.revision, dict(document["values"])
        self._store = ParameterStore(clients, target.prefix)
        self._pointer = ParameterPointer(clients, target.prefix)

    def plan(self) -> list[RecoveryStep]:
        """Write the values first, so that no reader finds half a revision."""
        has = self._store.read(self._revision) if self._revision else {}
        wrong = sorted(name for name, value in self._values.items() if has.get(name) != value)
        unknown = sorted(has.keys() - self._values.keys())
        text = f"of revision {self._revision}"
        steps = [do(self._name, f"write {name} {text}", partial(self._put, name, has.get(name))) for name in wrong]
        steps += [
            do(self._name, f"delete {name}, which is not {text}", partial(self._delete, name, has[name]))
            for name in unknown
        ]
        state = self._pointer.read()
        if state.revision != self._revision:
            text = f"point to revision {self._revision or '(none)'} (now: {self._pointer.describe(state)})"
            move = partial(self._pointer.write, state, self._revision, self._revision, 0, RECOVERED)
            steps.append(do(self._name, text, move))
        return steps

    def _path(self, name: str) -> str:
        return f"{self._prefix}/revisions/{self._revision}/{name}"

    def _put(self, name: str, seen: str | None) -> None:
        self._require_unchanged(name, seen)
        with calling("ssm:PutParameter", self._path(name)):
            self._clients.parameters.put_parameter(
                Name=self._path(name), Value=self._values[name], Type="String", Overwrite=seen is not None
            )

    def _delete(self, name: str, seen: str) -> None:
        self._require_unchanged(name, seen)
        with calling("ssm:DeleteParameters", self._path(name)):
            self._clients.parameters.delete_parameters(Names=[self._path(name)])

    def _require_unchanged(self, name: str, seen: str | None) -> None:
        """SSM has no conditional writes, so read the parameter again right before writing it."""
        if self._store.read(self._revision).get(name) != seen:
            raise ChangedByOthersError(f"{self._path(name)} was changed after the steps were shown.")
