"""A state machine, destroyed as people do, and recovered from what was exported of it."""

import json
from collections.abc import Callable

import pytest

from controller.aws.components.kind import Tools
from controller.aws.components.registry import aws_kind_of
from controller.domain.components.state_machine.definition import digest_of
from controller.domain.components.state_machine.target import StateMachineTarget
from controller.domain.deployment import Revision
from controller.errors import ChangedByOthersError
from selfright.components.kind import Recovering
from selfright.components.recovered import PointEntry, RecoveryStep
from selfright.components.registry import kind_of
from tests.unit.aws.components.state_machine.test_component import clients_of
from tests.unit.aws.fake_machines import MACHINE, PLACEHOLDER, FakeMachines, a_definition

TARGET = StateMachineTarget(kind="state_machine", state_machine_arn=MACHINE)
Plan = Callable[[], list[RecoveryStep]]


@pytest.fixture
def machines() -> FakeMachines:
    """A state machine whose version 1 is live."""
    return FakeMachines()


@pytest.fixture
def plan(machines: FakeMachines) -> Plan:
    """Plans the recovery of what was live, each time anew."""
    clients = clients_of(machines)
    document = aws_kind_of("state_machine").export(TARGET, Revision("1"), Tools(clients))
    digest = digest_of(json.dumps(PLACEHOLDER))
    entry = PointEntry(kind="state_machine", revision="1", digest=digest, part="any", sha256="any")
    recovering = Recovering(clients, "artifacts", "flow", entry, json.loads(json.dumps(document)), "d1")

    def planned() -> list[RecoveryStep]:
        (recovery,) = kind_of("state_machine").recoveries(recovering, TARGET)
        return recovery.plan()

    return planned


def done(plan: Plan) -> list[str]:
    """Do all; what was done. Afterwards nothing is left to do."""
    steps = plan()
    for step in steps:
        step.act()
    assert plan() == []
    return [step.text for step in steps]


def another(machines: FakeMachines) -> None:
    """Somebody publishes another definition, and leads the alias to it."""
    machines.update_state_machine(stateMachineArn=MACHINE, definition=json.dumps(a_definition("bad")))
    revision = machines.latest["revisionId"]
    machines.publish_state_machine_version(stateMachineArn=MACHINE, revisionId=revision)
    machines.point("live", {"2": 100})


def test_what_is_as_it_was_needs_nothing(machines: FakeMachines, plan: Plan) -> None:
    """Nothing is planned, nothing is changed."""
    machines.calls.clear()
    assert (plan(), machines.mutations) == ([], [])


def test_an_alias_is_restored(machines: FakeMachines, plan: Plan) -> None:
    """From another version."""
    another(machines)
    assert done(plan) == ["point orders:live to version 1 (now: version 2)"]
    assert machines.live == {"1": 100}


def test_a_deleted_alias_is_created(machines: FakeMachines, plan: Plan) -> None:
    """On the version alone."""
    del machines.aliases["live"]
    assert done(plan) == ["create orders:live on version 1"]
    assert machines.live == {"1": 100}


def test_a_deleted_version_is_published_again(machines: FakeMachines, plan: Plan) -> None:
    """With its definition; it has a new number then."""
    another(machines)
    del machines.versions["1"]
    texts = done(plan)
    assert texts[0] == "publish the definition of version 1 again: that version no longer exists"
    (version,) = machines.live
    assert json.loads(machines.versions[version]["definition"]) == PLACEHOLDER


def test_a_person_who_is_quicker_wins(machines: FakeMachines, plan: Plan) -> None:
    """A change after the steps were shown is not overwritten."""
    another(machines)
    (step,) = plan()
    machines.point("live", {"1": 50, "2": 50})
    with pytest.raises(ChangedByOthersError):
        step.act()
    assert machines.live == {"1": 50, "2": 50}


def test_a_state_machine_that_is_gone_comes_from_its_stack(machines: FakeMachines, plan: Plan) -> None:
    """Its executions are gone, too."""
    machines.gone = True
    (step,) = plan()
    assert (step.level, "deploy the application's stack first" in step.text) == ("cannot", True)
