"""Recovery of a database: creates a *new* one from the snapshot and never touches the old one.

A person decides which of the two the application uses from then on; the steps say how.
"""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.components.database.target import DatabaseTarget
from controller.errors import NotFoundError
from selfright.components.recovered import RecoveryStep, cannot, do

LONGEST = 63
SUFFIX = "-restored-"


class DatabaseRecovery:
    """Implements `recovered.Recovery`."""

    def __init__(
        self, clients: Clients, name: str, target: DatabaseTarget, document: Mapping[str, Any], deployment_id: str
    ) -> None:
        """`document` is the restore point's; the new database is named after the deployment."""
        self._rds, self._name, self._target, self._had = clients.databases, name, target, document
        suffix = f"{SUFFIX}{hashlib.sha256(deployment_id.encode()).hexdigest()[:6]}"
        self.new_name = f"{target.identifier.lower()[: LONGEST - len(suffix) - 2].rstrip('-')}{suffix}"
        self._snapshot: str = document.get("snapshot", "")

    def plan(self) -> list[RecoveryStep]:
        """Create what is missing of the new database; then list what a person has to do."""
        if not self._snapshot:
            return [cannot(self._name, "no snapshot was taken before this deployment, because it changed nothing.")]
        if status := self._status("DBInstance" if self._target.instance else "DBCluster", self.new_name):
            known = RecoveryStep(self._name, f"{self.new_name} exists ({status}).")
            return [known, *self._instance(), *self._manual_steps()]
        if not self._snapshot_exists():
            return [cannot(self._name, f"the snapshot {self._snapshot} no longer exists.")]
        restore = self._restore_instance if self._target.instance else self._restore_cluster
        text = f"create the new database {self.new_name} from the snapshot {self._snapshot}"
        return [do(self._name, text, restore), *self._manual_steps()]

    def _instance(self) -> list[RecoveryStep]:
        """A cluster's instance, if the recovery was interrupted before it created that."""
        if not self._had.get("writer") or self._status("DBInstance", self._writer):
            return []
        return [do(self._name, f"create the instance {self._writer} in it", self._create_instance)]

    def _manual_steps(self) -> list[RecoveryStep]:
        kind = "db-instance-available --db-instance" if self._target.instance else "db-cluster-available --db-cluster"
        return [
            RecoveryStep(self._name, f"wait until it is available: aws rds wait {kind}-identifier {self.new_name}"),
            RecoveryStep(
                self._name, f"check its data, then point the application to it; {self._target.identifier} stays."
            ),
        ]

    def _status(self, kind: Literal["DBInstance", "DBCluster"], name: str) -> str:
        describe = self._rds.describe_db_instances if kind == "DBInstance" else self._rds.describe_db_clusters
        try:
            with calling(f"rds:Describe{kind}s", name):
                found = describe(**{f"{kind}Identifier": name})[f"{kind}s"]  # type: ignore[arg-type, literal-required]
        except NotFoundError:
            return ""
        return str(found[0].get(f"{kind}Status") or found[0].get("Status") or "there") if found else ""

    def _snapshot_exists(self) -> bool:
        try:
            with calling("rds:DescribeDBSnapshots", self._snapshot):
                if self._target.instance:
                    return bool(self._rds.describe_db_snapshots(DBSnapshotIdentifier=self._snapshot)["DBSnapshots"])
                found = self._rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=self._snapshot)
                return bool(found["DBClusterSnapshots"])
        except NotFoundError:
            return False

    def _restore_instance(self) -> None:
        had = self._had["instance"]
        wanted = {
            "DBInstanceClass": had.get("DBInstanceClass"),
            "MultiAZ": had.get("MultiAZ"),
            "PubliclyAccessible": had.get("PubliclyAccessible"),
            "DeletionProtection": had.get("DeletionProtection"),
            "DBParameterGroupName": self._had.get("parameter_group"),
            **self._network(),
        }
        restore = partial(self._rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier=self.new_name)
        with calling("rds:RestoreDBInstanceFromDBSnapshot", self.new_name):
            restore(DBSnapshotIdentifier=self._snapshot, **_without_empty(wanted))

    def _restore_cluster(self) -> None:
        """Restore the cluster and create one instance in it, because a cluster without instances answers no query."""
        had = self._had["cluster"]
        wanted = {
            "EngineVersion": had.get("EngineVersion"),
            "DBClusterParameterGroupName": had.get("DBClusterParameterGroup"),
            "DeletionProtection": had.get("DeletionProtection"),
            "ServerlessV2ScalingConfiguration": had.get("ServerlessV2ScalingConfiguration"),
            **self._network(),
        }
        with calling("rds:RestoreDBClusterFromSnapshot", self.new_name):
            self._rds.restore_db_cluster_from_snapshot(
                DBClusterIdentifier=self.new_name,
                SnapshotIdentifier=self._snapshot,
                Engine=had["Engine"],
                **_without_empty(wanted),
            )
        if self._had.get("writer"):
            self._create_instance()

    def _create_instance(self) -> None:
        with calling("rds:CreateDBInstance", self._writer):
            self._rds.create_db_instance(
                DBInstanceIdentifier=self._writer,
                DBClusterIdentifier=self.new_name,
                DBInstanceClass=self._had["writer"]["DBInstanceClass"],
                Engine=self._had["cluster"]["Engine"],
            )

    @property
    def _writer(self) -> str:
        return f"{self.new_name}-1"

    def _network(self) -> dict[str, Any]:
        return {
            "DBSubnetGroupName": self._had.get("subnet_group"),
            "VpcSecurityGroupIds": self._had.get("security_groups"),
        }


def _without_empty(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value not in (None, "", [])}
