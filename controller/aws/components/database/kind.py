"""The kind `database` on AWS."""
# ruff: noqa: PLC0415 - each adapter is imported when it is first needed

from collections.abc import Collection, Mapping
from typing import Any

from controller.aws.components.kind import AwsKind, Tools
from controller.domain.components.database.target import DatabaseTarget
from controller.domain.deployment import Revision
from controller.domain.restore_point import Snapshot


class DatabaseKind(AwsKind[DatabaseTarget]):
    """A database in RDS."""

    def export(self, target: DatabaseTarget, revision: Revision, tools: Tools) -> Mapping[str, Any]:
        """What a restored database needs besides its snapshot."""
        from controller.aws.components.database.export import DatabaseExport

        return DatabaseExport(tools.clients, target).of(revision)

    def snapshot(self, target: DatabaseTarget, deployment_id: str, tools: Tools) -> Snapshot:
        """The deployment's snapshot in RDS."""
        from controller.aws.components.database.snapshots import RdsDatabases

        return RdsDatabases(tools.clients).snapshot(target, deployment_id)

    def prune(self, target: DatabaseTarget, keep: Collection[str], tools: Tools) -> int:
        """Delete old snapshots that Selfright made in RDS."""
        from controller.aws.components.database.snapshots import RdsDatabases

        return RdsDatabases(tools.clients).prune(target, keep)


KIND = DatabaseKind()
