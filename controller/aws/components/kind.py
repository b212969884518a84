"""What a kind of component is on AWS: the adapters that its folder has, each imported when it is first needed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from controller.aws.client.clients import Clients
from controller.domain.components.target import Target
from controller.domain.deployment import Revision
from controller.domain.restore_point import Snapshot
from controller.errors import SelfrightError
from controller.ports.components import Component, Context

Where = TypeVar("Where", bound=Target)


@dataclass(frozen=True)
class Tools:
    """What the adapters of all kinds are made with.

    `bucket` is the controller's, with the staging area. Whoever stages or restores says for which deployment
    (`context`).
    """

    clients: Clients
    bucket: str = ""
    context: Context | None = None


class AwsKind(Generic[Where]):
    """A kind on AWS: it overrides what it has. Its targets are always of the kind's own class."""

    def component(self, target: Where, name: str, tools: Tools) -> Component:  # noqa: ARG002 - see the class
        """The component `name` of the manifest; only of what bundles bring."""
        raise SelfrightError(f"'{name}' is a {target.kind}: no release brings or moves it.")

    def export(self, target: Where, revision: Revision, tools: Tools) -> Mapping[str, Any]:
        """The configuration of a revision for the restore point; see `ports.Exports.of`."""
        raise NotImplementedError

    def dimensions(self, target: Where) -> Mapping[str, str]:
        """By which CloudWatch knows what it has measured; only of what is measured by version."""
        raise SelfrightError(f"A {target.kind} is not measured by version.")

    def snapshot(self, target: Where, deployment_id: str, tools: Tools) -> Snapshot:  # noqa: ARG002 - see the class
        """The deployment's snapshot; only of what no bundle brings. See `ports.Databases.snapshot`."""
        raise SelfrightError(f"There are no snapshots of a {target.kind}.")

    def prune(self, target: Where, keep: Collection[str], tools: Tools) -> int:  # noqa: ARG002
        """Take old snapshots away; see `ports.Databases.prune`."""
        raise SelfrightError(f"There are no snapshots of a {target.kind}.")
