"""A state machine that is packed, and compared with the live version."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.aws.components.state_machine.component import StateMachineComponent
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.state_machine.target import StateMachineTarget
from controller.domain.deployment import Revision
from controller.errors import InvalidBundleError
from selfright.bundling.bundle import make_bundle
from selfright.components.kind import Planning
from selfright.components.planned import ComponentPlan, Difference, Items
from selfright.components.registry import kind_of
from tests.fences import FORWARD
from tests.unit.aws.components.state_machine.test_component import clients_of, opened
from tests.unit.aws.fake_lambda import refuse
from tests.unit.aws.fake_machines import MACHINE, FakeMachines, a_definition

TARGET = StateMachineTarget(kind="state_machine", state_machine_arn=MACHINE)


@pytest.fixture
def machines() -> FakeMachines:
    """A state machine on which a definition is live."""
    made, bundle = FakeMachines(), opened(a_definition())
    component = StateMachineComponent(TARGET, "flow", clients_of(made), lambda _: None)
    revision = component.stage(bundle.manifest().components["flow"], bundle)
    component.shift(Revision("1"), revision, 100, FORWARD)
    made.calls.clear()
    return made


def planned(machines: FakeMachines, definition: dict[str, Any]) -> ComponentPlan:
    """What is planned for the state machine, when the bundle has this definition."""
    clients, bundle = clients_of(machines), opened(definition)
    component = StateMachineComponent(TARGET, "flow", clients, lambda _: None)
    planning = Planning(clients, component, bundle)
    known = ComponentPlan("flow", "state_machine", "unknown", component.current().id)
    return kind_of("state_machine").plan(planning, TARGET, known, bundle.manifest().components["flow"])


def test_the_same_definition_is_skipped(machines: FakeMachines) -> None:
    """And nothing is changed by looking."""
    assert planned(machines, a_definition()).change == "unchanged"
    assert machines.mutations == []


def test_states_are_compared(machines: FakeMachines) -> None:
    """What comes, what changes, what goes, and what stands beside the states."""
    new = {"StartAt": "Ask", "States": {"Ask": {"Type": "Pass", "Next": "Say"}, "Say": {"Type": "Succeed"}}}
    found = planned(machines, new)
    assert (found.change, found.refusal) == ("changed", None)
    assert found.items == Items(added=("Ask",), changed=("(the machine itself)", "Say"), what="states")


def test_what_the_template_changes_is_shown(machines: FakeMachines) -> None:
    """It comes with the next version."""
    machines.latest["roleArn"] = "arn:new"
    (difference,) = planned(machines, a_definition()).differences
    assert difference == Difference("execution role", "arn:aws:iam::111122223333:role/orders", "arn:new")


def test_what_step_functions_would_refuse_is_refused(machines: FakeMachines) -> None:
    """In its own words, before the upload."""
    machines.invalid = "The field 'Result' is not supported"
    refusal = planned(machines, a_definition("new")).refusal
    assert refusal
    assert refusal.reason == (
        "Step Functions refuses the definition: The field 'Result' is not supported at /States/Say"
    )


def test_who_may_not_ask_step_functions_plans_without_it(machines: FakeMachines) -> None:
    """The controller asks when it stages."""

    def denied() -> None:
        raise refuse("AccessDeniedException", 403)

    machines.before["validate_state_machine_definition"] = denied
    assert planned(machines, a_definition("new")).refusal is None


def release(folder: Path, text: str) -> Path:
    """A release whose state machine has this definition, as a person writes it."""
    flow = {"kind": "state_machine", "artifact": "flow.yaml"}
    manifest = {"application": "shop", "version": "1", "components": {"flow": flow}}
    (folder / "release.yaml").write_text(yaml.safe_dump(manifest))
    (folder / "flow.yaml").write_text(text)
    return folder


def test_a_definition_is_packed_as_it_is_written(tmp_path: Path) -> None:
    """YAML stays YAML; the controller reads it."""
    text = "StartAt: A  # first\nStates:\n  A: {Type: Succeed}\n"
    bundle = make_bundle(release(tmp_path, text), tmp_path / "out.zip")
    with zipfile.ZipFile(bundle) as archive:
        assert archive.read("flow.yaml").decode() == text
    opened_again = BundleArchive(io.BytesIO(bundle.read_bytes()))
    artifact = opened_again.manifest().components["flow"]
    assert json.loads(TARGET.written(artifact, "flow", opened_again))["StartAt"] == "A"


def test_a_definition_that_cannot_be_one_is_not_packed(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(InvalidBundleError, match=r"flow\.yaml is no definition of a state machine"):
        make_bundle(release(tmp_path, "StartAt: A\n"), tmp_path / "out.zip")


def test_what_an_administrator_can_do_by_hand() -> None:
    """The command that leads the alias to one version."""
    assert kind_of("state_machine").by_hand(TARGET, "7") == (
        f"aws stepfunctions update-state-machine-alias --state-machine-alias-arn {MACHINE}:live"
        f" --routing-configuration stateMachineVersionArn={MACHINE}:7,weight=100"
    )
    metrics = kind_of("state_machine").metrics(TARGET)
    assert metrics
    assert metrics.dimensions == {"StateMachineArn": MACHINE, "Alias": "live"}
