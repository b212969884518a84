"""An application with a state machine: what its environment says, and what the controller may do with it."""

import json

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as stepfunctions

from bootstrap_cdk.app import new_app
from controller.domain.components.state_machine.target import StateMachineTarget
from selfright.cdk import StateMachineComponent
from selfright.cdk.names import Group
from tests.infrastructure.every_kind import a_state_machine

MACHINE = "arn:aws:states:eu-central-1:111122223333:stateMachine:orders"
READ = {"states:DescribeStateMachine", "states:DescribeStateMachineAlias"}
SHIFT = {"states:DescribeStateMachineAlias", "states:UpdateStateMachineAlias"}
DELETE = {
    "states:ListStateMachineVersions",
    "states:ListStateMachineAliases",
    "states:DeleteStateMachineVersion",
    *READ,
}
EXPECTED = {
    Group.STAGE: {"states:UpdateStateMachine", "states:PublishStateMachineVersion", *READ},
    Group.CHECK: READ,
    Group.TRAFFIC: SHIFT,
    Group.ON_ALARM: SHIFT | READ,
    Group.CLOSE: DELETE,
    Group.RECONCILE: DELETE,
}


@pytest.fixture(scope="module")
def stack() -> Stack:
    """A stack that is not synthesized."""
    return Stack(new_app(), "Any")


@pytest.fixture(scope="module")
def machine(stack: Stack) -> stepfunctions.IStateMachine:
    """An existing state machine."""
    return stepfunctions.StateMachine.from_state_machine_arn(stack, "Existing", MACHINE)


def test_the_controller_reads_what_is_declared(machine: stepfunctions.IStateMachine) -> None:
    """The construct and the controller agree about every key."""
    component = StateMachineComponent(machine, definition_substitutions={"Table": "orders"}, log_group="/orders")
    target = StateMachineTarget.model_validate(json.loads(json.dumps(component.declaration())))
    assert target == StateMachineTarget(
        kind="state_machine",
        state_machine_arn=MACHINE,
        definition_substitutions={"Table": "orders"},
        log_group="/orders",
    )


@pytest.mark.parametrize("group", list(Group))
def test_each_function_has_its_own_rights(machine: stepfunctions.IStateMachine, group: Group) -> None:
    """What shifts cannot stage; nobody may start, stop or delete anything but versions."""
    statements = StateMachineComponent(machine).privileges().get(group, [])
    granted = {action for one in statements for action in one.actions}
    assert granted == EXPECTED.get(group, set())
    assert {arn for one in statements for arn in one.resources} <= {MACHINE, f"{MACHINE}:*", f"{MACHINE}:live"}


def test_traffic_is_moved_by_the_one_alias(machine: stepfunctions.IStateMachine) -> None:
    """No other alias of the state machine can be moved."""
    (moving,) = StateMachineComponent(machine).privileges()[Group.TRAFFIC]
    assert moving.resources == [f"{MACHINE}:live"]


def test_the_role_of_a_state_machine_made_here_may_be_passed_to_step_functions_alone(stack: Stack) -> None:
    """Another service cannot be given it."""
    statements = StateMachineComponent(a_state_machine(stack)).privileges()[Group.STAGE]
    (passing,) = [one for one in statements if one.actions == ["iam:PassRole"]]
    assert isinstance(passing, iam.PolicyStatement)
    assert passing.to_json()["Condition"] == {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}
    assert len(passing.resources) == 1
