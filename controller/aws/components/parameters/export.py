"""The export of an application's parameters: the revision that it reads, with its values.

The bundle holds the values in plain text, so they are no secrets. A bundle only refers to secrets.
"""

from collections.abc import Mapping
from typing import Any

from controller.aws.client.clients import Clients
from controller.aws.components.parameters.store import ParameterStore
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.deployment import Revision


class ParametersExport:
    """Exports the parameters below one prefix."""

    def __init__(self, clients: Clients, target: ParametersTarget) -> None:
        self._prefix = target.prefix
        self._store = ParameterStore(clients, target.prefix)

    def of(self, revision: Revision) -> Mapping[str, Any]:
        """One call for ten parameters; none before the first release."""
        values = self._store.read(revision.id) if revision.id else {}
        return {"prefix": self._prefix, "revision": revision.id, "values": values}
