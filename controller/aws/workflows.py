"""The executions of the state machines, in Step Functions."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from controller.aws.client.calls import calling, error_code
from controller.aws.client.clients import client
from controller.domain.printable import LINE_BYTES, said
from controller.errors import NotFoundError
from controller.ports.signals import Workflows
from controller.seen_again import seen_again

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

NOT_WAITING = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


class StepFunctionsWorkflows(Workflows):
    """Implements `ports.Workflows`."""

    def __init__(self, rollback_machine_arn: str, stepfunctions: "SFNClient | None" = None) -> None:
        """`rollback_machine_arn` is the machine that `start_rollback` starts; `stepfunctions` the client to use."""
        self._rollback = rollback_machine_arn
        self._client = stepfunctions or client("stepfunctions")

    def succeed(self, task_token: str, output: Mapping[str, Any]) -> bool:
        """Let a waiting task go on; False when no task waits with this token."""
        with calling("states:SendTaskSuccess", "the waiting task"):
            try:
                self._client.send_task_success(taskToken=task_token, output=json.dumps(output))
            except ClientError as error:
                return _not_waiting(error)
        return True

    def fail(self, task_token: str, reason: str) -> bool:
        """Fail a waiting task; False when no task waits with this token."""
        with calling("states:SendTaskFailure", "the waiting task"):
            try:
                self._client.send_task_failure(taskToken=task_token, error="Tripped", cause=said(reason, LINE_BYTES))
            except ClientError as error:
                return _not_waiting(error)
        return True

    def is_running(self, execution_arn: str) -> bool:
        """Whether the execution is running; False for "", and when it cannot be found, even if asked for again."""
        if not execution_arn:
            return False
        try:
            return seen_again(lambda: self._status(execution_arn)) in {"RUNNING", "PENDING_REDRIVE"}
        except NotFoundError:
            return False

    def _status(self, execution_arn: str) -> str:
        with calling("states:DescribeExecution", execution_arn):
            return self._client.describe_execution(executionArn=execution_arn)["status"]

    def stop(self, execution_arn: str, reason: str) -> None:
        """Stop an execution; harmless when it has ended."""
        with calling("states:StopExecution", execution_arn):
            self._client.stop_execution(executionArn=execution_arn, error="RolledBack", cause=said(reason, LINE_BYTES))

    def start_rollback(
        self, deployment_id: str, reason: str, name: str, *, by: Literal["reconciler", "alarm"] = "reconciler"
    ) -> None:
        """Start the rollback machine; one name starts one execution only."""
        document = {"deployment_id": deployment_id, "by": by, "reason": reason}
        with calling("states:StartExecution", self._rollback):
            try:
                self._client.start_execution(stateMachineArn=self._rollback, name=name, input=json.dumps(document))
            except self._client.exceptions.ExecutionAlreadyExists:
                return


def _not_waiting(error: ClientError) -> bool:
    if error_code(error) in NOT_WAITING:
        return False
    raise error
