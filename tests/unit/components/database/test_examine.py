import pytest

from controller.aws.client.clients import Clients
from controller.errors import NotFoundError
from tests.examining import examined

INSTANCE = {"kind": "database", "instance": "orders"}
CLUSTER = {"kind": "database", "cluster": "orders"}


def test_a_database_must_be_available(account: None) -> None:
    """Otherwise RDS takes no snapshot, and a release is refused."""
    rds = Clients().databases
    rds.create_db_instance(DBInstanceIdentifier="orders", DBInstanceClass="db.t3.micro", Engine="postgres")
    assert examined(INSTANCE, Clients(), "the database")[0].severity == "ok"
    rds.stop_db_instance(DBInstanceIdentifier="orders")
    (found,) = examined(INSTANCE, Clients(), "the database")
    assert (found.severity, found.found) == ("problem", "it is stopped")


def test_a_cluster_is_looked_for_as_a_cluster(account: None) -> None:
    """Also when there is none."""
    with pytest.raises(NotFoundError, match="rds:DescribeDBClusters on orders"):
        examined(CLUSTER, Clients(), "the database")
    Clients().databases.create_db_cluster(
        DBClusterIdentifier="orders", Engine="aurora-postgresql", MasterUsername="u", MasterUserPassword="a-password"
    )
    assert examined(CLUSTER, Clients(), "the database")[0].severity == "ok"
