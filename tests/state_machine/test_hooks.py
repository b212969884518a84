"""The application's hooks, however they answer, or if they never do."""

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


def test_hooks_that_allow_let_the_release_go_on(scene: Scene) -> None:
    """Each is asked once, the second when all visitors are on the release."""
    assert hooked(scene).release("1.1.0").phase is Phase.SUCCEEDED
    assert [name for name, _ in scene.world.hooks.asked] == ["before", "after"]
    scene.check()


@OCCASIONS
def test_a_hook_that_refuses_rolls_back(scene: Scene, occasion: str) -> None:
    """The deployment has the hook's reason."""
    hooked(scene).world.hooks.no[HOOKS[occasion]] = "orders are missing"
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.ROLLED_BACK
    assert "orders are missing" in deployment.reason
    scene.check()


@OCCASIONS
def test_a_hook_that_says_not_now_is_asked_again(scene: Scene, occasion: str) -> None:
    """Until it agrees: the release waits, and goes on."""
    hooked(scene).world.hooks.not_now[HOOKS[occasion]] = 2
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    assert [name for name, _ in scene.world.hooks.asked].count(HOOKS[occasion]) == 3
    scene.check()


@OCCASIONS
def test_an_alarm_while_a_hook_says_not_now_rolls_back(scene: Scene, occasion: str) -> None:
    """The next question finds the trip; visitors were back at once."""
    hooked(scene).world.hooks.not_now[HOOKS[occasion]] = 2
    scene.at(STATES[occasion], "after", scene.alarm)
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.ROLLED_BACK
    assert [name for name, _ in scene.world.hooks.asked].count(HOOKS[occasion]) == 1
    scene.check()


@OCCASIONS
@pytest.mark.parametrize("output", [{}, {"status": "Succeeded"}, "fine"])
def test_a_hook_may_allow_later(scene: Scene, occasion: str, output: object) -> None:
    """It answers by the token; success without a status allows."""
    assert answering(hooked(scene), occasion, output).phase is Phase.SUCCEEDED
    scene.check()


@OCCASIONS
def test_a_hook_may_refuse_later(scene: Scene, occasion: str) -> None:
    """It answers with CodeDeploy's word for it, in the output; that is evidence, as a refusal at once is."""
    deployment = answering(hooked(scene), occasion, {"status": "Failed"})
    assert (deployment.phase, deployment.is_condemned) == (Phase.ROLLED_BACK, True)
    assert "refused" in deployment.reason
    scene.check()


@OCCASIONS
def test_a_hook_that_refuses_later_may_say_why(scene: Scene, occasion: str) -> None:
    """Its reason is the deployment's, without its secrets."""
    answer = {"status": "Failed", "reason": "orders are missing, password=hunter2"}
    deployment = answering(hooked(scene), occasion, answer)
    assert (deployment.is_condemned, deployment.reason) == (True, "orders are missing, password=[redacted]")
    scene.check()


@OCCASIONS
def test_a_hook_that_says_not_now_by_its_token_has_said_nothing_against_the_version(
    scene: Scene, occasion: str
) -> None:
    """It is not asked again, so the release goes back, and may be released again."""
    deployment = answering(hooked(scene), occasion, {"status": "NotNow", "reason": "a freeze"})
    assert (deployment.phase, deployment.is_condemned) == (Phase.ROLLED_BACK, False)
    scene.check()


def test_a_hook_may_fail_its_task(scene: Scene) -> None:
    """Its cause is the deployment's reason."""
    hooked(scene).world.hooks.later.add("before")

    def fail() -> None:
        token = scene.world.hooks.asked[-1][1]["LifecycleEventHookExecutionId"]
        client("stepfunctions").send_task_failure(taskToken=token, error="not migrated", cause="not migrated")

    scene.at(STATES["pre_traffic"], "after", fail)
    deployment = scene.release("1.1.0")
    assert (deployment.phase, deployment.reason) == (Phase.ROLLED_BACK, "not migrated")
    scene.check()


@OCCASIONS
def test_a_hook_that_never_answers_refuses(scene: Scene, occasion: str) -> None:
    """It refuses when the environment's `hook_timeout` is over."""
    hooked(scene).at(STATES[occasion], "before", failing(TimedOut()), nth=0)
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.ROLLED_BACK
    assert "did not answer in time" in deployment.reason
    scene.check()


def test_without_hooks_none_is_asked(scene: Scene) -> None:
    """The workflow passes through no additional state."""
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    assert not set(STATES.values()) & set(scene.states)
    scene.check()
