"""What is exported of a component into the restore point: each kind is one class."""

from collections.abc import Mapping
from typing import Any

from controller.aws.clients import Clients
from controller.aws.export_databases import DatabaseExport
from controller.aws.export_functions import FunctionExport
from controller.aws.export_parameters import ParametersExport
from controller.aws.export_sites import SiteExport
from controller.aws.export_stacks import StackExport
from controller.domain.deployment import Revision
from controller.domain.environment import (
    DatabaseTarget,
    Environment,
    LambdaTarget,
    ParametersTarget,
    SiteTarget,
    StackTarget,
)


class AwsExports:
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
