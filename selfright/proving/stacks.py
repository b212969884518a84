"""A stack of CloudFormation in the account: it is found, waited for, and says what failed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.client.calls import calling
from controller.errors import AwsError, TransientError
from selfright.errors import AdviceError
from selfright.proving.scene import RunClock

PATIENCE = 1800.0
PAUSE = 5.0
FIRST_PAUSE = 0.2
TELL_EVERY = 60.0
BEGINS = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"})
GONE, ROLLED_BACK = "DELETE_COMPLETE", "ROLLBACK_COMPLETE"

Found = Mapping[str, Any] | None
"""A stack as CloudFormation describes it, or None if there is none."""


def is_moving(stack: Found) -> bool:
    """Whether CloudFormation is at work on it; a change set that nobody has executed is no work."""
    status = str(stack["StackStatus"]) if stack else ""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def is_whole(stack: Found) -> bool:
    """Whether it is there as its template says."""
    status = str(stack["StackStatus"]) if stack else ""
    return status.endswith("_COMPLETE") and status != ROLLED_BACK


@dataclass(frozen=True)
class AccountStack:
    """One stack by its name; `calls` is boto3's client, `say` takes lines of progress."""

    calls: Any
    name: str
    clock: RunClock
    say: Callable[[str], None] = lambda _: None

    def find(self) -> Found:
        """The stack, or None if there is none."""
        try:
            with calling("cloudformation:DescribeStacks", self.name):
                found = dict(self.calls.describe_stacks(StackName=self.name)["Stacks"][0])
                return None if found["StackStatus"] == GONE else found
        except AwsError as error:
            if error.code == "ValidationError" and "does not exist" in str(error):
                return None
            raise

    def wait(self, is_over: Callable[[Found], bool]) -> Found:
        """Wait until the stack is as it should be; returns it. Raises `AdviceError` after half an hour.

        A question that AWS does not answer is asked again.
        """
        start, pause, told, status = self.clock.now(), FIRST_PAUSE, self.clock.now(), "unknown"
        while True:
            try:
                if is_over(found := self.find()):
                    return found
                status = found["StackStatus"] if found else "gone"
            except TransientError as error:
                status = f"unknown: {error}"
            if self.clock.now() - start > PATIENCE:
                message = f"The stack {self.name} is {status} after half an hour."
                raise AdviceError(message, "Later: `selfright prove --clean`")
            if self.clock.now() - told >= TELL_EVERY:
                told = self.clock.now()
                self.say(f"  {self.name}: {status}, since {(told - start) / 60:.0f} minutes")
            self.clock.sleep(pause)
            pause = min(2 * pause, PAUSE)

    def trouble(self) -> str:
        """What failed first since the last operation on it began, in AWS's words."""
        try:
            failed = [one for one in self._latest() if one.get("ResourceStatus", "").endswith("_FAILED")]
        except ClientError:
            return "CloudFormation has no events of it."
        if not failed:
            return "CloudFormation says nothing about why."
        first = failed[-1]
        return (
            f"{first.get('LogicalResourceId')} ({first.get('ResourceType')}): {first.get('ResourceStatusReason', '')}"
        )

    def _latest(self) -> Iterator[Mapping[str, Any]]:
        """The events since the last operation began; CloudFormation lists the newest first."""
        pages = self.calls.get_paginator("describe_stack_events").paginate(StackName=self.name)
        events = (event for page in pages for event in page["StackEvents"])
        return takewhile(lambda one: not self._begins(one), events)

    def _begins(self, event: Mapping[str, Any]) -> bool:
        return event.get("LogicalResourceId") == self.name and event.get("ResourceStatus") in BEGINS
