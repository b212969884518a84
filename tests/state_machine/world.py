"""The world that the handlers work in: the real adapters on moto, and fakes where there is no AWS in process."""
# ruff: noqa: ANN401 - any call of any port

from collections.abc import Callable
from typing import Any

from controller.aws.bundles import S3Bundles
from controller.aws.client.clients import client
from controller.aws.environments import SsmEnvironments
from controller.aws.ledger.deployments import DynamoDeployments
from controller.aws.ledger.evaluations import DynamoEvaluations
from controller.aws.ledger.guards import DynamoGuards
from controller.aws.ledger.locks import DynamoLocks, DynamoVersions
from controller.aws.notifications import SnsNotifications
from controller.aws.restore_points import S3RestorePoints
from controller.aws.secrets import SecretsManagerSecrets
from controller.aws.workflows import StepFunctionsWorkflows
from tests.fakes import (
    FakeBudget,
    FakeDatabases,
    FakeExports,
    FakeHooks,
    FakeInbox,
    FakeMarkers,
    FakeRehearsals,
    FakeTasks,
)
from tests.state_machine.fakes import FakeAlarms, FakeComponent, FakeComponents, FakeMetrics, FakeProbe, ManualClock
from tests.state_machine.script import When


class MotoWorld:
    """Implements `flow.world.World`."""

    def __init__(self, table: str, topic: str, rollback_machine: str, touch: Callable[[str, str], None]) -> None:
        self.clock = ManualClock()
        self.environments = SsmEnvironments()
        self.bundles = S3Bundles()
        self.deployments = self.open_deployments = DynamoDeployments(table)
        self.evaluations = DynamoEvaluations(table)
        self.locks = DynamoLocks(table)
        self.versions = DynamoVersions(table)
        self.guards = DynamoGuards(table)
        self.components = FakeComponents({name: FakeComponent(name, touch) for name in ("api", "site")})
        self.budget = FakeBudget()
        self.exports = FakeExports()
        self.restore_points = S3RestorePoints("artifacts")
        self.databases = FakeDatabases()
        self.secrets = SecretsManagerSecrets()
        self.probe = FakeProbe()
        self.hooks = FakeHooks()
        self.tasks = FakeTasks()
        self.inbox = FakeInbox()
        self.rehearsals = FakeRehearsals()
        self.metrics = FakeMetrics()
        self.markers = FakeMarkers()
        self.alarms = FakeAlarms()
        self.workflows = StepFunctionsWorkflows(rollback_machine)
        self.notifications = SnsNotifications(topic)

    def tapped(self, tap: Callable[[str, When], None]) -> "MotoWorld":
        """The same world, with a tap at every port but the clock and the components."""
        world = object.__new__(MotoWorld)
        for name, port in vars(self).items():
            setattr(world, name, port if name in {"clock", "components"} else Tapped(port, name, tap))
        return world


class Tapped:
    """A port whose every call is announced, before and after it."""

    def __init__(self, port: object, name: str, tap: Callable[[str, When], None]) -> None:
        self._port, self._name, self._tap = port, name, tap

    def __getattr__(self, method: str) -> Any:
        called = getattr(self._port, method)

        def call(*arguments: Any, **named: Any) -> Any:
            self._tap(f"{self._name}.{method}", "before")
            answer = called(*arguments, **named)
            self._tap(f"{self._name}.{method}", "after")
            return answer

        return call


def make_table(name: str) -> str:
    """A ledger, as the CDK app makes it."""
    names = ("pk", "sk", "environment_key", "sort_key", "open")
    client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in names],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[
            {"IndexName": index, "KeySchema": _keys(key, "sort_key"), "Projection": {"ProjectionType": "ALL"}}
            for index, key in (("by_environment", "environment_key"), ("open", "open"))
        ],
    )
    return name


def _keys(partition: str, sort: str) -> Any:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def guards(table: str) -> list[str]:
    """The open guards of a ledger."""
    items = client("dynamodb").scan(TableName=table)["Items"]
    return [item["pk"]["S"] for item in items if item["pk"]["S"].startswith("ALARM#")]
