"""Snapshots in RDS, by moto: made once, deleted when they are old and ours, and restored into a new database."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from controller.aws.client.clients import Clients
from controller.aws.components.database.export import DatabaseExport
from controller.aws.components.database.snapshots import TAG, RdsDatabases
from controller.domain.components.database.target import DatabaseTarget
from controller.domain.deployment import Revision
from controller.domain.restore_point import snapshot_id
from controller.errors import AwsError, NotFoundError
from selfright.components.database.recover import DatabaseRecovery

ORDERS = DatabaseTarget(kind="database", instance="orders", keep_snapshots=2)
STOCK = DatabaseTarget(kind="database", cluster="stock", keep_snapshots=2)
BOTH = pytest.mark.parametrize("target", [ORDERS, STOCK], ids=["instance", "cluster"])
PASSWORD = "hunter2-hunter2"


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """An instance and a cluster."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    with mock_aws():
        rds = boto3.client("rds", region_name="eu-central-1", **keys)
        login = {"MasterUsername": "admin1", "MasterUserPassword": PASSWORD}
        rds.create_db_instance(
            DBInstanceIdentifier="orders",
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            AllocatedStorage=20,
            **login,
        )
        rds.create_db_cluster(DBClusterIdentifier="stock", Engine="aurora-postgresql", **login)
        rds.create_db_instance(
            DBInstanceIdentifier="stock-1", DBClusterIdentifier="stock", DBInstanceClass="db.r6g.large",
            Engine="aurora-postgresql",
        )  # fmt: skip
        clients = Clients()
        clients.databases = rds
        yield clients


def names(clients: Clients, target: DatabaseTarget) -> set[str]:
    """The names of the manual snapshots."""
    rds: Any = clients.databases
    if target.instance:
        found = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        return {one["DBSnapshotIdentifier"] for one in found}
    found = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    return {one["DBClusterSnapshotIdentifier"] for one in found}


@BOTH
def test_two_requests_make_one_snapshot(clients: Clients, target: DatabaseTarget) -> None:
    """Its name is made from the deployment's id, and it is available in the end."""
    databases = RdsDatabases(clients)
    databases.snapshot(target, "d1")
    again = databases.snapshot(target, "d1")
    assert (again.id, again.state) == (snapshot_id(target.identifier, "d1"), "available")
    assert names(clients, target) == {again.id}


@BOTH
def test_only_old_snapshots_of_ours_are_deleted(clients: Clients, target: DatabaseTarget) -> None:
    """A person's snapshot stays whatever its name is; so does one that is to be kept."""
    databases, rds = RdsDatabases(clients), clients.databases
    made = [databases.snapshot(target, f"d{number}").id for number in range(5)]
    persons = {f"selfright-{target.identifier}-by-hand", f"{target.identifier}-before-the-move"}
    for name in persons:
        if target.instance:
            rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier="orders")
        else:
            rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=name, DBClusterIdentifier="stock")
    gone = databases.prune(target, {made[0]})
    left = names(clients, target)
    assert persons <= left
    assert made[0] in left
    assert gone == 5 - len(left & set(made))
    assert gone in {2, 3}
    assert databases.prune(target, {made[0]}) == 0


def test_a_missing_database_is_reported(clients: Clients) -> None:
    """The release is refused with this message."""
    with pytest.raises(NotFoundError, match=r"rds:CreateDBSnapshot on .* of nowhere"):
        RdsDatabases(clients).snapshot(DatabaseTarget(kind="database", instance="nowhere"), "d1")


class Answers:
    """RDS whose one operation raises the given error."""

    def __init__(self, rds: object, operation: str, error: Exception) -> None:
        self._rds, self._operation, self._error = rds, operation, error

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any operation
        if name != self._operation:
            return getattr(self._rds, name)

        def fail(**_: object) -> None:
            raise self._error

        return fail


@pytest.mark.parametrize(
    ("code", "state"), [("InvalidDBInstanceState", "pending"), ("DBSnapshotAlreadyExists", "pending"), ("Other", None)]
)
def test_a_busy_database_is_waited_for(clients: Clients, code: str, state: str | None) -> None:
    """A backup by RDS ends by itself; anything else is an error."""
    rds: Any = clients.databases
    error = rds.exceptions.ClientError({"Error": {"Code": code, "Message": "no"}}, "CreateDBSnapshot")
    clients.databases = Answers(rds, "create_db_snapshot", error)  # type: ignore[assignment]
    if state:
        assert RdsDatabases(clients).snapshot(ORDERS, "d1").state == state
    else:
        with pytest.raises(AwsError):
            RdsDatabases(clients).snapshot(ORDERS, "d1")


