"""A small AWS in virtual time that is as late as a weather says, and remembers what it drew."""

import io
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from selfright.proving.places import Address, Answered
from selfright.proving.scene import RunClock, Scene
from selfright.weather import Weather

TRIP = 0.02
"""Seconds that each call takes."""
ARN = "arn:aws:lambda:eu-west-1:111122223333:function:selfright-prove-subject"
OUTPUTS = {
    "ApiDomain": "api.example",
    "SiteDomain": "site.example",
    "TriedDomain": "tried.example",
    "TriedDistribution": "E1",
    "Bucket": "files",
    "Answering": "answering",
    "Prober": "selfright-prove-prober",
    "Subject": "selfright-prove-subject",
    "SubjectArn": ARN,
    "Caller": "arn:aws:iam::111122223333:role/selfright-prove-caller",
    "Table": "table",
    "Messages": "https://queue.example",
}


class VirtualClock(RunClock):
    """Time that passes only when something waits."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1_000_000.0

    def now(self) -> float:
        """Virtual seconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        super().sleep(0)
        self._now += seconds


def refused(code: str) -> ClientError:
    """The error of a refused call."""
    return ClientError({"Error": {"Code": code, "Message": code}}, "Call")


def body(content: object) -> Mapping[str, Any]:
    """An answer with a payload."""
    return {"Payload": io.BytesIO(json.dumps(content).encode())}


@dataclass
class Late:
    """A value that one place learns late."""

    clock: VirtualClock
    known: list[tuple[float, Any]] = field(default_factory=list)

    def tell(self, value: object, seconds: float) -> None:
        """It is known here after so many seconds, and what is older is never known again after that."""
        at = self.clock.now() + seconds
        self.known = [one for one in self.known if one[0] <= at] + [(at, value)]

    @property
    def value(self) -> Any:  # noqa: ANN401 - whatever was told
        """What is known now."""
        return next(value for at, value in reversed(self.known) if at <= self.clock.now())


