"""The local AWS with weather against the real emulator: what AWS does late, it does late."""

import json
import time
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from selfright.local.gateway.rules import lead_events
from selfright.local.local_weather import LocalWeather
from selfright.weather import figures
from tests.e2e.small_app import App, small_app
from tests.e2e.waiting import until, until_updated

WEATHER = LocalWeather("storm", seed=5, factor=1 / 30)
"""Two seconds for a minute: an edge learns within ten seconds, a front end of Lambda within two."""
RELEASED = "function handler() { return {statusCode: 200, body: 'released'}; }"
EVENT = json.dumps(
    {"rawPath": "/health", "rawQueryString": "", "requestContext": {"http": {"sourceIp": ""}}, "body": None}
)
MANY = 60
"""So many requests meet each of the four front ends: that one is never asked is less likely than one in a million."""
VISITORS = [f"198.51.100.{number}" for number in range(40)]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The small app in a storm."""
    with small_app(tmp_path_factory.mktemp("late"), WEATHER) as app:
        yield app


def seen(app: App, path: str) -> set[bytes]:
    """What many visitors get."""
    return {app.get(path, **{"x-forwarded-for": address}).data for address in VISITORS}


def publish(app: App, code: str) -> None:
    """Publish a routing function, as Selfright does."""
    client, name = app.client("cloudfront"), "edge-routing"
    now = client.describe_function(Name=name, Stage="DEVELOPMENT")
    config = now["FunctionSummary"]["FunctionConfig"]
    client.update_function(Name=name, IfMatch=now["ETag"], FunctionConfig=config, FunctionCode=code.encode())

    def published() -> bool:
        """By an ETag that may be stale; then it is refused, and is asked for again."""
        now = client.describe_function(Name=name, Stage="DEVELOPMENT")
        try:
            client.publish_function(Name=name, IfMatch=now["ETag"])
        except client.exceptions.PreconditionFailed:
            return False
        return True

    until("it is published", published)


def new_version(app: App, description: str) -> str:
    """A published version that can be invoked."""
    client, name = app.client("lambda"), {"FunctionName": "edge-api"}
    until_updated(client, "edge-api")
    client.update_function_configuration(**name, Description=description)
    until_updated(client, "edge-api")
    began = time.monotonic()
    version = str(client.publish_version(**name)["Version"])
    qualified = {**name, "Qualifier": version}
    assert client.get_function_configuration(**qualified)["State"] == "Pending" or is_due("function_updated", began)
    until("the version is active", lambda: client.get_function_configuration(**qualified)["State"] == "Active")
    return version


def is_due(figure: str, began: float) -> bool:
    """Whether what is late may be there by now: a busy machine takes long to ask."""
    lateness = figures()[figure].lateness("storm")
    return time.monotonic() - began > WEATHER.factor * lateness.median**2 / lateness.worst


def test_visitors_meet_the_old_site_and_the_new_one_until_the_last_edge_has_learned(app: App) -> None:
    """The distribution is InProgress meanwhile; what the routing function answers itself comes from each edge's own."""
    client = app.client("cloudfront")
    (distribution,) = client.list_distributions()["DistributionList"]["Items"]

    def status() -> str:
        return str(client.get_distribution(Id=distribution["Id"])["Distribution"]["Status"])

    assert seen(app, "/") == {b"<title>hello</title>"}
    assert status() == "Deployed"
    publish(app, RELEASED)
    assert status() == "InProgress"
    until("some have the new site, some the old", lambda: len(seen(app, "/")) == 2)
    until("all have the new site", lambda: seen(app, "/") == {b"released"})
    until("the distribution is deployed", lambda: status() == "Deployed")


def test_a_deleted_version_is_not_found_where_its_alias_is_still_believed(app: App) -> None:
    """Lambda's API and the HTTP API both fail for stragglers; then everybody gets the new version."""
    # Front ends may all learn before anybody asks the first of them: then it is tried again with other versions.
    until("there were stragglers", lambda: replaced(app) == {"ResourceNotFoundException", 500, "the second", 200})


