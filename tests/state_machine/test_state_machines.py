"""Releases of a state machine: the real component on Step Functions in memory, within the real workflow."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from controller.aws.client.clients import Clients
from controller.aws.components.state_machine.component import StateMachineComponent
from controller.domain.components.state_machine.target import StateMachineTarget
from controller.domain.deployment import Counts, Deployment
from controller.domain.phases import Phase
from tests.builders import BundleParts, digest
from tests.state_machine.scene import Scene
from tests.unit.aws.fake_machines import MACHINE, FakeMachines, a_definition

pytestmark = pytest.mark.slow

MakeScene = Callable[..., Scene]
TARGET = {"kind": "state_machine", "state_machine_arn": MACHINE}


class Flow(StateMachineComponent):
    """The real component, with what a scene asks of its components."""

    @property
    def serving(self) -> set[str]:
        """The version on which executions start; the template's first one is that of no release."""
        version = self.current().id
        return {"flow-0" if version == "1" else version}


class Flows:
    """An environment with a state machine, in which the definition of 1.0.0 is live."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.machines = scene, FakeMachines()
        clients = Clients()
        clients.machines = clients.machine_aliases = self.machines  # type: ignore[assignment]
        components: Any = scene.world.components
        components.clear()
        components["flow"] = Flow(StateMachineTarget.model_validate(TARGET), "flow", clients, lambda _: None)
        scene.configure(components={"flow": TARGET})
        scene.world.metrics.stable_id = "2"
        assert self.release("1.0.0", "hello").phase is Phase.SUCCEEDED

    def release(self, version: str, word: str) -> Deployment:
        """Release a definition that says a word, and wait for the end of its deployment."""
        data = json.dumps(a_definition(word)).encode()
        flow = {"kind": "state_machine", "artifact": "flow.json", "digest": digest(data)}
        manifest = {"application": self.scene.name, "version": version, "components": {"flow": flow}}
        return self.scene.release(version, BundleParts(manifest, {"flow.json": data}).pack())

    @property
    def said(self) -> list[str]:
        """What executions that start now may say."""
        versions = (self.machines.versions[one] for one in self.machines.live)
        return [json.loads(one["definition"])["States"]["Say"]["Result"] for one in versions]


@pytest.fixture
def flows(make_scene: MakeScene) -> Flows:
    """The environment."""
    return Flows(make_scene())


def test_executions_go_to_the_new_version_step_by_step(flows: Flows) -> None:
    """Some first, then all."""
    shared: list[dict[str, int]] = []
    flows.scene.at("Shift traffic", "after", lambda: shared.append(flows.machines.live), nth=0)
    deployment = flows.release("1.1.0", "good morning")
    flows.scene.check()
    assert (deployment.phase, deployment.changed) == (Phase.SUCCEEDED, ("flow",))
    assert shared == [{"2": 90, "3": 10}, {"3": 100}]
    assert flows.said == ["good morning"]


def test_the_same_definition_is_left_alone(flows: Flows) -> None:
    """No version is published."""
    deployment = flows.release("1.1.0", "hello")
    flows.scene.check()
    assert (deployment.phase, deployment.changed) == (Phase.SUCCEEDED, ())
    assert sorted(flows.machines.versions) == ["1", "2"]


def test_failed_executions_bring_the_former_version_back(flows: Flows) -> None:
    """The judge compares the two versions; executions that run on the bad one go on."""
    running: list[dict[str, Any]] = []
    flows.scene.at("Judge canary", "before", lambda: running.append(flows.machines.start("3")), nth=0)
    flows.scene.world.metrics.canary = Counts(100, 60)
    deployment = flows.release("1.1.0", "oh no")
    flows.scene.check()
    assert deployment.phase is Phase.ROLLED_BACK
    assert "flow" in deployment.reason
    assert (flows.said, "3" in flows.machines.versions) == (["hello"], False)
    assert running[0]["status"] == "RUNNING"


def test_an_alarm_brings_the_former_version_back(flows: Flows) -> None:
    """At once, without a condition, and read again when no write can be late any more."""
    flows.scene.at("Judge canary", "before", flows.scene.alarm_flickers)
    deployment = flows.release("1.1.0", "oh no")
    flows.scene.check()
    assert (deployment.phase, flows.said) == (Phase.ROLLED_BACK, ["hello"])


def test_a_person_brings_the_former_version_back(flows: Flows) -> None:
    """After the release."""
    released = flows.release("1.1.0", "good morning")
    flows.scene.roll_back(released.deployment_id)
    flows.scene.settle()
    flows.scene.check()
    assert flows.said == ["hello"]
