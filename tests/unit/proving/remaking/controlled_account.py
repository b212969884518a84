"""An account with a controller's stack, its bucket, and the note about it: what making it anew needs."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from selfright.proving.remaking.blueprint import CONTROLLER
from selfright.proving.stacks import AccountStack
from tests.unit.proving.late_account import VirtualClock, refused

ASSETS, CODE = "cdk-assets-111122223333-eu-west-1", "5f3c.zip"
BUCKET, POLICY = "selfrightcontroller-old", "arn:aws:iam::111122223333:policy/SelfrightReleaser-eu-west-1"
TEMPLATE: Mapping[str, Any] = {
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain"},
        "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate"},
        "Intake": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": CODE},
            },
        },
    }
}
STACK: Mapping[str, Any] = {
    "StackName": CONTROLLER,
    "StackId": f"arn:aws:cloudformation:eu-west-1:111122223333:stack/{CONTROLLER}/0a1b",
    "StackStatus": "UPDATE_COMPLETE",
    "Parameters": [{"ParameterKey": "Level", "ParameterValue": "INFO", "ResolvedValue": "INFO"}],
    "Capabilities": ["CAPABILITY_NAMED_IAM"],
    "Tags": [{"Key": "team", "Value": "a"}],
    "RoleARN": "arn:aws:iam::111122223333:role/cdk-exec",
    "NotificationARNs": [],
    "EnableTerminationProtection": True,
    "Outputs": [{"OutputKey": "ArtifactsBucket", "OutputValue": BUCKET}],
}


def is_not_there() -> ClientError:
    """What CloudFormation answers when there is no such stack."""
    message = {"Error": {"Code": "ValidationError", "Message": f"Stack with id {CONTROLLER} does not exist"}}
    return ClientError(message, "DescribeStacks")  # type: ignore[arg-type]


@dataclass
class ControlledAccount:
    """CloudFormation, S3, SSM and IAM in one object; `done` is what was called, in order.

    `ends` are the statuses in which creations end, one after another (then they end well); `delete_ends` that of the
    deletion. `assets` are bucket, key and version of the files that deploying has uploaded. So many
    answers about the stack are refused (`unanswered`), or those of before (`stale`).
    """

    stack: dict[str, Any] | None = field(default_factory=lambda: dict(STACK))
    template: Any = field(default_factory=lambda: dict(TEMPLATE))
    ends: list[str] = field(default_factory=list)
    delete_ends: str = ""
    holders: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    created: list[Mapping[str, Any]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    assets: set[tuple[str, str, str]] = field(default_factory=lambda: {(ASSETS, CODE, "")})
    notes: dict[str, str] = field(default_factory=dict)
    clock: VirtualClock = field(default_factory=VirtualClock)
    ended: str = ""
    unanswered: int = 0
    stale: int = 0

    def __post_init__(self) -> None:
        self.meta, self.endpoint_url = self, "https://s3.eu-west-1.amazonaws.com"

    def client(self, _: str) -> Any:  # noqa: ANN401 - a fake of boto3's client
        """This object itself."""
        return self

    def note(self, what: str) -> None:
        """Something is written; the run may be ended just before it."""
        if what == self.ended:
            raise SystemExit(what)
        self.done.append(what)

    # CloudFormation

    def describe_stacks(self, **_: str) -> Mapping[str, Any]:
        """What is being done is done after it was seen once."""
        if self.unanswered:
            self.unanswered -= 1
            raise refused("ThrottlingException")
        if self.stale:
            self.stale -= 1
            return {"Stacks": [STACK]}
        if self.stack is None:
            raise is_not_there()
        now = dict(self.stack)
        if now["StackStatus"] == "DELETE_IN_PROGRESS":
            self.stack = {**self.stack, "StackStatus": self.delete_ends} if self.delete_ends else None
        elif now["StackStatus"] == "CREATE_IN_PROGRESS":
            self.stack["StackStatus"] = self.ends.pop(0) if self.ends else "CREATE_COMPLETE"
        return {"Stacks": [now]}

    def get_template(self, **given: str) -> Mapping[str, Any]:
        """As it was given."""
        assert given["TemplateStage"] == "Original"
        return {"TemplateBody": self.template}

    def get_stack_policy(self, **_: str) -> Mapping[str, str]:
        """It has one."""
        return {"StackPolicyBody": "{}"}

    def update_termination_protection(self, **given: Any) -> None:  # noqa: ANN401 - AWS's own
        """On or off."""
        assert self.stack is not None
        self.note(f"protection {'on' if given['EnableTerminationProtection'] else 'off'}")
        self.stack["EnableTerminationProtection"] = given["EnableTerminationProtection"]

    def delete_stack(self, **_: str) -> None:
        """A protected stack cannot be deleted."""
        assert self.stack is not None
        if self.stack["EnableTerminationProtection"]:
            raise refused("ValidationError")
        self.note("delete")
        self.stack["StackStatus"] = "DELETE_IN_PROGRESS"

    def create_stack(self, **given: Any) -> None:  # noqa: ANN401 - AWS's own
        """From the template that lies in the bucket."""
        assert self.stack is None
        self.note("create")
        assert given["TemplateURL"].removeprefix(f"{self.endpoint_url}/{BUCKET}/") in self.objects
        self.created.append({**given, "at": self.clock.now()})
        protected = given.get("EnableTerminationProtection", False)
        self.stack = {**STACK, "StackStatus": "CREATE_IN_PROGRESS", "EnableTerminationProtection": protected}

    # S3, SSM and IAM

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 - AWS's names
        """One version of each."""
        assert Bucket == BUCKET
        self.note("object")
        self.objects[Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:  # noqa: N803
        """If it is there."""
        if Key not in self.objects:
            raise refused("NoSuchKey")
        return {"Body": io.BytesIO(self.objects[Key])}

    def head_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> None:  # noqa: N803
        """S3's answer to a HEAD has no code but its status."""
        if (Bucket, Key, VersionId) not in self.assets:
            answer = {"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
            raise ClientError(answer, "HeadObject")  # type: ignore[arg-type]

    def delete_objects(self, *, Bucket: str, Delete: Mapping[str, Any]) -> None:  # noqa: N803
        """Those that are named."""
        self.note("objects gone")
        for one in Delete["Objects"]:
            self.objects.pop(one["Key"])

    def put_parameter(self, *, Name: str, Value: str, **_: object) -> None:  # noqa: N803
        """Only once."""
        if Name in self.notes:
            raise refused("ParameterAlreadyExists")
        self.note("note")
        self.notes[Name] = Value

    def get_parameter(self, *, Name: str) -> Mapping[str, Any]:  # noqa: N803
        """If it is there."""
        if Name not in self.notes:
            raise refused("ParameterNotFound")
        return {"Parameter": {"Value": self.notes[Name]}}

    def delete_parameter(self, *, Name: str) -> None:  # noqa: N803
        """It goes, if it is there."""
        if Name not in self.notes:
            raise refused("ParameterNotFound")
        self.note("note gone")
        del self.notes[Name]

    def list_entities_for_policy(self, **_: str) -> Mapping[str, Any]:
        """Who has the policy."""
        return {"PolicyUsers": [{"UserName": name} for name in self.holders], "PolicyRoles": []}

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401 - a fake of boto3's paginator
        """One whose pages are those of this account."""
        self.operation = operation
        return self

    def paginate(self, **given: str) -> Iterator[Mapping[str, Any]]:
        """One page."""
        match self.operation:
            case "list_object_versions":
                found = [key for key in self.objects if key.startswith(given["Prefix"])]
                yield {"Versions": [{"Key": key, "VersionId": "1"} for key in found]}
            case "list_stack_resources":
                policy = {"ResourceType": "AWS::IAM::ManagedPolicy", "PhysicalResourceId": POLICY}
                yield {"StackResourceSummaries": [policy]}
            case "describe_stack_events":
                queue = {"LogicalResourceId": "Undelivered", "ResourceType": "AWS::SQS::Queue"}
                failed = {"ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "QueueDeletedRecently"}
                begun = {"LogicalResourceId": CONTROLLER, "ResourceStatus": "CREATE_IN_PROGRESS"}
                long_ago = {"ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "long ago"}
                yield {"StackEvents": [{**queue, **failed}, begun, {**queue, **long_ago}]}

    @property
    def controller(self) -> AccountStack:
        """The controller's stack."""
        return AccountStack(self, CONTROLLER, self.clock)

    @property
    def is_as_before(self) -> bool:
        """Whether there is a controller like the old one, and nothing else."""
        left = self.objects or self.notes
        return bool(self.stack and self.stack["EnableTerminationProtection"] and not left)


def body() -> str:
    """The template as text."""
    return json.dumps(TEMPLATE)
