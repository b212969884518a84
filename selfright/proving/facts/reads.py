"""Reads after writes: how often, and how long, they still say the old."""

import secrets
from collections.abc import Callable, Iterator

from selfright.proving.fact import Fact
from selfright.proving.facts.publication import Answering
from selfright.proving.lateness import settle
from selfright.proving.names import SETTINGS
from selfright.proving.results import Finding, happened
from selfright.proving.scene import NeverSeen, Scene
from selfright.proving.subject import SubjectFunction

ROUNDS = 10
PATIENCE = 60.0
PARAMETER = f"{SETTINGS}/facts/read"
Try = Callable[[], Callable[[], bool]]
"""Writes something new, and returns the question whether a read has it."""


def _measured(scene: Scene, what: str, write: Try, after: Callable[[], object] = lambda: None) -> Iterator[Finding]:
    """Write several times, each time reading at once and again; `after` follows each time."""
    times: list[float | None] = []
    for _ in range(ROUNDS):
        sight = settle(scene, write(), PATIENCE)
        if sight.settled_at is None:
            message = f"the old was still read after {PATIENCE:.0f} s"
            raise NeverSeen(message)
        times.append(sight.seconds if sight.old else None)
        after()
    yield happened(what, times, "read_is_stale")


def of_function(scene: Scene) -> Iterator[Finding]:
    """The function's configuration."""
    subject = SubjectFunction(scene)

    def write() -> Callable[[], bool]:
        text = subject.describe()
        return lambda: subject.calls.get_function(FunctionName=subject.name)["Configuration"]["Description"] == text

    yield from _measured(scene, "lambda:GetFunction says the old", write, subject.until_updated)


def of_alias(scene: Scene) -> Iterator[Finding]:
    """The alias."""
    subject = SubjectFunction(scene)
    version = subject.alias()["FunctionVersion"]

    def write() -> Callable[[], bool]:
        text = secrets.token_hex(6)
        subject.move(version, Description=text)
        return lambda: subject.alias()["Description"] == text

    yield from _measured(scene, "lambda:GetAlias says the old", write)


def of_routing(scene: Scene) -> Iterator[Finding]:
    """A CloudFront function."""
    answering = Answering(scene)

    def write() -> Callable[[], bool]:
        etag = answering.write(f"unpublished {secrets.token_hex(4)}")
        get = scene.client("cloudfront").get_function
        return lambda: get(Name=answering.name, Stage="DEVELOPMENT")["ETag"] == etag

    yield from _measured(scene, "cloudfront:GetFunction says the old", write)


def of_parameter(scene: Scene) -> Iterator[Finding]:
    """A parameter."""
    ssm = scene.client("ssm")

    def write() -> Callable[[], bool]:
        text = secrets.token_hex(6)
        ssm.put_parameter(Name=PARAMETER, Value=text, Type="String", Overwrite=True)
        return lambda: ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"] == text

    yield from _measured(scene, "ssm:GetParameter says the old", write)


def of_index(scene: Scene) -> Iterator[Finding]:
    """An index."""
    dynamodb, table = scene.client("dynamodb"), scene.outputs["Table"]

    def write() -> Callable[[], bool]:
        owner = secrets.token_hex(6)
        item = {"pk": {"S": owner}, "owner": {"S": owner}, "at": {"S": "now"}}
        dynamodb.put_item(TableName=table, Item=item)
        values = {":owner": {"S": owner}}
        return lambda: bool(
            dynamodb.query(
                TableName=table,
                IndexName="by_owner",
                KeyConditionExpression="#owner = :owner",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues=values,
            )["Items"]
        )

    yield from _measured(scene, "a query of an index of DynamoDB says the old", write)


def _fact(name: str, on: str, measure: Callable[[Scene], Iterator[Finding]], what: str) -> Fact:
    how = f"Ten times {what} is written, and read at once and again until only the new is read."
    return Fact(f"read_after_write_{name}", on, f"Does a read of {what} after a write say the new?", how, measure)


FACTS = (
    _fact("function", "function", of_function, "a function's configuration"),
    _fact("alias", "function", of_alias, "an alias"),
    _fact("routing", "distribution", of_routing, "a CloudFront function"),
    _fact("parameter", "parameter", of_parameter, "a parameter"),
    _fact("index", "table", of_index, "an item of an index"),
)