@BOTH
def test_a_restored_database_is_a_new_one(clients: Clients, target: DatabaseTarget) -> None:
    """The recovery plans it, makes it once, and says how to go on; the old one stays. No password is exported."""
    snapshot = RdsDatabases(clients).snapshot(target, "d1")
    document = DatabaseExport(clients, target).of(Revision(snapshot.id))
    assert PASSWORD not in str(document)
    recovery = DatabaseRecovery(clients, "db", target, document, "d1")
    first, *rest = recovery.plan()
    assert (first.level, recovery.new_name) == ("do", f"{target.identifier}-restored-{recovery.new_name[-6:]}")
    assert any("aws rds wait" in step.text for step in rest)
    first.act()
    assert not [step for step in recovery.plan() if step.level == "do"]
    rds = clients.databases
    if target.instance:
        (new,) = rds.describe_db_instances(DBInstanceIdentifier=recovery.new_name)["DBInstances"]
        assert (new["DBInstanceClass"], new["Engine"]) == ("db.t4g.micro", "postgres")
    else:
        (cluster,) = rds.describe_db_clusters(DBClusterIdentifier=recovery.new_name)["DBClusters"]
        assert [one["DBInstanceIdentifier"] for one in cluster["DBClusterMembers"]] == [f"{recovery.new_name}-1"]


def test_a_cluster_that_was_left_without_its_instance_gets_it(clients: Clients) -> None:
    """An interrupted recovery goes on: a cluster alone answers no queries. Parameters and size are as before."""
    rds: Any = clients.databases
    group = {"DBClusterParameterGroupName": "ours", "DBParameterGroupFamily": "aurora-postgresql16"}
    rds.create_db_cluster_parameter_group(**group, Description="ours")
    scaling = {"MinCapacity": 0.5, "MaxCapacity": 4.0}
    rds.modify_db_cluster(
        DBClusterIdentifier="stock", DBClusterParameterGroupName="ours", ServerlessV2ScalingConfiguration=scaling
    )
    snapshot = RdsDatabases(clients).snapshot(STOCK, "d1")
    document = DatabaseExport(clients, STOCK).of(Revision(snapshot.id))
    error = rds.exceptions.ClientError({"Error": {"Code": "Other", "Message": "no"}}, "CreateDBInstance")
    clients.databases = Answers(rds, "create_db_instance", error)  # type: ignore[assignment]
    interrupted = DatabaseRecovery(clients, "db", STOCK, document, "d1")
    with pytest.raises(AwsError):
        interrupted.plan()[0].act()
    clients.databases = rds
    recovery = DatabaseRecovery(clients, "db", STOCK, document, "d1")
    (step,) = [step for step in recovery.plan() if step.level == "do"]
    step.act()
    (cluster,) = rds.describe_db_clusters(DBClusterIdentifier=recovery.new_name)["DBClusters"]
    assert [one["DBInstanceIdentifier"] for one in cluster["DBClusterMembers"]] == [f"{recovery.new_name}-1"]
    assert (cluster["DBClusterParameterGroup"], cluster["ServerlessV2ScalingConfiguration"]) == ("ours", scaling)
    assert not [step for step in recovery.plan() if step.level == "do"]


def test_without_a_snapshot_there_is_nothing_to_restore(clients: Clients) -> None:
    """No snapshot was made, or it has been deleted."""
    document = DatabaseExport(clients, ORDERS).of(Revision(""))
    assert DatabaseRecovery(clients, "db", ORDERS, document, "d1").plan()[0].level == "cannot"
    gone = {**document, "snapshot": "selfright-orders-gone"}
    assert "no longer exists" in DatabaseRecovery(clients, "db", ORDERS, gone, "d1").plan()[0].text


def test_the_tag_is_on_every_snapshot(clients: Clients) -> None:
    """Our snapshots are known by this tag together with their names."""
    RdsDatabases(clients).snapshot(ORDERS, "d1")
    (found,) = clients.databases.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert {"Key": TAG, "Value": "d1"} in found["TagList"]
