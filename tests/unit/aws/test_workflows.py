"""The executions of the state machines in Step Functions."""

import json
from collections.abc import Iterator

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from controller.aws.workflows import StepFunctionsWorkflows
from controller.errors import AwsError, TransientError
from controller.seen_again import PAUSES
from tests.unit.aws.ledger_table import client

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:selfright-rollback"
EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:selfright-deploy:one"


@pytest.fixture
def stubbed() -> Iterator[Stubber]:
    """Step Functions, with the answers that a test sets."""
    with mock_aws(), Stubber(client("stepfunctions")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def workflows(stubbed: Stubber) -> StepFunctionsWorkflows:
    """The adapter of these Step Functions."""
    return StepFunctionsWorkflows(MACHINE, client("stepfunctions"))


def test_a_waiting_task_goes_on(workflows: StepFunctionsWorkflows, stubbed: Stubber) -> None:
    """It gets the output as JSON."""
    stubbed.add_response("send_task_success", {}, {"taskToken": "t", "output": json.dumps({"outcome": "granted"})})
    assert workflows.succeed("t", {"outcome": "granted"})


def test_a_waiting_task_fails(workflows: StepFunctionsWorkflows, stubbed: Stubber) -> None:
    """Its reason is cut to the length that AWS accepts."""
    expected = {"taskToken": "t", "error": "Tripped", "cause": "x" * 997 + "…"}
    stubbed.add_response("send_task_failure", {}, expected)
    assert workflows.fail("t", "x" * 5000)


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
@pytest.mark.parametrize("call", ["succeed", "fail"])
def test_an_answer_to_a_task_that_no_longer_waits_is_no_error(
    workflows: StepFunctionsWorkflows, stubbed: Stubber, call: str, code: str
) -> None:
    """The task has been answered before, or its execution has ended."""
    stubbed.add_client_error(f"send_task_{'success' if call == 'succeed' else 'failure'}", code)
    assert (workflows.succeed("t", {}) if call == "succeed" else workflows.fail("t", "r")) is False


def test_other_refusals_are_errors(workflows: StepFunctionsWorkflows, stubbed: Stubber) -> None:
    """A missing permission must not look like an answer; the message does not have the token."""
    stubbed.add_client_error("send_task_success", "AccessDeniedException", http_status_code=403)
    with pytest.raises(AwsError, match="states:SendTaskSuccess") as caught:
        workflows.succeed("the-token", {})
    assert "the-token" not in str(caught.value)
    stubbed.add_client_error("send_task_failure", "ThrottlingException")
    with pytest.raises(TransientError):
        workflows.fail("t", "r")


@pytest.mark.parametrize(
    ("status", "running"),
    [("RUNNING", True), ("PENDING_REDRIVE", True), ("SUCCEEDED", False), ("ABORTED", False), ("TIMED_OUT", False)],
)
def test_an_execution_runs_according_to_its_status(
    workflows: StepFunctionsWorkflows, stubbed: Stubber, status: str, running: bool
) -> None:
    """An execution that waits to be redriven counts as running."""
    answer = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "startDate": 0, "status": status}
    stubbed.add_response("describe_execution", answer)
    assert workflows.is_running(EXECUTION) is running


def test_an_execution_that_cannot_be_found_does_not_run(workflows: StepFunctionsWorkflows, stubbed: Stubber) -> None:
    """Step Functions deletes executions after 90 days."""
    for _ in range(len(PAUSES) + 1):
        stubbed.add_client_error("describe_execution", "ExecutionDoesNotExist")
    assert not workflows.is_running(EXECUTION)


def test_no_execution_does_not_run(workflows: StepFunctionsWorkflows, stubbed: Stubber) -> None:
    """Nobody has to be asked."""
    assert not workflows.is_running("")


def test_an_execution_that_has_just_begun_runs(
    workflows: StepFunctionsWorkflows, stubbed: Stubber, slept: list[float]
) -> None:
    """Step Functions describes it a moment later; its deployment must not be taken for one whose execution died."""
    stubbed.add_client_error("describe_execution", "ExecutionDoesNotExist")
    answer = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "startDate": 0, "status": "RUNNING"}
    stubbed.add_response("describe_execution", answer)
    assert workflows.is_running(EXECUTION)
    assert slept == [PAUSES[0]]


def test_an_execution_is_stopped(workflows: StepFunctionsWorkflows, stubbed: Stubber) -> None:
    """The execution shows the reason to people."""
    expected = {"executionArn": EXECUTION, "error": "RolledBack", "cause": "Stop."}
    stubbed.add_response("stop_execution", {"stopDate": 0}, expected)
    workflows.stop(EXECUTION, "Stop.")


def test_a_rollback_is_started_once(workflows: StepFunctionsWorkflows, stubbed: Stubber) -> None:
    """The second start under the same name is no error."""
    document = {"deployment_id": "d1", "by": "reconciler", "reason": "It died."}
    expected = {"stateMachineArn": MACHINE, "name": "d1-1", "input": json.dumps(document)}
    stubbed.add_response("start_execution", {"executionArn": EXECUTION, "startDate": 0}, expected)
    stubbed.add_client_error("start_execution", "ExecutionAlreadyExists")
    workflows.start_rollback("d1", "It died.", "d1-1")
    workflows.start_rollback("d1", "It died.", "d1-1")
