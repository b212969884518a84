"""Databases whose snapshots are taken before releases."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from aws_cdk import Aws

from selfright.cdk import durations
from selfright.cdk.components.component import Privileges, allow
from selfright.cdk.errors import DeclarationError
from selfright.cdk.names import Group

if TYPE_CHECKING:  # CDK's modules are slow to import, and most applications have no database
    from aws_cdk import aws_rds as rds


@dataclass(frozen=True)
class DatabaseComponent:
    """A database; a snapshot is taken before every deployment that may change anything.

    No release changes it, and no rollback restores it.

    Args:
        instance: an RDS instance; either this or a cluster.
        cluster: an Aurora cluster.
        snapshot: `when_changed` takes none if the live release is released again; `always` takes one.
        keep_snapshots: how many of Selfright's snapshots are kept, from 1 to 50.
        wait: how long a snapshot may take before the release is refused, such as `1h`; at most `12h`.
    """

    instance: "rds.IDatabaseInstance | None" = None
    cluster: "rds.IDatabaseCluster | None" = None
    snapshot: Literal["always", "when_changed"] = "when_changed"
    keep_snapshots: int = 5
    wait: str = "1h"

    def __post_init__(self) -> None:
        """Refuse wrong arguments before a release would fail."""
        durations.check("wait", self.wait)
        if (self.instance is None) == (self.cluster is None):
            raise DeclarationError("a database is either an `instance` or a `cluster`")

    def declaration(self) -> dict[str, Any]:
        """The entry that `DatabaseTarget` reads."""
        return {
            "kind": "database",
            ("instance" if self.instance else "cluster"): self._identifier,
            "snapshot": self.snapshot,
            "keep_snapshots": self.keep_snapshots,
            "wait": self.wait,
        }

    def privileges(self) -> Privileges:
        """Snapshots of this database with our names: one function creates them, another deletes them, none restores.

        Listing is allowed for all snapshots of the account (AWS has no narrower permission) and shows only metadata.
        """
        kind = "DB" if self.instance else "DBCluster"
        database = self._arn("db" if self.instance else "cluster", self._identifier)
        snapshots = "snapshot" if self.instance else "cluster-snapshot"
        ours = self._arn(snapshots, f"selfright-{self._identifier}-*")
        read_access = allow([f"rds:Describe{kind}Snapshots"], [database, self._arn(snapshots, "*")])
        describe = [allow([f"rds:Describe{kind}{'s' if self.cluster else 'Instances'}"], [database])]
        if self.cluster:  # to read the class of its instances
            describe.append(allow(["rds:DescribeDBInstances"], [self._arn("db", "*")]))
        return {
            Group.STAGE: [
                *describe,
                read_access,
                allow([f"rds:Create{kind}Snapshot"], [database, ours]),
                allow(["rds:AddTagsToResource"], [ours]),
            ],
            Group.CLOSE: [read_access, allow([f"rds:Delete{kind}Snapshot"], [ours])],
        }

    @property
    def _identifier(self) -> str:
        if self.instance:
            return self.instance.instance_identifier
        return self.cluster.cluster_identifier if self.cluster else ""

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:{Aws.PARTITION}:rds:{Aws.REGION}:{Aws.ACCOUNT_ID}:{kind}:{name}"
