"""The application's hooks: whatever way they answer, and if they never do."""

import json

import pytest

from controller.aws.client.clients import client
from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from tests.state_machine.drives import HOOKS, failing, hooked
from tests.state_machine.failures import TimedOut
from tests.state_machine.scene import Scene

STATES = {"pre_traffic": "Ask pre-traffic hook", "post_traffic": "Ask post-traffic hook"}
OCCASIONS = pytest.mark.parametrize("occasion", HOOKS)


def answering(scene: Scene, occasion: str, output: object) -> Deployment:
    """Release while this hook answers later, with this output, by the token that it was given."""
    scene.world.hooks.later.add(HOOKS[occasion])

    def answer() -> None:
        token = scene.world.hooks.asked[-1][1]["LifecycleEventHookExecutionId"]
        client("stepfunctions").send_task_success(taskToken=token, output=json.dumps(output))

    scene.at(STATES[occasion], "after", answer)
    return scene.release("1.1.0")


def test_hooks_that_say_yes_let_the_release_go_on(scene: Scene) -> None:
    """Each is asked once, the second when everybody is on the release."""
    assert hooked(scene).release("1.1.0").phase is Phase.SUCCEEDED
    assert [name for name, _ in scene.world.hooks.asked] == ["before", "after"]
    scene.check()


@OCCASIONS
def test_a_hook_that_says_no_rolls_back(scene: Scene, occasion: str) -> None:
    """With its reason."""
    hooked(scene).world.hooks.no[HOOKS[occasion]] = "orders are missing"
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.ROLLED_BACK
    assert "orders are missing" in deployment.reason
    scene.check()


@OCCASIONS
@pytest.mark.parametrize("output", [{}, {"status": "Succeeded"}, "fine"])
def test_a_hook_may_say_yes_later(scene: Scene, occasion: str, output: object) -> None:
    """By the token; success without a status is a yes."""
    assert answering(hooked(scene), occasion, output).phase is Phase.SUCCEEDED
    scene.check()


@OCCASIONS
def test_a_hook_may_say_no_later(scene: Scene, occasion: str) -> None:
    """By CodeDeploy's word for it, in the output."""
    assert answering(hooked(scene), occasion, {"status": "Failed"}).phase is Phase.ROLLED_BACK
    scene.check()


def test_a_hook_may_fail_its_task(scene: Scene) -> None:
    """What it says is the deployment's reason."""
    hooked(scene).world.hooks.later.add("before")

    def fail() -> None:
        token = scene.world.hooks.asked[-1][1]["LifecycleEventHookExecutionId"]
        client("stepfunctions").send_task_failure(taskToken=token, error="not migrated", cause="not migrated")

    scene.at(STATES["pre_traffic"], "after", fail)
    deployment = scene.release("1.1.0")
    assert (deployment.phase, deployment.reason) == (Phase.ROLLED_BACK, "not migrated")
    scene.check()


@OCCASIONS
def test_a_hook_that_never_answers_is_a_no(scene: Scene, occasion: str) -> None:
    """When its time is over, which the environment says."""
    hooked(scene).at(STATES[occasion], "before", failing(TimedOut()), nth=0)
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.ROLLED_BACK
    assert "did not answer in time" in deployment.reason
    scene.check()


def test_without_hooks_nobody_is_asked(scene: Scene) -> None:
    """And the workflow has no state more."""
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    assert not set(STATES.values()) & set(scene.states)
    scene.check()
