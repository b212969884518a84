"""A controller's account for the command line: moto's SSM, DynamoDB and S3, and a time that sleeping moves."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from controller.aws.bundles import S3Bundles
from controller.aws.client.clients import Clients, client
from controller.aws.ledger.deployments import DynamoDeployments
from controller.aws.ledger.locks import DynamoLocks
from controller.domain.components.site.routing import RoutingTable
from controller.domain.deployment import Bake, Counts, Deployment, Evaluation, Revision, Step, Trip, Upload, Written
from controller.domain.identity import deployment_id
from controller.domain.phases import Phase
from controller.domain.timeline import TimelineEvent
from selfright.cli import main
from selfright.cli.tools import CommandTools
from tests.registering import register
from tests.unit.aws.fake_cloudfront import FakeCloudFront

START = datetime(2026, 1, 2, 10, 0, 0, tzinfo=UTC)
TABLE, BUCKET = "selfright", "selfright-artifacts"
MACHINES = "arn:aws:states:us-east-1:123456789012:stateMachine"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:selfright-deploy:one"
ID = "smartpack-prod-20260102T100000-3f9a01"
LIVE_ID = "smartpack-prod-20260101T100000-aaaa00"
UPLOAD = Upload(BUCKET, "incoming/smartpack/prod/smartpack-1.2.0.zip", "v1", 1234, START)
RECEIVED = Deployment(ID, "smartpack", "prod", Phase.RECEIVED, UPLOAD, EXECUTION, START, START)
STAGED = replace(
    RECEIVED,
    phase=Phase.STAGING,
    version="1.2.0",
    components=("api", "site"),
    previous=LIVE_ID,
    restore_point={"api": Revision("6"), "site": Revision("aaaa")},
    staged={"api": Revision("7"), "site": Revision("bbbb")},
)
STEPS = (Step(10, 60), Step(100, 60))
BAKING = replace(
    STAGED,
    phase=Phase.BAKING,
    steps=STEPS,
    weight=10,
    bake=Bake(0, START + timedelta(seconds=5), START + timedelta(seconds=65)),
    evaluation=Evaluation(
        START + timedelta(seconds=20), "healthy", "As good as stable.", Counts(40, 1), Counts(360, 2)
    ),
)
SUCCEEDED = replace(BAKING, phase=Phase.SUCCEEDED, weight=100, closed_at=START + timedelta(seconds=90))
ROLLED_BACK = replace(
    BAKING,
    phase=Phase.ROLLED_BACK,
    weight=0,
    reached=10,
    trip=Trip(START + timedelta(seconds=30), "alarm", "Alarm smartpack-prod-api-errors: 5 errors."),
    traffic_restored_at=START + timedelta(seconds=30, milliseconds=80),
    written=Written(0, START + timedelta(seconds=30, milliseconds=80), START + timedelta(seconds=42)),
    closed_at=START + timedelta(seconds=33),
    reason="Alarm smartpack-prod-api-errors: 5 errors.",
    next_step="Correct it and release it under a new version.",
)
LIVE = replace(
    SUCCEEDED,
    deployment_id=LIVE_ID,
    version="1.1.0",
    previous="",
    upload=replace(UPLOAD, uploaded_at=START - timedelta(days=1)),
    created_at=START - timedelta(days=1),
    closed_at=START - timedelta(hours=23),
)
PAUSED = replace(
    BAKING,
    bake=Bake(0, START, START + timedelta(seconds=10), extended=True),
    evaluation=Evaluation(START + timedelta(seconds=10), "inconclusive", "Only 3 requests.", Counts(3), Counts(30)),
    pause_tokens=("secret-token",),
)


@dataclass
class Time:
    """Stands still but for sleeping; what was planned for a moment happens when sleeping passes it."""

    moment: datetime = START
    plans: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """The time."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)
        due = [plan for plan in self.plans if plan[0] <= self.moment]
        self.plans = [plan for plan in self.plans if plan[0] > self.moment]
        for _, happen in sorted(due, key=lambda plan: plan[0]):
            happen()

    def plan(self, seconds: float, happen: Callable[[], object]) -> None:
        """Let something happen so many seconds after the start."""
        self.plans.append((START + timedelta(seconds=seconds), happen))