class LateAccount:
    """The services that facts about lateness need. `drawn` has, by figure, how late each thing was."""

    def __init__(self, weather: Weather) -> None:
        self.clock, self.weather = VirtualClock(), weather
        self.drawn: defaultdict[str, list[float]] = defaultdict(list)
        self.versions: dict[str, float] = {"1": 0}
        self.front_ends = [Late(self.clock, [(0, "1")]) for _ in range(4)]
        self.edges = [Late(self.clock, [(0, "publication 0")]) for _ in range(2)]
        self.alias = Late(self.clock, [(0, {"FunctionVersion": "1", "Description": "", "RevisionId": "0"})])
        self.description = Late(self.clock, [(0, "")])
        self.routing = Late(self.clock, [(0, "0")])
        self.parameter = Late(self.clock, [(0, "")])
        self.items: dict[str, float] = {}
        self.updated_at = self.deployed_at = 0.0
        self.draft, self.etag, self.calls = "", 0, 0
        self.refuses: dict[str, str] = {}

    def scene(self) -> Scene:
        """Where facts are measured."""
        return Scene(OUTPUTS, self.client, self.clock, request=self.request)

    def late(self, figure: str) -> float:
        """Draw how late something is this time."""
        self.drawn[figure].append(self.weather.late(figure))
        return self.drawn[figure][-1]

    def client(self, service: str) -> Any:  # noqa: ANN401 - a fake of boto3's client
        """This object itself: the names of the calls differ."""
        self.service = service
        self.clock.sleep(TRIP)
        return self

    def request(self, _at: Address, path: str, _headers: Mapping[str, str], _method: str) -> Answered:
        """From this machine: the first edge location."""
        self.clock.sleep(TRIP)
        return Answered(200, self.edges[0].value) if path == "/" else Answered(404, "")

    # AWS Lambda

    def invoke(self, *, FunctionName: str, Payload: bytes) -> Mapping[str, Any]:  # noqa: N803 - AWS's names
        """The prober asks the second edge location; the subject answers by one of the front ends."""
        if FunctionName == OUTPUTS["Prober"]:
            assert json.loads(Payload)["do"] == "ask"
            return body({"status": 200, "body": self.edges[1].value})
        self.calls += 1
        qualifier = FunctionName.rsplit(":", 1)[1]
        version = qualifier if qualifier.isdigit() else self.front_ends[self.calls % 4].value
        if version not in self.versions:
            raise refused("ResourceNotFoundException")
        return body({"version": version})

    def update_function_configuration(self, *, FunctionName: str, Description: str) -> None:  # noqa: N803
        """In effect later, and read later."""
        self.updated_at = self.clock.now() + self.late("function_updated")
        self.description.tell(Description, self.late("read_is_stale"))

    def get_function_configuration(self, *, FunctionName: str) -> Mapping[str, Any]:  # noqa: N803
        """The function's state, or a version's."""
        version = FunctionName.removeprefix(f"{ARN}:")
        at = self.versions.get(version, self.updated_at)
        ready = at <= self.clock.now()
        if version in self.versions:
            return {"State": "Active" if ready else "Pending"}
        return {"State": "Active", "LastUpdateStatus": "Successful" if ready else "InProgress"}

    def get_function(self, *, Name: str = "", Stage: str = "", FunctionName: str = "") -> Mapping[str, Any]:  # noqa: N803
        """That of Lambda or of CloudFront, as a read after a write."""
        if FunctionName:
            return {"Configuration": {"Description": self.description.value}}
        return {"ETag": self.routing.value}

    def publish_version(self, *, FunctionName: str) -> Mapping[str, str]:  # noqa: N803
        """Ready later."""
        version = str(max(map(int, self.versions)) + 1)
        self.versions[version] = self.clock.now() + self.late("function_updated")
        return {"Version": version}

    def update_alias(self, *, FunctionName: str, Name: str, **given: Any) -> Mapping[str, str]:  # noqa: ANN401, N803
        """Each front end learns of it at a time of its own."""
        version = given["FunctionVersion"]
        for one in self.front_ends:
            one.tell(version, self.late("alias_learned"))
        revision = str(self.clock.now())
        now = {"FunctionVersion": version, "Description": given.get("Description", ""), "RevisionId": revision}
        self.alias.tell(now, self.late("read_is_stale"))
        return {"RevisionId": revision}

    def get_alias(self, *, FunctionName: str, Name: str) -> Mapping[str, str]:  # noqa: N803
        """The alias, perhaps as it was."""
        return dict(self.alias.value)

    def delete_function(self, *, FunctionName: str) -> None:  # noqa: N803
        """A version is gone at once."""
        del self.versions[FunctionName.rsplit(":", 1)[1]]

    # Amazon CloudFront

    def update_function(self, *, IfMatch: str, FunctionCode: bytes, **_: Any) -> Mapping[str, str]:  # noqa: ANN401, N803
        """A new draft, on condition of the latest one."""
        if IfMatch != str(self.etag):
            raise refused("PreconditionFailed")
        self.etag += 1
        self.draft = FunctionCode.decode().partition("body: '")[2].partition("'")[0]
        self.routing.tell(str(self.etag), self.late("read_is_stale"))
        return {"ETag": str(self.etag)}

    def publish_function(self, *, IfMatch: str, **_: Any) -> None:  # noqa: ANN401, N803
        """Each edge location learns of it at a time of its own; the distribution is busy for a while."""
        if code := self.refuses.get("publish_function"):
            raise refused(code)
        assert IfMatch == str(self.etag)
        for edge in self.edges:
            edge.tell(self.draft, self.late("edge_learns"))
        self.deployed_at = self.clock.now() + self.late("distribution_deployed")

    def get_distribution(self, *, Id: str) -> Mapping[str, Any]:  # noqa: N803
        """Its status."""
        return {"Distribution": {"Status": "Deployed" if self.clock.now() >= self.deployed_at else "InProgress"}}

    # SSM and DynamoDB

    def put_parameter(self, *, Value: str, **_: Any) -> None:  # noqa: ANN401, N803
        """Read later."""
        self.parameter.tell(Value, self.late("read_is_stale"))

    def get_parameter(self, *, Name: str) -> Mapping[str, Any]:  # noqa: N803
        """Perhaps as it was."""
        return {"Parameter": {"Value": self.parameter.value}}

    def put_item(self, *, Item: Mapping[str, Any], **_: Any) -> None:  # noqa: ANN401, N803
        """In the index later."""
        self.items[Item["owner"]["S"]] = self.clock.now() + self.late("read_is_stale")

    def query(self, *, ExpressionAttributeValues: Mapping[str, Any], **_: Any) -> Mapping[str, Any]:  # noqa: ANN401, N803
        """The index, perhaps without the item."""
        at = self.items[ExpressionAttributeValues[":owner"]["S"]]
        return {"Items": [{}] if at <= self.clock.now() else []}


Measure = Callable[[Scene], Any]
