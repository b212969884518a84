"""The sandbox's stack is created once, and a failure says what failed."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selfright.errors import AdviceError
from selfright.proving.names import STACK
from selfright.proving.sandbox.creating import AnotherRunError, create
from selfright.proving.stacks import PATIENCE
from tests.unit.proving.late_account import VirtualClock


class Stacks:
    """CloudFormation; a stack has each of these states once, and stays in the last one."""

    def __init__(self, *states: str, refusal: str = "") -> None:
        self.states, self.refusal = list(states), refusal
        self.given: Mapping[str, Any] = {}

    def describe_stacks(self, **_: object) -> Mapping[str, Any]:
        """The next state, once the stack is there."""
        if not self.given and self.states[:1] != ["THERE"]:
            message = {"Error": {"Code": "ValidationError", "Message": f"Stack with id {STACK} does not exist"}}
            raise ClientError(message, "DescribeStacks")  # type: ignore[arg-type]
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"Stacks": [{"StackStatus": state, "Outputs": [{"OutputKey": "Bucket", "OutputValue": "files"}]}]}

    def create_stack(self, **given: Any) -> None:  # noqa: ANN401 - AWS's own
        """Remember what was asked for."""
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal, "Message": ""}}, "CreateStack")
        self.given = given

    def get_paginator(self, _: str) -> Any:  # noqa: ANN401 - a fake of boto3's paginator
        """Of the stack's events."""
        return self

    def paginate(self, **_: object) -> Iterator[Mapping[str, Any]]:
        """The newest event comes first."""
        failed = {"ResourceType": "AWS::CloudFront::Distribution", "ResourceStatus": "CREATE_FAILED"}
        yield {
            "StackEvents": [
                {**failed, "LogicalResourceId": "Later", "ResourceStatusReason": "cancelled"},
                {**failed, "LogicalResourceId": "First", "ResourceStatusReason": "verify your account"},
            ]
        }


def test_its_outputs_are_what_facts_get() -> None:
    """Other addresses are given as parameters; empty ones are not."""
    stacks = Stacks("CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    assert create(stacks, VirtualClock(), {"ApiUrl": "", "SiteUrl": "http://127.0.0.1"}) == {"Bucket": "files"}
    assert stacks.given["Parameters"] == [{"ParameterKey": "SiteUrl", "ParameterValue": "http://127.0.0.1"}]
    assert stacks.given["Tags"] == [{"Key": "selfright-prove", "Value": "sandbox"}]


@pytest.mark.parametrize("stacks", [Stacks("THERE"), Stacks("", refusal="AlreadyExistsException")])
def test_a_second_run_is_refused(stacks: Stacks) -> None:
    """Whether the stack is there already, or comes at the same moment."""
    with pytest.raises(AnotherRunError):
        create(stacks, VirtualClock(), {})


def test_a_failure_says_what_failed_first() -> None:
    """In AWS's words; what follows from it is no reason."""
    with pytest.raises(AdviceError, match=r"First \(AWS::CloudFront::Distribution\): verify your account"):
        create(Stacks("CREATE_IN_PROGRESS", "CREATE_FAILED"), VirtualClock(), {})


def test_a_creation_that_does_not_end_is_given_up() -> None:
    """After half an hour; what is there is deleted then."""
    clock = VirtualClock()
    began = clock.now()
    with pytest.raises(AdviceError, match="after half an hour"):
        create(Stacks("CREATE_IN_PROGRESS"), clock, {})
    assert clock.now() - began == pytest.approx(PATIENCE, abs=10)