@dataclass
class FakeStates:
    """Step Functions: executions by name, and who was answered. No task waits with a token in `stale`."""

    started: list[dict[str, Any]] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    stale: set[str] = field(default_factory=set)
    ended: dict[str, Any] = field(default_factory=lambda: {"status": "RUNNING"})

    def start_execution(self, **request: str) -> dict[str, str]:
        """Note it."""
        self.started.append({**request, "input": json.loads(request["input"])})
        return {"executionArn": f"arn:execution:{request['name']}"}

    def describe_execution(self, **_: str) -> dict[str, Any]:
        """How the test says that it ended."""
        return self.ended

    def send_task_success(self, **request: str) -> None:
        """Note it, if a task waits with this token."""
        if request["taskToken"] in self.stale:
            raise ClientError({"Error": {"Code": "TaskTimedOut", "Message": "it is over"}}, "SendTaskSuccess")
        self.answered[request["taskToken"]] = request["output"]

    @property
    def arn(self) -> str:
        """The execution that was started last."""
        return f"arn:execution:{self.started[-1]['name']}"


@dataclass
class CliWorld:
    """What the command line talks to, and how a test runs it. The site is where the live release left it."""

    time: Time = field(default_factory=Time)
    states: FakeStates = field(default_factory=FakeStates)
    routing: FakeCloudFront = field(default_factory=lambda: FakeCloudFront(RoutingTable("bbbb")))

    def __post_init__(self) -> None:
        self.deployments = DynamoDeployments(TABLE)
        self.locks = DynamoLocks(TABLE)

    def run(self, *arguments: str, text: str = "") -> Result:
        """Run the command line; not on a terminal."""
        return CliRunner().invoke(main, arguments, obj=self.tools(), input=text, catch_exceptions=False)

    def tools(self) -> CommandTools:
        """What commands get, with our time and our Step Functions."""
        tools = CommandTools(self.time.now, self.time.sleep)
        clients = Clients()
        clients.routing = self.routing  # type: ignore[assignment]
        tools.account.__dict__.update(workflows=self.states, clients=clients)
        return tools

    def write(self, deployment: Deployment, *events: tuple[str, str]) -> None:
        """Put a deployment into the ledger as it is now, with more events."""
        if not self.deployments.create(deployment):
            changes = {
                name: value
                for name, value in vars(deployment).items()
                if value is not None and name not in {"deployment_id", "updated_at"}
            }
            self.deployments.update(deployment.deployment_id, changes, phases=frozenset(Phase))
        for number, (kind, message) in enumerate(events):
            moment = self.time.now() + timedelta(milliseconds=number)
            self.deployments.record(deployment.deployment_id, TimelineEvent(moment, kind, message))

    def controller_does(self, end: Deployment, *events: tuple[str, str]) -> None:
        """A second after the start the upload becomes a deployment, a few seconds later it ends so."""

        def receive() -> Deployment:
            (found,) = client("s3").list_object_versions(Bucket=BUCKET)["Versions"]
            upload = S3Bundles().pin(BUCKET, found["Key"], found["VersionId"])
            return replace(end, deployment_id=deployment_id("smartpack", "prod", upload), upload=upload)

        def begin() -> None:
            upload = receive()
            begun = replace(STAGED, deployment_id=upload.deployment_id, upload=upload.upload)
            self.write(begun, ("received", "Received."))

        self.time.plan(1, begin)
        self.time.plan(5, lambda: self.write(receive(), *events, ("closed", str(end.phase))))

    def lock(self, **members: Any) -> None:  # noqa: ANN401 - the lock's members
        """Say who holds the lock in smartpack/prod."""
        self.locks.save(replace(self.locks.load("smartpack/prod"), **members))

    def register(self, key: str = "smartpack/prod") -> None:
        """Register an environment."""
        application, _, environment = key.partition("/")
        site = {"kind": "site", "bucket": "some-bucket", "routing_function": "routing"}
        value = {"application": application, "environment": environment, "components": {"site": site}}
        register(client("ssm"), value)


def make_controller() -> None:
    """Make the controller's table, bucket and parameter in moto."""
    _make_table()
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    resources: Mapping[str, object] = {
        "table": TABLE,
        "bucket": BUCKET,
        "deploy_machine_arn": f"{MACHINES}:selfright-deploy",
        "rollback_machine_arn": f"{MACHINES}:selfright-rollback",
        "notifications_topic_arn": "arn:aws:sns:us-east-1:123456789012:selfright",
        "log_groups": ["/aws/lambda/selfright-stage", "/aws/lambda/selfright-on-alarm"],
        "something_new": "is left alone",
    }
    client("ssm").put_parameter(Name="/selfright/controller", Value=json.dumps(resources), Type="String")


def _make_table() -> None:
    names = ("pk", "sk", "environment_key", "sort_key", "open")
    indexes = (("by_environment", "environment_key"), ("open", "open"))
    client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": key, "KeyType": "HASH"},
                    {"AttributeName": "sort_key", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, key in indexes
        ],
    )


def ended(phase: str) -> Deployment:
    """A deployment that ended in this phase."""
    return replace(ROLLED_BACK, phase=Phase(phase))
