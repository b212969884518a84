"""The export of a stack: its template, with the values of its parameters. AWS does not return secret values."""

from collections.abc import Mapping
from typing import Any

from controller.aws.client.clients import Clients
from controller.aws.components.stack.cloudformation import StackCalls
from controller.domain.components.stack.target import StackTarget
from controller.domain.deployment import Revision
from controller.errors import ChangedByOthersError


class StackExport:
    """Exports one stack."""

    def __init__(self, clients: Clients, target: StackTarget) -> None:
        self._calls = StackCalls(clients, target.stack_name)

    def of(self, revision: Revision) -> Mapping[str, Any]:
        """Two calls; only the name before the first release. Raises `ChangedByOthersError` if the revision differs."""
        present = self._calls.present()
        if present is None or present.is_empty:
            return {"stack_name": self._calls.name}
        if present.revision != revision.id:
            raise ChangedByOthersError(f"somebody has just changed the stack {self._calls.name}")
        return {
            "stack_name": self._calls.name,
            "template": present.template,
            "parameters": dict(present.parameters),
            "capabilities": list(present.capabilities),
        }
