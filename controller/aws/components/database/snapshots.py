"""Snapshots of an application's databases in RDS: of an instance, or of an Aurora cluster.

A snapshot's name is made from the deployment's id, so two requests make one snapshot. Selfright deletes only snapshots
that have both its name and its tag: a snapshot that a person made stays, whatever its name is.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.components.database.target import DatabaseTarget
from controller.domain.restore_point import Snapshot, SnapshotState, snapshot_id, snapshot_prefix
from controller.errors import AwsError, NotFoundError

TAG = "selfright:deployment"
EXISTS = frozenset({"DBSnapshotAlreadyExists", "DBClusterSnapshotAlreadyExistsFault"})
BUSY = frozenset({"InvalidDBInstanceState", "InvalidDBClusterStateFault"})
"""Another operation on the database is running, for example a backup, and will end by itself."""
STATES: Mapping[str, SnapshotState] = {"available": "available", "failed": "failed"}
BEING_MADE = datetime.max.replace(tzinfo=UTC)
"""Stands for the time of a snapshot that has none yet, so that it counts as the newest."""


class RdsDatabases:
    """The snapshots of instances and clusters; see `ports.Databases`."""

    def __init__(self, clients: Clients | None = None) -> None:
        self._clients = clients or Clients()

    def snapshot(self, target: DatabaseTarget, deployment_id: str) -> Snapshot:
        """One call while the snapshot is being made; two to begin it."""
        snapshots = _snapshots(self._clients, target)
        name = snapshot_id(target.identifier, deployment_id)
        try:
            return _progress(name, snapshots.find(name))
        except NotFoundError:
            return self._begin(snapshots, name, deployment_id)

    def prune(self, target: DatabaseTarget, keep: Collection[str]) -> int:
        """One call, and one more for each snapshot that is deleted."""
        snapshots = _snapshots(self._clients, target)
        ours = sorted(snapshots.ours(), key=lambda one: one[1], reverse=True)
        spared = {*keep, *(name for name, _ in ours[: target.keep_snapshots])}
        gone = [name for name, _ in ours if name not in spared]
        for name in gone:
            snapshots.delete(name)
        return len(gone)

    def _begin(self, snapshots: "_Snapshots", name: str, deployment_id: str) -> Snapshot:
        try:
            return _progress(name, snapshots.create(name, deployment_id))
        except AwsError as error:
            if error.code in BUSY:
                return Snapshot(name, "pending", str(error))
            if error.code in EXISTS:
                return Snapshot(name, "pending", "another request has just begun it")
            raise


class _Snapshots:
    """The snapshots of one instance or cluster, whose operations differ only in their names."""

    def __init__(self, clients: Clients, database: str, kind: Literal["DB", "DBCluster"]) -> None:
        self._clients, self._database, self._kind = clients, database, kind
        self._api = "db" if kind == "DB" else "db_cluster"
        self._key = f"{kind}SnapshotIdentifier"
        self._of = "DBInstanceIdentifier" if kind == "DB" else "DBClusterIdentifier"

    def find(self, name: str) -> Mapping[str, Any]:
        """Raises `NotFoundError`."""
        found = self._call("Describe", name, "s", **{self._key: name})[f"{self._kind}Snapshots"]
        if not found:
            raise NotFoundError(f"There is no snapshot {name}.")
        return dict(found[0])

    def create(self, name: str, deployment_id: str) -> Mapping[str, Any]:
        tags = [{"Key": TAG, "Value": deployment_id}]
        created = self._call("Create", name, "", **{self._key: name, self._of: self._database, "Tags": tags})
        return dict(created[f"{self._kind}Snapshot"])

    def ours(self) -> list[tuple[str, datetime]]:
        """Name and time of every snapshot that Selfright made of this database."""
        pages = self._clients.databases.get_paginator(f"describe_{self._api}_snapshots")  # type: ignore[call-overload]
        with calling(f"rds:Describe{self._kind}Snapshots", self._database):
            found = [
                one
                for page in pages.paginate(**{self._of: self._database, "SnapshotType": "manual"})
                for one in page[f"{self._kind}Snapshots"]
            ]
        return [(one[self._key], one.get("SnapshotCreateTime", BEING_MADE)) for one in found if self._is_ours(one)]

    def delete(self, name: str) -> None:
        self._call("Delete", name, "", **{self._key: name})

    def _is_ours(self, found: Mapping[str, Any]) -> bool:
        named = found[self._key].startswith(snapshot_prefix(self._database))
        return named and TAG in {tag.get("Key") for tag in found.get("TagList", [])}

    def _call(self, verb: str, name: str, plural: str, **arguments: Any) -> Mapping[str, Any]:  # noqa: ANN401
        operation = getattr(self._clients.databases, f"{verb.lower()}_{self._api}_snapshot{plural}")
        with calling(f"rds:{verb}{self._kind}Snapshot{plural}", f"{name} of {self._database}"):
            return dict(operation(**arguments))


def _snapshots(clients: Clients, target: DatabaseTarget) -> _Snapshots:
    return _Snapshots(clients, target.identifier, "DB" if target.instance else "DBCluster")


def _progress(name: str, found: Mapping[str, Any]) -> Snapshot:
    status = str(found.get("Status", "creating"))
    done = found.get("PercentProgress")
    return Snapshot(name, STATES.get(status, "pending"), f"{status}, {done} %" if done is not None else status)
