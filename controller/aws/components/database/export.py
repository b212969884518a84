"""The export of a database: what a restored database needs besides its snapshot. It holds no password."""

from collections.abc import Mapping
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.components.database.target import DatabaseTarget
from controller.domain.deployment import Revision

INSTANCE = (
    "DBInstanceIdentifier", "DBInstanceClass", "Engine", "EngineVersion", "MultiAZ", "PubliclyAccessible", "Port",
    "StorageType", "DBClusterIdentifier", "DeletionProtection",
)  # fmt: skip
CLUSTER = (
    "DBClusterIdentifier", "Engine", "EngineVersion", "Port", "DBClusterParameterGroup", "DeletionProtection",
    "ServerlessV2ScalingConfiguration",
)  # fmt: skip


class DatabaseExport:
    """Exports one instance or cluster."""

    def __init__(self, clients: Clients, target: DatabaseTarget) -> None:
        self._clients, self._target = clients, target

    def of(self, revision: Revision) -> Mapping[str, Any]:
        """One call, and one more for the class of a cluster's instances. A revision's id names its snapshot."""
        found = self._cluster() if self._target.cluster else self._instance(self._target.identifier)
        return {"snapshot": revision.id, **found}

    def _instance(self, identifier: str) -> dict[str, Any]:
        with calling("rds:DescribeDBInstances", identifier):
            (found,) = self._clients.databases.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
        groups = [one.get("DBParameterGroupName") for one in found.get("DBParameterGroups", [])]
        return {
            "instance": {key: found[key] for key in INSTANCE if key in found},  # type: ignore[literal-required]
            "subnet_group": found.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
            "security_groups": _groups(found),
            "parameter_group": groups[0] if groups else None,
        }

    def _cluster(self) -> dict[str, Any]:
        identifier = self._target.identifier
        with calling("rds:DescribeDBClusters", identifier):
            (found,) = self._clients.databases.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
        writers = [one["DBInstanceIdentifier"] for one in found.get("DBClusterMembers", []) if one["IsClusterWriter"]]
        return {
            "cluster": {key: found[key] for key in CLUSTER if key in found},  # type: ignore[literal-required]
            "subnet_group": found.get("DBSubnetGroup"),
            "security_groups": _groups(found),
            "writer": self._instance(writers[0])["instance"] if writers else None,
        }


def _groups(found: Mapping[str, Any]) -> list[str]:
    return [one["VpcSecurityGroupId"] for one in found.get("VpcSecurityGroups", [])]
