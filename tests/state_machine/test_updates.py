"""The controller is updated while a release is on its way: an execution runs to its end by the machine it began with.

Its functions are the new ones at once. So a version of the controller answers the tasks of the one before; a task that
it does not have any more makes the deployment roll back, and says nothing about the release.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from controller.aws.client.clients import client
from controller.domain.phases import Phase
from tests.state_machine.drives import prepare
from tests.state_machine.machines import ALL_TASKS, DEPLOY, ROLLBACK, Task, definition
from tests.state_machine.scene import Scene, bundle_of

Machine = dict[str, Any]
REMOVED = "Check quotas"
"""A state that another version of the controller has, with a task of the same name."""


def states_of(machine: Machine) -> dict[str, Any]:
    """The states within the traffic steps, where most of a deployment's time goes by."""
    found: dict[str, Any] = machine["States"]["Traffic steps"]["ItemProcessor"]["States"]
    return found


def without_verification(machine: Machine) -> None:
    """A version whose traffic steps do not verify anything: a removed state."""
    states = states_of(machine)
    del states["Verify"], states["Is it healthy?"], states["Verification failed"]
    for gone in ("Ask post-traffic hook", "May the release stay?", "No answer after traffic"):
        del states[gone]
    del states["Hook refused"], states["Hook refused without a reason"]
    states["Shift traffic"]["Next"] = "Bake"
    del states["Step done"]


def with_another_task(machine: Machine) -> None:
    """A version with one more state before the bake, whose task this code does not have."""
    states = states_of(machine)
    payload = {"task": "check_quotas", "deployment_id.$": "$.deployment_id"}
    states[REMOVED] = {**states["Shift traffic"], "Next": "Verify"}
    states[REMOVED]["Parameters"] = {**states["Shift traffic"]["Parameters"], "Payload": payload}
    states["Shift traffic"]["Next"] = REMOVED


def update(scene: Scene, change: Callable[[Machine], None] = lambda _: None) -> None:
    """Deploy the controller's stack with another deploy machine, and with this rollback machine."""
    machine = json.loads(definition(DEPLOY))
    change(machine)
    machines = {scene.deploy_machine: json.dumps(machine), scene.rollback_machine: definition(ROLLBACK)}
    for arn, text in machines.items():
        client("stepfunctions").update_state_machine(stateMachineArn=arn, definition=text)


@pytest.mark.parametrize("task", ALL_TASKS, ids=str)
def test_a_release_that_began_before_an_update_ends_by_its_own_machine(scene: Scene, task: Task) -> None:
    """Wherever it is; the next release has the new machine, from which a state was removed."""
    expected = prepare(scene, task)
    scene.at(task.state, "before", lambda: update(scene, without_verification))
    assert scene.release("1.1.0").phase is expected
    assert "Verify" in scene.states
    scene.check()
    scene.forget()
    scene.all_is_well()
    scene.states.clear()
    assert scene.release("1.2.0").phase is Phase.SUCCEEDED
    assert "Verify" not in scene.states
    scene.check()


def test_a_task_that_the_new_version_does_not_have_rolls_the_release_back(scene: Scene) -> None:
    """All visitors are on the former release, and the bundle, against which nothing speaks, is released again."""
    update(scene, with_another_task)
    scene.at("Test staged release", "before", lambda: update(scene))
    bundle = bundle_of(scene.name, "1.1.0")
    first = scene.release("1.1.0", bundle)
    assert (first.phase, first.is_condemned) == (Phase.ROLLED_BACK, False)
    assert "'check_quotas'" in first.rollback_reason
    assert "another version of the controller" in first.rollback_reason
    scene.check()
    scene.forget()
    assert scene.release("1.1.0", bundle).phase is Phase.SUCCEEDED
    scene.check()


def test_a_state_that_was_added_is_for_releases_that_begin_after_the_update(scene: Scene) -> None:
    """An execution under way knows nothing of it, and succeeds without it."""
    update(scene, without_verification)
    scene.at("Shift traffic", "before", lambda: update(scene))
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    assert "Verify" not in scene.states
    assert scene.release("1.2.0").phase is Phase.SUCCEEDED
    assert "Verify" in scene.states
    scene.check()
