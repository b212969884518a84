"""Examines a database: whether a snapshot of it can be taken before a release."""

from collections.abc import Iterator

from controller.aws.client.calls import calling
from controller.domain.components.database.target import DatabaseTarget
from selfright.components.examined import Examination, Examining, Finding, ok, problem

AVAILABLE = "available"


class DatabaseExaminer:
    """Looks at the state of the instance or cluster."""

    def __init__(self, examining: Examining, target: DatabaseTarget) -> None:
        self._rds, self._target = examining.clients.databases, target

    def examinations(self) -> list[Examination]:
        """The one of the database."""
        return [Examination(f"the database {self._target.identifier}", self._database)]

    def _database(self) -> Iterator[Finding]:
        status = self._status()
        if status == AVAILABLE:
            yield ok(status)
        else:
            means = "RDS takes no snapshot in this state, and without one a release is refused."
            yield problem(f"it is {status}", means, "Wait until it is available, or see the RDS console.")

    def _status(self) -> str:
        target = self._target
        if target.cluster:
            with calling("rds:DescribeDBClusters", target.cluster):
                (cluster,) = self._rds.describe_db_clusters(DBClusterIdentifier=target.cluster)["DBClusters"]
            return str(cluster["Status"])
        with calling("rds:DescribeDBInstances", target.identifier):
            (one,) = self._rds.describe_db_instances(DBInstanceIdentifier=target.identifier)["DBInstances"]
        return str(one["DBInstanceStatus"])
