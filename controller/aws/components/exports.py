"""The export of a component's configuration into the restore point."""

from collections.abc import Mapping
from typing import Any

from controller.aws.client.clients import Clients
from controller.aws.client.pacing import FORWARD_PATIENCE, paced, unpaced
from controller.aws.components.kind import Tools
from controller.aws.components.registry import aws_kind_of
from controller.domain.deployment import Revision
from controller.domain.environment import Environment
from controller.ports.components import Exports


class AwsExports(Exports):
    """Implements `ports.Exports`."""

    def __init__(self, bucket: str, clients: Clients | None = None) -> None:
        """`bucket` is the controller's, which keeps the code of functions."""
        # Of AWS Lambda it only reads functions with their code, which is not taken from the control plane's budget.
        self._tools = Tools(paced(clients or Clients(), unpaced, FORWARD_PATIENCE), bucket)

    def of(self, environment: Environment, name: str, revision: Revision) -> Mapping[str, Any]:
        """The component's configuration; see `ports.Exports.of`."""
        target = environment.components[name]
        return aws_kind_of(target.kind).export(target, revision, self._tools)
