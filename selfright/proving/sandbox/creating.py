"""Creates the sandbox's stack."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from controller.aws.client.calls import calling
from controller.errors import AwsError
from selfright.errors import AdviceError
from selfright.proving.names import STACK, TAGS
from selfright.proving.scene import RunClock
from selfright.proving.stacks import AccountStack, is_moving

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


def create(
    stacks: Any,  # noqa: ANN401 - boto3's client
    clock: RunClock,
    parameters: Mapping[str, str],
    body: str = "",
) -> Mapping[str, str]:
    """Create the stack and wait for it; returns its outputs. `body` is another template than the sandbox's own.

    Raises `AnotherRunError` if there is one already, `AdviceError` if it fails.
    """
    stack = AccountStack(stacks, STACK, clock)
    if stack.find():
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
    ended = stack.wait(lambda found: not is_moving(found))
    if ended is None or ended["StackStatus"] != GOOD:
        raise AdviceError(f"The sandbox could not be created. {stack.trouble()}", "It is deleted again now.")
    return {one["OutputKey"]: one["OutputValue"] for one in ended.get("Outputs", [])}