def replaced(app: App) -> set[object]:
    """A version is deleted when its alias has just been moved: all that is met until everybody gets the next one."""
    client, live = app.client("lambda"), {"FunctionName": "edge-api", "Name": "live"}
    first, second = new_version(app, "first"), new_version(app, "second")
    named = {first: "the first", second: "the second"}

    def executed(**qualified: str) -> str:
        try:
            answer = client.invoke(**qualified, Payload=EVENT)
        except ClientError as problem:
            return str(problem.response["Error"]["Code"])
        return named.get(answer["ExecutedVersion"], answer["ExecutedVersion"])

    def by_alias() -> str:
        return executed(FunctionName="edge-api", Qualifier="live")

    arn = client.update_alias(**live, FunctionVersion=first)["AliasArn"].removesuffix("live")
    until("all know the first", lambda: {by_alias() for _ in range(MANY)} == {"the first"})
    until("visitors get the first", lambda: {app.get("/health").json().get("version") for _ in range(MANY)} == {first})
    # It is warm now, so that no front end has the time of a cold start to learn of it.
    assert executed(FunctionName=f"{arn}{second}") == "the second"
    client.update_alias(**live, FunctionVersion=second)
    client.delete_function(FunctionName="edge-api", Qualifier=first)
    met: set[object] = set()

    def settled() -> bool:
        now = {one for _ in range(10) for one in (by_alias(), app.get("/health").status)}
        met.update(now)
        return now == {"the second", 200}

    until("all know the second", settled)
    assert met <= {"ResourceNotFoundException", 500, "the second", 200}
    return met


def test_weights_decide_about_invocations_by_lambdas_api(app: App) -> None:
    """`ExecutedVersion` says which version ran."""
    client, live = app.client("lambda"), {"FunctionName": "edge-api", "Name": "live"}
    stable, canary = client.get_alias(**live)["FunctionVersion"], new_version(app, "canary")
    client.update_alias(**live, RoutingConfig={"AdditionalVersionWeights": {canary: 0.5}})

    def versions() -> set[str]:
        invoke = {"FunctionName": "edge-api", "Qualifier": "live", "Payload": EVENT}
        return {client.invoke(**invoke)["ExecutedVersion"] for _ in range(MANY)}

    until("both versions serve", lambda: versions() == {stable, canary})
    client.update_alias(**live, RoutingConfig={"AdditionalVersionWeights": {}})
    until("the canary is gone", lambda: versions() == {stable})


def test_a_minute_is_seen_late_and_an_alarm_fires_after_that(app: App) -> None:
    """Errors are nowhere at first; then they are in the metrics, and the topic hears of the alarm."""
    # Not of a version: a front end may still lead this visitor to one whose weight is gone.
    of_the_alias = {"FunctionName": "edge-api", "Resource": "edge-api:live"}
    topic = app.client("sns").create_topic(Name="alarms")["TopicArn"]
    heard = queue(app, "alarms")
    app.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=heard[1])
    app.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
    )
    _, before = app.errors(**of_the_alias)
    assert app.get("/health?fail").status == 500
    assert app.errors(**of_the_alias)[1] == before
    until("the error is in the metrics", lambda: app.errors(**of_the_alias)[1] == before + 1)
    message = until("the alarm was told", lambda: received(app, heard[0]))
    assert json.loads(json.loads(message)["Message"])["NewStateValue"] == "ALARM"


def test_an_event_of_s3_arrives_whole_and_late(app: App) -> None:
    """Its rule hears what AWS would send, source and all, and perhaps twice."""
    events, s3 = app.client("events"), app.client("s3")
    heard = queue(app, "uploads")
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [app.bucket]}}}
    events.put_rule(Name="uploads", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="uploads", Targets=[{"Id": "queue", "Arn": heard[1]}])
    assert lead_events(app.running.endpoint) == ["uploads"]
    s3.put_bucket_notification_configuration(
        Bucket=app.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    began = time.monotonic()
    s3.put_object(Bucket=app.bucket, Key="incoming/a.zip", Body=b"a")
    early = received(app, heard[0])
    assert early == "" or is_due("event_delivered", began)
    event = json.loads(early or until("the event has arrived", lambda: received(app, heard[0])))
    assert (event["source"], event["detail"]["object"]["key"]) == ("aws.s3", "incoming/a.zip")


def queue(app: App, name: str) -> tuple[str, str]:
    """A queue that anybody may fill: its URL and its ARN."""
    sqs = app.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def received(app: App, url: str) -> str:
    """A message of the queue; "" when there is none."""
    return "".join(one["Body"] for one in app.client("sqs").receive_message(QueueUrl=url).get("Messages", []))
