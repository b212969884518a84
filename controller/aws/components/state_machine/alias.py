"""The traffic of a state machine: an alias that leads the executions which start to one version, or to two by weight.

Executions that run are not touched: each ends on the version with which it began.

Step Functions has no conditional change of an alias. So the alias is read right before it is written; a write is sent
once, and a rollback reads the alias again when no write can arrive any more (`domain/lock.LANDING`). A change that a
person makes in the moment between is overwritten; nothing in Step Functions' answer would show that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.traffic import Traffic
from controller.domain.strategy import ALL

SEALED = "Moved by Selfright, fencing token "
"""The description of an alias that Selfright moved begins with this; the seal follows."""


@dataclass(frozen=True)
class AliasWeights:
    """An alias: version → its weight in percent, without versions whose weight is 0; its description has the seal."""

    weights: Mapping[str, int]
    description: str = ""

    @property
    def only(self) -> str:
        """The version that all executions start on; "" when there are two."""
        return next(iter(self.weights)) if len(self.weights) == 1 else ""


class MachineAlias(Traffic[AliasWeights]):
    """Moves a state machine's alias."""

    def __init__(self, clients: Clients, machine_arn: str, alias: str) -> None:
        self._clients, self._machine = clients, machine_arn
        self.arn = f"{machine_arn}:{alias}"
        self.name = f"{machine_arn.rpartition(':')[2]}:{alias}"

    def read(self) -> AliasWeights:
        """The present state of the alias; one call."""
        with calling("states:DescribeStateMachineAlias", self.name):
            found = self._clients.machines.describe_state_machine_alias(stateMachineAliasArn=self.arn)
        routes = found.get("routingConfiguration", [])
        weights = {one["stateMachineVersionArn"].rpartition(":")[2]: one["weight"] for one in routes if one["weight"]}
        return AliasWeights(weights, found.get("description", ""))

    def is_at(self, state: AliasWeights, stable: str, canary: str, weight: int) -> bool:
        """Whether the weights are as wanted."""
        return dict(state.weights) == _wanted(stable, canary, weight)

    def is_between(self, state: AliasWeights, stable: str, canary: str) -> bool:
        """Whether all executions start on one of the two."""
        return set(state.weights) <= {stable, canary}

    def seal(self, state: AliasWeights) -> str:
        """The seal in the description; "" when somebody else wrote it."""
        return state.description.removeprefix(SEALED) if state.description.startswith(SEALED) else ""

    def write(self, state: AliasWeights, stable: str, canary: str, weight: int, seal: str) -> None:  # noqa: ARG002
        """One call, which is sent once."""
        with calling("states:UpdateStateMachineAlias", self.name):
            self._clients.machine_aliases.update_state_machine_alias(
                stateMachineAliasArn=self.arn,
                description=f"{SEALED}{seal}",
                routingConfiguration=[
                    {"stateMachineVersionArn": f"{self._machine}:{version}", "weight": share}
                    for version, share in _wanted(stable, canary, weight).items()
                ],
            )

    def describe(self, state: AliasWeights) -> str:
        """The versions, and their weights if there are two."""
        if state.only:
            return f"version {state.only}"
        return " and ".join(f"version {version} ({share} %)" for version, share in state.weights.items())


def _wanted(stable: str, canary: str, weight: int) -> dict[str, int]:
    shares = {stable: ALL - weight, canary: weight} if stable != canary else {stable: ALL}
    return {version: share for version, share in shares.items() if share}
