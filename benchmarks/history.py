"""What an execution did, according to its history, and what that costs."""

from dataclasses import dataclass

from benchmarks.local import Aws

TRANSITION = 25e-6
"""Dollars for a state transition of a standard workflow (us-east-1)."""
GB_SECOND, REQUEST, WRITE, PUT = 16.67e-6, 0.2e-6, 1.25e-6, 5e-6
"""Dollars for Lambda's time and an invocation, for a write to DynamoDB on demand, and for a PUT to S3."""


@dataclass(frozen=True)
class Execution:
    """One execution: the states entered at the top, and every task with its seconds.

    The emulator's history leaves out the states within Maps and Parallels, but not their tasks.
    """

    states: tuple[str, ...]
    seconds: tuple[float, ...]

    @property
    def tasks(self) -> int:
        """How many tasks ran."""
        return len(self.seconds)


def read(aws: Aws, arn: str) -> Execution:
    """The execution's history."""
    pages = aws.workflows.get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"]]
    entered = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
    begun = [event["timestamp"].timestamp() for event in events if event["type"] == "TaskScheduled"]
    done = [event["timestamp"].timestamp() for event in events if event["type"] == "TaskSucceeded"]
    return Execution(tuple(entered), tuple(end - start for start, end in zip(begun, done, strict=False)))


def lambda_dollars(aws: Aws, tasks: int, seconds: float) -> float:
    """The price of `tasks` invocations that ran for `seconds` in all, with the controller's average memory."""
    return tasks * REQUEST + seconds * _memory(aws) / 1024 * GB_SECOND


def _memory(aws: Aws) -> float:
    names = [f"selfright-{group}" for group in ("intake", "stage", "check", "traffic", "watch", "close")]
    sizes = [aws.functions.get_function_configuration(FunctionName=name)["MemorySize"] for name in names]
    return sum(sizes) / len(sizes)
