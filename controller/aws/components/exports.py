"""What is exported of a component into the restore point: each kind is one class."""

from collections.abc import Mapping
from typing import Any

from controller.aws.client.clients import Clients
from controller.aws.components.database.export import DatabaseExport
from controller.aws.components.function.export import FunctionExport
from controller.aws.components.parameters.export import ParametersExport
from controller.aws.components.site.export import SiteExport
from controller.aws.components.stack.export import StackExport
from controller.domain.deployment import Revision
from controller.domain.environment import (
    DatabaseTarget,
    Environment,
    LambdaTarget,
    ParametersTarget,
    SiteTarget,
    StackTarget,
)
from controller.ports.components import Exports


class AwsExports(Exports):
    """Implements `ports.Exports`."""

    def __init__(self, bucket: str, clients: Clients | None = None) -> None:
        """`bucket` is the controller's: the code of functions is kept there."""
        self._bucket, self._clients = bucket, clients or Clients()

    def of(self, environment: Environment, name: str, revision: Revision) -> Mapping[str, Any]:
        """The component's configuration; see `ports.Exports.of`."""
        match environment.components[name]:
            case LambdaTarget() as target:
                return FunctionExport(self._clients, self._bucket, target).of(revision)
            case SiteTarget() as target:
                return SiteExport(self._clients, target).of(revision)
            case ParametersTarget() as target:
                return ParametersExport(self._clients, target).of(revision)
            case DatabaseTarget() as target:
                return DatabaseExport(self._clients, target).of(revision)
            case StackTarget() as target:
                return StackExport(self._clients, target).of(revision)
