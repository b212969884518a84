"""The snapshots of components that no bundle brings, of any kind."""

from collections.abc import Collection

from controller.aws.client.clients import Clients
from controller.aws.client.deploy_roles import ClientsOf
from controller.aws.components.kind import Tools
from controller.aws.components.registry import aws_kind_of
from controller.domain.components.target import Target
from controller.domain.environment import Environment
from controller.domain.restore_point import Snapshot
from controller.ports.components import Databases


class AwsSnapshots(Databases):
    """Implements `ports.Databases`."""

    def __init__(self, clients: ClientsOf | None = None) -> None:
        """`clients` gives those for an environment."""
        self._clients = clients or Clients()

    def snapshot(self, environment: Environment, target: Target, deployment_id: str) -> Snapshot:
        """Begin the deployment's snapshot, once, or return its progress; see the port."""
        return aws_kind_of(target.kind).snapshot(target, deployment_id, Tools(self._clients.of(environment)))

    def prune(self, environment: Environment, target: Target, keep: Collection[str]) -> int:
        """Delete old snapshots that Selfright made; see the port."""
        return aws_kind_of(target.kind).prune(target, keep, Tools(self._clients.of(environment)))
