"""A release that does something once before its checks, such as a migration, whatever happens to it."""

from collections.abc import Callable

import pytest

from controller.domain.phases import Phase
from controller.errors import TransientError
from controller.ports.signals import TaskAnswer
from tests.builders import bundle_parts
from tests.state_machine.drives import failing
from tests.state_machine.failures import Broken, Failure, TimedOut
from tests.state_machine.scene import Scene

MakeScene = Callable[..., Scene]
LOST = TransientError("lambda:InvokeFunction on f:7 got no answer (ConnectionClosedError). It can be tried again.")


@pytest.fixture
def migrating(scene: Scene) -> Scene:
    """Releases have one task of the API."""
    scene.tasks = ("api",)
    return scene


def keys(scene: Scene) -> list[str]:
    """The idempotency keys under which tasks were run, in order."""
    return [event["selfright"]["idempotency_key"] for _, _, event, _ in scene.world.tasks.asked]


def test_a_task_runs_once_before_the_checks(migrating: Scene) -> None:
    """The machine passes through the tests' state again when it is done."""
    deployment = migrating.release("1.1.0")
    assert deployment.phase is Phase.SUCCEEDED
    assert [name for name, *_ in migrating.world.tasks.asked] == ["api"]
    assert [kind for kind in migrating.kinds(deployment) if kind in {"task", "tested"}] == ["task", "tested", "tested"]
    assert migrating.states.count("Run task") == 1
    migrating.check()


def test_without_tasks_there_is_no_additional_state(scene: Scene) -> None:
    """Most releases have none."""
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    assert "Run task" not in scene.states


def test_each_component_s_tasks_run_when_it_is_staged(scene: Scene) -> None:
    """Before the checks of its wave, and before the next wave is staged."""
    parts = bundle_parts("1.1.0", application=scene.name)
    parts.manifest["components"]["api"]["after"] = ["site"]
    parts.manifest["tasks"] = [{"component": "api"}]
    deployment = scene.release("1.1.0", parts.pack())
    told = [kind for kind in scene.kinds(deployment) if kind in {"staged", "task", "tested"}]
    assert told == ["staged", "tested", "staged", "task", "tested"]
    scene.check()


@pytest.mark.parametrize("together", [False, True])
def test_functions_that_run_twice_run_a_task_once(make_scene: MakeScene, together: bool) -> None:
    """One after the other, and at the same time."""
    scene = make_scene(repeat=2, together=together)
    scene.is_live("1.0.0")
    scene.tasks = ("api",)
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    assert len(keys(scene)) == 1
    scene.check()


def test_a_task_that_fails_is_rolled_back_before_any_visitor_came(migrating: Scene) -> None:
    """The version is refused, and no switch was moved forward."""
    migrating.world.tasks.answers = [TaskAnswer("failed", "it failed (KeyError)")]
    deployment = migrating.release("1.1.0")
    assert (deployment.phase, deployment.reached, deployment.is_condemned) == (Phase.ROLLED_BACK, 0, True)
    assert deployment.reason == "api: task 1: it failed (KeyError)"
    assert "tested" not in migrating.kinds(deployment)
    migrating.check()


def test_a_task_whose_answer_is_lost_runs_once_more_under_its_key(migrating: Scene) -> None:
    """The machine waits until nothing can run any more."""
    migrating.world.tasks.answers = [LOST]
    assert migrating.release("1.1.0").phase is Phase.SUCCEEDED
    assert (len(keys(migrating)), len(set(keys(migrating)))) == (2, 1)
    migrating.check()


def test_a_task_that_never_answers_is_rolled_back_without_evidence(migrating: Scene) -> None:
    """It never runs a third time."""
    migrating.world.tasks.answers = [LOST] * 3
    deployment = migrating.release("1.1.0")
    assert (deployment.phase, deployment.is_condemned) == (Phase.ROLLED_BACK, False)
    assert len(keys(migrating)) == 2
    migrating.check()


@pytest.mark.parametrize("failure", [Broken("gone"), TimedOut("too long")], ids=["broken", "timeout"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_function_that_dies_outside_of_the_task_does_not_repeat_it(
    migrating: Scene, when: str, failure: Failure
) -> None:
    """Before the claim, or after the result was noted."""
    migrating.at("Run task", "before" if when == "before" else "after", failing(failure))
    assert migrating.release("1.1.0").phase is Phase.SUCCEEDED
    assert len(keys(migrating)) == 1
    migrating.check()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_alarm_beside_a_task_rolls_back(migrating: Scene, moment: str) -> None:
    """No visitor came."""
    migrating.at("Run task", "before" if moment == "before" else "after", migrating.alarm)
    deployment = migrating.release("1.1.0")
    assert (deployment.phase, deployment.reached) == (Phase.ROLLED_BACK, 0)
    assert len(keys(migrating)) == (0 if moment == "before" else 1)
    migrating.check()


def test_pressing_stop_while_a_task_runs_is_a_rollback(migrating: Scene) -> None:
    """The task ends by itself; its answer changes nothing."""
    migrating.world.tasks.meanwhile = migrating.stop
    deployment = migrating.release("1.1.0")
    assert (deployment.phase, deployment.reached) == (Phase.ROLLED_BACK, 0)
    migrating.check()
