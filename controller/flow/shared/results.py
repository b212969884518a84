"""What a state returns.

The workflow gets it as a JSON document: its Choices read `outcome` or `verdict`, the next state takes what it needs,
and the Step Functions console shows it to people. Documents stay small, because everything else is in the ledger.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from controller.domain.deployment import Deployment

Document = dict[str, Any]
"""JSON: what passes between states."""


@dataclass(frozen=True)
class Result:
    """The base of all results; a field that is None is left out of the document."""

    def document(self) -> Document:
        """The result as JSON; a deployment in it is summed up in a few values."""
        document: Document = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Deployment):
                document = {**_summary(value), **document}
            elif value is not None:
                document[field.name] = _plain(value)
        return document


@dataclass(frozen=True)
class Acknowledged(Result):
    """A state that waits for its task token has begun: its answer comes by the token."""

    outcome: str


@dataclass(frozen=True)
class DeploymentResult(Result):
    """What a state says about a deployment; `reason` takes the place of the deployment's own."""

    deployment: Deployment
    outcome: str
    reason: str | None = None


@dataclass(frozen=True)
class Unknown(Result):
    """The ledger has no such deployment: a person has mistyped its id, and asking again cannot help."""

    outcome: Literal["refused"]
    reason: str


@dataclass(frozen=True)
class ComponentResult(Result):
    """What a state says about one component; `revision` and `changed` once it is staged."""

    component: str
    outcome: str
    reason: str | None = None
    revision: str | None = None
    changed: bool | None = None


def _summary(deployment: Deployment) -> Document:
    """The few values of a deployment that pass between states, and that a person wants to see in the console."""
    return {
        "deployment_id": deployment.deployment_id,
        "application": deployment.application,
        "environment": deployment.environment,
        "version": deployment.version,
        "phase": str(deployment.phase),
        "components": list(deployment.components),
        "reason": deployment.reason,
        "next_step": deployment.next_step,
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
