import json
from typing import Any

import pytest

from controller.aws.client.clients import Clients, client
from selfright.account.account import ControllerResources
from selfright.doctor.controller import ControllerExaminer
from tests.cli_world import BUCKET, TABLE, CliWorld
from tests.examining import ExaminedLambda, found_in

HERE = "us-east-1:123456789012"
ON_ALARM, RECONCILE = (f"arn:aws:lambda:{HERE}:function:selfright-{name}" for name in ("on-alarm", "reconcile"))
ROLE = "arn:aws:iam::123456789012:role/machine"


class Bucket:
    """The bucket's settings; moto forgets that it sends events to EventBridge."""

    def __init__(self) -> None:
        self.events: dict[str, Any] = {"EventBridgeConfiguration": {}}

    def get_bucket_versioning(self, *, Bucket: str) -> Any:  # noqa: ANN401, N803 - AWS's name
        """As it is in moto."""
        return client("s3").get_bucket_versioning(Bucket=Bucket)

    def get_bucket_notification_configuration(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """What it sends."""
        assert Bucket == BUCKET
        return self.events


class Controller:
    """A controller with everything that it needs."""

    def __init__(self) -> None:
        self.functions, self.bucket = ExaminedLambda(), Bucket()
        states, definition = client("stepfunctions"), json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}})
        machines = [
            states.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]
            for name in ("selfright-deploy", "selfright-rollback")
        ]
        topic = client("sns").create_topic(Name="selfright")["TopicArn"]
        self.resources = ControllerResources(
            table=TABLE,
            bucket=BUCKET,
            deploy_machine_arn=machines[0],
            rollback_machine_arn=machines[1],
            on_alarm_function_arn=ON_ALARM,
            reconcile_function_arn=RECONCILE,
            notifications_topic_arn=topic,
        )
        for name, target in (("uploads", machines[0]), ("alarms", ON_ALARM), ("schedule", RECONCILE)):
            client("events").put_rule(Name=name, EventPattern='{"source": ["aws.s3"]}', State="ENABLED")
            client("events").put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target}])
        client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{HERE}:told")

    def look(self, subject: str) -> list[tuple[str, str]]:
        """Severity and words of what is found."""
        clients = Clients()
        clients.functions, clients.objects = self.functions, self.bucket  # type: ignore[assignment]
        examinations = ControllerExaminer(self.resources, clients).examinations()
        return [(one.severity, one.found) for one in found_in(examinations, subject)]


@pytest.fixture
def controller(world: CliWorld) -> Controller:
    """Its table, bucket, machines, rules, and somebody to notify."""
    return Controller()


def test_a_controller_that_has_everything_is_well(controller: Controller) -> None:
    """Every one of its resources."""
    for one in ControllerExaminer(controller.resources, Clients()).examinations():
        assert {severity for severity, _ in controller.look(one.subject)} == {"ok"}, one.subject


def test_a_bucket_without_versions_or_events_is_found(controller: Controller) -> None:
    """An upload could be replaced; and it would begin late."""
    client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    controller.bucket.events = {}
    assert controller.look("the bucket") == [
        ("problem", "it does not keep the versions of its objects"),
        ("note", "it sends no events to EventBridge"),
    ]


def test_a_function_that_may_not_be_called_is_a_problem(controller: Controller) -> None:
    """Nothing would be rolled back by an alarm."""
    controller.functions.reserved = 0
    assert controller.look("the function selfright-on-alarm") == [("problem", "its reserved concurrency is 0")]
    controller.functions.reserved = None
    controller.functions.latest["State"] = "Failed"
    assert controller.look("the function selfright-reconcile") == [("problem", "its state is Failed")]


@pytest.mark.parametrize("rule", ["uploads", "alarms", "schedule"])
def test_a_rule_that_is_disabled_or_gone_is_a_problem(controller: Controller, rule: str) -> None:
    """The controller would not hear what happens."""
    subject = f"the rules for {'ends' if rule == 'schedule' else rule}"
    client("events").disable_rule(Name=rule)
    assert controller.look(subject) == [("problem", f"{rule} is DISABLED")]
    client("events").remove_targets(Rule=rule, Ids=["1"])
    assert controller.look(subject) == [("problem", "there is none")]


def test_notifications_that_nobody_gets_are_a_note(controller: Controller) -> None:
    """Releases work all the same."""
    (one,) = client("sns").list_subscriptions()["Subscriptions"]
    client("sns").unsubscribe(SubscriptionArn=one["SubscriptionArn"])
    assert controller.look("the notifications") == [("note", "nobody is subscribed")]


@pytest.mark.parametrize(
    ("reserved", "free", "finding"),
    [
        (5, 100, ("ok", "Active")),
        (None, 105, ("note", "it has no concurrency of its own")),
        (None, 10, ("note", "the account's limit of 10 leaves it no concurrency of its own")),
    ],
)
def test_what_acts_on_alarms_should_not_share_its_concurrency(
    controller: Controller, reserved: int | None, free: int, finding: tuple[str, str]
) -> None:
    """AWS lets nobody reserve the last hundred, so a new account's limit does not allow it."""
    controller.functions.reserved = reserved
    controller.functions.limits |= {"UnreservedConcurrentExecutions": free, "ConcurrentExecutions": free}
    assert controller.look("the function selfright-on-alarm") == [finding]
    controller.functions.reserved = None
    assert controller.look("the function selfright-reconcile") == [("ok", "Active")]
