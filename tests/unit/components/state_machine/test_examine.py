"""What the doctor says of a state machine."""

import pytest

from controller.errors import NotFoundError
from tests.examining import examined
from tests.unit.aws.components.state_machine.test_component import clients_of
from tests.unit.aws.fake_machines import MACHINE, FakeMachines

TARGET = {"kind": "state_machine", "state_machine_arn": MACHINE}


def look(machines: FakeMachines, subject: str) -> list[tuple[str, str]]:
    """Severity and words of what is found."""
    return [(one.severity, one.found) for one in examined(TARGET, clients_of(machines), subject)]


def test_a_state_machine_as_a_release_needs_it_is_well() -> None:
    """The machine, its alias, its role, and how it is started."""
    machines = FakeMachines()
    assert look(machines, "the state machine") == [("ok", "active, STANDARD")]
    assert look(machines, "the alias") == [("ok", "on version 1")]
    assert look(machines, "the role") == [("ok", "there")]
    assert look(machines, "the executions") == [("ok", "none yet")]


def test_one_that_is_being_deleted_is_a_problem() -> None:
    """Nothing can be published."""
    machines = FakeMachines()
    machines.latest["status"] = "DELETING"
    assert look(machines, "the state machine") == [("problem", "it is DELETING")]


def test_one_that_does_not_exist_is_not_found() -> None:
    """In AWS's words."""
    machines = FakeMachines()
    machines.gone = True
    with pytest.raises(NotFoundError):
        look(machines, "the state machine")


def test_a_divided_alias_is_a_problem() -> None:
    """With the command that puts it right."""
    machines = FakeMachines()
    machines.versions["2"] = machines.versions["1"]
    machines.point("live", {"1": 50, "2": 50})
    (found,) = examined(TARGET, clients_of(machines), "the alias")
    assert found.severity == "problem"
    assert "aws stepfunctions update-state-machine-alias" in found.next_step


def test_executions_past_the_alias_are_said() -> None:
    """They follow what is staged, or a version that no release moves."""
    machines = FakeMachines()
    machines.start("1")
    machines.start("1", alias="")
    machines.start("1", alias="mine")
    assert look(machines, "the executions") == [
        ("note", "2 of the last 3 executions were started without the alias live")
    ]
    machines.executions = machines.executions[:1]
    assert look(machines, "the executions") == [("ok", "the last 1 were started by the alias")]


def test_express_executions_cannot_be_looked_at() -> None:
    """Step Functions does not list them."""
    machines = FakeMachines()
    machines.latest["type"] = "EXPRESS"
    assert look(machines, "the executions") == [("ok", "express executions are not listed")]
    assert "list_executions" not in machines.calls
