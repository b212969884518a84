"""Deletes everything that a run makes, in an order in which a kill at any moment leaves nothing unfindable.

Everything has a fixed name or path. What has a name that AWS chose, such as the bucket, belongs to the stack: so the
stack goes after what only it leads to, and before what functions could still write. Every step can run twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.client.calls import MISSING, error_code
from selfright.errors import AdviceError
from selfright.proving.facts.image import delete
from selfright.proving.facts.permissions import POLICY
from selfright.proving.names import APPLICATION, SETTINGS, STACK
from selfright.proving.sandbox.objects import delete_objects
from selfright.proving.scene import RunClock
from selfright.proving.stacks import AccountStack

LOGS = f"/aws/lambda/{APPLICATION}-"
FAILED = "DELETE_FAILED"
AT_ONCE = 10
"""SSM deletes at most so many parameters at once."""


@dataclass(frozen=True)
class Cleaner:
    """Deletes the sandbox; `client` makes boto3's clients."""

    client: Callable[[str], Any]
    clock: RunClock

    def delete(self) -> list[str]:
        """Delete all that is there; returns what was deleted, in words. Raises `AdviceError` if the stack stays."""
        image = delete(self.client("lambda"), self.client("ecr"))
        return [*image, *self._stack(), *self._parameters(), *self._logs()]

    def _stack(self) -> Iterator[str]:
        stack = AccountStack(self.client("cloudformation"), STACK, self.clock)
        if stack.find() is None:
            return
        for bucket in self._resources("AWS::S3::Bucket"):
            delete_objects(self.client("s3"), bucket, "")
        for role in self._resources("AWS::IAM::Role"):
            self._forget_policy(role)
        stack.calls.delete_stack(StackName=STACK)
        ended = stack.wait(lambda one: one is None or one["StackStatus"] == FAILED)
        if ended is not None:
            message = f"The stack {STACK} could not be deleted. {stack.trouble()}"
            raise AdviceError(message, "Correct that, then run `selfright prove --clean` again.")
        yield f"the stack {STACK}"

    def _resources(self, kind: str) -> list[str]:
        """The names of the stack's resources of a type, also of a stack that is half created."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        found = [one for page in pages for one in page["StackResourceSummaries"] if one["ResourceType"] == kind]
        return [one["PhysicalResourceId"] for one in found if one.get("PhysicalResourceId")]

    def _forget_policy(self, role: str) -> None:
        """CloudFormation cannot delete a role with a policy that it does not know."""
        try:
            self.client("iam").delete_role_policy(RoleName=role, PolicyName=POLICY)
        except ClientError as error:
            if error_code(error) not in {*MISSING, "NoSuchEntity"}:
                raise

    def _parameters(self) -> Iterator[str]:
        ssm = self.client("ssm")
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=SETTINGS, Recursive=True)
        names = [one["Name"] for page in pages for one in page["Parameters"]]
        for start in range(0, len(names), AT_ONCE):
            ssm.delete_parameters(Names=names[start : start + AT_ONCE])
        if names:
            yield f"{len(names)} parameters below {SETTINGS}"

    def _logs(self) -> Iterator[str]:
        """Logs that were written after the stack had deleted its own."""
        logs = self.client("logs")
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=LOGS)
        for name in [one["logGroupName"] for page in pages for one in page["logGroups"]]:
            logs.delete_log_group(logGroupName=name)
            yield f"the log group {name}"
