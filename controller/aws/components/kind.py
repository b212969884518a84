"""A kind of component on AWS: the adapters in its folder, each imported when it is first needed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from controller.aws.client.clients import Clients
from controller.domain.components.target import Target
from controller.domain.deployment import Revision
from controller.domain.restore_point import Snapshot
from controller.errors import SelfrightError
from controller.ports.components import Component, Context

Where = TypeVar("Where", bound=Target)


@dataclass(frozen=True)
class Tools:
    """What the adapters of all kinds need.

    `bucket` is the controller's, with the staging area. `context` says for which deployment a component is staged or
    restored.
    """

    clients: Clients
    bucket: str = ""
    context: Context | None = None


@dataclass(frozen=True)
class MetricNames:
    """CloudWatch's names for what visitors suffered: metrics whose sums count all, the bad ones, and the duration."""

    namespace: str
    requests: tuple[str, ...]
    errors: tuple[str, ...]
    duration: str
    dimensions: Mapping[str, str]


class AwsKind(Generic[Where]):
    """A kind on AWS. It overrides the methods that it supports; its targets are always of the kind's own class.

    `always_by_version`: CloudWatch has numbers of a version also while that serves all visitors.
    """

    always_by_version: ClassVar[bool] = False

    def component(self, target: Where, name: str, tools: Tools) -> Component:  # noqa: ARG002 - see the class
        """The component `name` of the manifest; only for kinds that bundles bring."""
        raise SelfrightError(f"'{name}' is a {target.kind}: no release brings or moves it.")

    def export(self, target: Where, revision: Revision, tools: Tools) -> Mapping[str, Any]:
        """The configuration of a revision for the restore point; see `ports.Exports.of`."""
        raise NotImplementedError

    def measured(self, target: Where, version: str) -> MetricNames:  # noqa: ARG002 - see the class
        """What CloudWatch measures of a version, or with "" of all; only for kinds that are measured by version."""
        raise SelfrightError(f"A {target.kind} is not measured by version.")

    def snapshot(self, target: Where, deployment_id: str, tools: Tools) -> Snapshot:  # noqa: ARG002 - see the class
        """The deployment's snapshot; only for kinds that no bundle brings. See `ports.Databases.snapshot`."""
        raise SelfrightError(f"There are no snapshots of a {target.kind}.")

    def prune(self, target: Where, keep: Collection[str], tools: Tools) -> int:  # noqa: ARG002
        """Delete old snapshots; see `ports.Databases.prune`."""
        raise SelfrightError(f"There are no snapshots of a {target.kind}.")
