"""Recovery of a state machine: its alias, and its version if that was deleted."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.state_machine.alias import AliasWeights, MachineAlias
from controller.aws.components.state_machine.versions import MachineVersions
from controller.aws.components.traffic import RECOVERED
from controller.domain.components.state_machine.target import StateMachineTarget
from controller.errors import ChangedByOthersError, NotFoundError
from selfright.components.recovered import PointEntry, RecoveryStep, cannot, do


class StateMachineRecovery:
    """Implements `recovered.Recovery`."""

    def __init__(
        self, clients: Clients, name: str, target: StateMachineTarget, entry: PointEntry, document: Mapping[str, Any]
    ) -> None:
        """`entry` and `document` are the restore point's."""
        self._clients, self._name, self._target = clients, name, target
        self._entry, self._document = entry, document
        self._alias = MachineAlias(clients, target.state_machine_arn, target.alias)
        self._versions = MachineVersions(clients, target.state_machine_arn)
        self._version = ""

    def plan(self) -> list[RecoveryStep]:
        """Recover the version, then the alias."""
        try:
            self._versions.described()
        except NotFoundError:
            gone = f"the state machine {self._versions.name} no longer exists: deploy the application's stack first."
            return [cannot(self._name, gone)]
        self._version = self._matching_version()
        state = self._state()
        if self._version and state and dict(state.weights) == {self._version: 100}:
            return []
        moving = self._moving(state)
        if self._version:
            return [moving]
        text = f"publish the definition of version {self._entry.revision} again: that version no longer exists"
        return [do(self._name, text, self._publish), moving]

    def _matching_version(self) -> str:
        """The version with the definition of then: that of the restore point, or one that was published again."""
        for version in (self._entry.revision, *self._versions.numbers()):
            with suppress(NotFoundError):
                if self._versions.digest(version) == self._entry.digest:
                    return version
        return ""

    def _state(self) -> AliasWeights | None:
        try:
            return self._alias.read()
        except NotFoundError:
            return None

    def _publish(self) -> None:
        self._version = self._versions.publish(self._document["definition"])

    def _moving(self, state: AliasWeights | None) -> RecoveryStep:
        to = f"version {self._version}" if self._version else "the new version"
        if state is None:
            return do(self._name, f"create {self._alias.name} on {to}", self._create)
        text = f"point {self._alias.name} to {to} (now: {self._alias.describe(state)})"
        return do(self._name, text, lambda: self._move(state))

    def _move(self, seen: AliasWeights) -> None:
        """Step Functions has no conditional change, so read the alias again right before writing it."""
        if self._alias.read() != seen:
            raise ChangedByOthersError(f"{self._alias.name} was changed after the steps were shown.")
        self._alias.write(seen, self._version, self._version, 0, RECOVERED)

    def _create(self) -> None:
        version = f"{self._target.state_machine_arn}:{self._version}"
        with calling("states:CreateStateMachineAlias", self._alias.name):
            self._clients.machines.create_state_machine_alias(
                name=self._target.alias, routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}]
            )
