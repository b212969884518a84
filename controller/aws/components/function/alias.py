"""The traffic of a Lambda function: an alias on one version, which may send a share of its calls to another."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.traffic import Traffic
from controller.domain.strategy import ALL
from controller.errors import ConflictError
from controller.ports.components import Fence

SEALED = "Moved by Selfright, fencing token "
"""The description of an alias that Selfright moved begins with this; the seal follows."""


@dataclass(frozen=True)
class AliasState:
    """An alias: its version, the shares (0 to 1) of other versions, and the revision id that a write must match.

    Its description holds the seal of the last write.
    """

    version: str
    shares: Mapping[str, float] = field(default_factory=dict)
    revision_id: str = ""
    description: str = ""


class Alias(Traffic[AliasState]):
    """Moves a function's alias, guarded by its `RevisionId`."""

    def __init__(self, clients: Clients, function_name: str, alias: str) -> None:
        self._clients = clients
        self._function, self._alias = function_name, alias
        self.name = f"{function_name}:{alias}"

    def read(self) -> AliasState:
        """The present state of the alias; one call."""
        with calling("lambda:GetAlias", self.name):
            answer = self._clients.functions.get_alias(FunctionName=self._function, Name=self._alias)
        shares = answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return AliasState(answer["FunctionVersion"], dict(shares), answer["RevisionId"], answer.get("Description", ""))

    def is_at(self, state: AliasState, stable: str, canary: str, weight: int) -> bool:
        """Whether version and shares are as wanted."""
        version, shares = _wanted(stable, canary, weight)
        return (state.version, dict(state.shares)) == (version, shares)

    def is_between(self, state: AliasState, stable: str, canary: str) -> bool:
        """Whether all calls go to one of the two, or to the stable version with a share for the canary."""
        if state.version == stable:
            return set(state.shares) <= {canary}
        return state.version == canary and not state.shares

    def mark(self, state: AliasState) -> str:
        """The alias's revision id, which no other state of this alias ever has."""
        return state.revision_id

    def seal(self, state: AliasState) -> str:
        """The seal in the description; "" when somebody else wrote it."""
        return state.description.removeprefix(SEALED) if state.description.startswith(SEALED) else ""

    def restore(self, stable: str, canary: str | None, fence: Fence, mark: str = "") -> None:
        """Restore stable, in one call if the alias is still as the last shift left it, which `mark` identifies.

        Otherwise the condition of that call fails, nothing is written, and the alias is read before it is written.
        """
        if mark:
            with suppress(ConflictError):
                self.write(AliasState("", revision_id=mark), stable, canary or stable, 0, fence.seal)
                return
        super().restore(stable, canary, fence)

    def write(self, state: AliasState, stable: str, canary: str, weight: int, seal: str) -> str:
        """One call. Empty weights remove the routing."""
        version, shares = _wanted(stable, canary, weight)
        with calling("lambda:UpdateAlias", self.name):
            answer = self._clients.functions.update_alias(
                FunctionName=self._function,
                Name=self._alias,
                FunctionVersion=version,
                Description=f"{SEALED}{seal}",
                RoutingConfig={"AdditionalVersionWeights": shares},
                RevisionId=state.revision_id,
            )
        return answer["RevisionId"]

    def describe(self, state: AliasState) -> str:
        """The alias's version, and the shares of other versions."""
        others = "".join(f" with {share:.0%} on {version}" for version, share in state.shares.items())
        return f"version {state.version}{others}"


def _wanted(stable: str, canary: str, weight: int) -> tuple[str, dict[str, float]]:
    if weight >= ALL:
        return canary, {}
    return stable, {canary: weight / ALL} if weight else {}
