"""Creates the sandbox's stack."""

import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.client.calls import calling, error_code
from controller.errors import AwsError
from selfright.errors import AdviceError
from selfright.proving.names import STACK, TAGS
from selfright.proving.scene import RunClock

PATIENCE = 1800.0
PAUSE = 5.0
FIRST_PAUSE = 0.2
GOOD = "CREATE_COMPLETE"


class AnotherRunError(AdviceError):
    """There is a sandbox already: another run is under way, or has left it."""

    def __init__(self) -> None:
        super().__init__(
            f"There is a stack {STACK} already: another run is under way, or has left it.",
            "If no other run is under way, delete it: `selfright prove --clean`",
        )


def template() -> str:
    """The sandbox's template, as short as it gets: CloudFormation takes 51,200 bytes."""
    return json.dumps(json.loads(files(__package__).joinpath("template.json").read_text()), separators=(",", ":"))


def find(stacks: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - boto3's client
    """The sandbox's stack, or None if there is none."""
    try:
        return dict(stacks.describe_stacks(StackName=STACK)["Stacks"][0])
    except ClientError as error:
        if error_code(error) == "ValidationError" and "does not exist" in str(error):
            return None
        raise


def create(
    stacks: Any,  # noqa: ANN401 - boto3's client
    clock: RunClock,
    parameters: Mapping[str, str],
    body: str = "",
) -> Mapping[str, str]:
    """Create the stack and wait for it; returns its outputs. `body` is another template than the sandbox's own.

    Raises `AnotherRunError` if there is one already, `AdviceError` if it fails.
    """
    if find(stacks):
        raise AnotherRunError
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items() if value]
    try:
        with calling("cloudformation:CreateStack", STACK):
            stacks.create_stack(
                StackName=STACK,
                TemplateBody=body or template(),
                Parameters=given,
                Capabilities=["CAPABILITY_NAMED_IAM"],
                OnFailure="DO_NOTHING",
                Tags=TAGS,
            )
    except AwsError as error:
        if error.code == "AlreadyExistsException":
            raise AnotherRunError from error
        raise
    ended = wait(stacks, clock, lambda stack: stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"))
    if ended is None or ended["StackStatus"] != GOOD:
        raise AdviceError(f"The sandbox could not be created. {trouble(stacks)}", "It is deleted again now.")
    return {one["OutputKey"]: one["OutputValue"] for one in ended.get("Outputs", [])}


def wait(
    stacks: Any,  # noqa: ANN401 - boto3's client
    clock: RunClock,
    is_over: Callable[[Mapping[str, Any] | None], bool],
) -> Mapping[str, Any] | None:
    """Wait until the stack is as it should be; returns it. Raises `AdviceError` after half an hour."""
    start, pause = clock.now(), FIRST_PAUSE
    while not is_over(found := find(stacks)):
        if clock.now() - start > PATIENCE:
            status = found["StackStatus"] if found else "gone"
            raise AdviceError(f"The stack {STACK} is {status} after half an hour.", "Later: `selfright prove --clean`")
        clock.sleep(pause)
        pause = min(2 * pause, PAUSE)
    return found


def trouble(stacks: Any) -> str:  # noqa: ANN401 - boto3's client
    """What failed first, in AWS's words."""
    try:
        pages = stacks.get_paginator("describe_stack_events").paginate(StackName=STACK)
        events = [event for page in pages for event in page["StackEvents"]]
    except ClientError:
        return "CloudFormation has no events of it."
    failed = [one for one in events if one.get("ResourceStatus", "").endswith("_FAILED")]
    if not failed:
        return "CloudFormation says nothing about why."
    first = failed[-1]
    return f"{first.get('LogicalResourceId')} ({first.get('ResourceType')}): {first.get('ResourceStatusReason', '')}"
