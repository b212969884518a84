"""The sandbox is deleted in an order in which a kill at any moment leaves nothing unfindable."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selfright.errors import AdviceError
from selfright.proving.facts.permissions import POLICY
from selfright.proving.names import STACK
from selfright.proving.sandbox.cleaning import Cleaner
from tests.unit.proving.late_account import VirtualClock


class Remains:
    """An account with what a run has left; it notes the order in which things go."""

    def __init__(self, *, stack: str = "CREATE_COMPLETE", parameters: int = 12, logs: tuple[str, ...] = ()) -> None:
        self.stack, self.logs = stack, list(logs)
        self.parameters = [f"/selfright-prove/settings/{number}" for number in range(parameters)]
        self.objects = [{"Key": "index.html", "VersionId": "1"}] if stack else []
        self.gone: list[str] = []
        self.ends_as = ""
        self.kill_at = ""

    def client(self, _: str) -> Any:  # noqa: ANN401 - a fake of boto3's client
        """This object itself."""
        return self

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401 - a fake of boto3's paginator
        """One whose pages are those of this account."""
        self.operation = operation
        return self

    def paginate(self, **_: object) -> Iterator[Mapping[str, Any]]:
        """One page."""
        match self.operation:
            case "list_stack_resources":
                kinds = {"AWS::S3::Bucket": "files", "AWS::IAM::Role": "selfright-prove-caller"}
                yield {
                    "StackResourceSummaries": [
                        {"ResourceType": kind, "PhysicalResourceId": name} for kind, name in kinds.items()
                    ]
                }
            case "list_object_versions":
                yield {"Versions": list(self.objects)}
            case "get_parameters_by_path":
                yield {"Parameters": [{"Name": name} for name in self.parameters]}
            case "describe_log_groups":
                yield {"logGroups": [{"logGroupName": name} for name in self.logs]}
            case "describe_stack_events":
                event = {"LogicalResourceId": "Bucket", "ResourceType": "AWS::S3::Bucket"}
                yield {
                    "StackEvents": [{**event, "ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": "not empty"}]
                }

    def delete_function(self, **_: object) -> None:
        """The image's fact was not measured."""
        raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "DeleteFunction")

    def delete_repository(self, **_: object) -> None:
        """Nor is there a repository of it."""
        raise ClientError({"Error": {"Code": "RepositoryNotFoundException", "Message": ""}}, "DeleteRepository")

    def note(self, what: str) -> None:
        """Something goes, unless the run is killed at this moment."""
        if what == self.kill_at:
            raise KeyboardInterrupt
        self.gone.append(what)

    def describe_stacks(self, **_: object) -> Mapping[str, Any]:
        """The stack, if it is there."""
        if not self.stack:
            message = {"Error": {"Code": "ValidationError", "Message": f"Stack with id {STACK} does not exist"}}
            raise ClientError(message, "DescribeStacks")  # type: ignore[arg-type]
        return {"Stacks": [{"StackStatus": self.stack}]}

    def delete_stack(self, **_: object) -> None:
        """It cannot be deleted as long as there are objects in its bucket."""
        self.note("stack")
        self.stack = self.ends_as or ("DELETE_FAILED" if self.objects else "")

    def delete_objects(self, **_: object) -> None:
        """The bucket's objects go."""
        self.note("objects")
        self.objects = []

    def delete_role_policy(self, **given: str) -> None:
        """A policy that is not there is an error of IAM's own."""
        assert given["PolicyName"] == POLICY
        self.note("policy")
        raise ClientError({"Error": {"Code": "NoSuchEntity", "Message": ""}}, "DeleteRolePolicy")

    def delete_parameters(self, *, Names: list[str]) -> None:  # noqa: N803 - AWS's names
        """At most ten at once."""
        assert len(Names) <= 10
        self.note("parameters")
        self.parameters = [name for name in self.parameters if name not in Names]

    def delete_log_group(self, *, logGroupName: str) -> None:  # noqa: N803 - AWS's names
        """A log group goes."""
        self.note("log")
        self.logs.remove(logGroupName)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left."""
        return not (self.stack or self.objects or self.parameters or self.logs)


def cleaner(remains: Remains) -> Cleaner:
    """One for this account."""
    return Cleaner(remains.client, VirtualClock())


def test_everything_goes_and_is_told() -> None:
    """The bucket is emptied before its stack, because the stack alone knows its name."""
    remains = Remains(logs=("/aws/lambda/selfright-prove-api",))
    told = cleaner(remains).delete()
    assert remains.is_clean
    assert remains.gone == ["objects", "policy", "stack", "parameters", "parameters", "log"]
    assert told == [
        "the stack selfright-prove",
        "12 parameters below /selfright-prove",
        "the log group /aws/lambda/selfright-prove-api",
    ]


def test_where_nothing_is_nothing_is_deleted() -> None:
    """A second cleaning finds nothing."""
    remains = Remains(stack="", parameters=0)
    assert cleaner(remains).delete() == []
    assert remains.gone == []


@pytest.mark.parametrize("moment", ["objects", "policy", "stack", "parameters", "log"])
def test_a_kill_at_any_moment_leaves_nothing_that_the_next_cleaning_does_not_find(moment: str) -> None:
    """Whatever the moment."""
    remains = Remains(logs=("/aws/lambda/selfright-prove-api",))
    remains.kill_at = moment
    with pytest.raises(KeyboardInterrupt):
        cleaner(remains).delete()
    remains.kill_at = ""
    cleaner(remains).delete()
    assert remains.is_clean


def test_a_stack_that_stays_says_why_and_what_to_do() -> None:
    """With what failed first, in AWS's words."""
    remains = Remains()
    remains.ends_as = "DELETE_FAILED"
    with pytest.raises(AdviceError, match="not empty") as caught:
        cleaner(remains).delete()
    assert "prove --clean" in caught.value.next_step
