"""Releases that are unhealthy, or may be: checks, the judge, and a person who decides."""

from collections.abc import Callable

import pytest

from controller.domain.deployment import Counts, Deployment
from controller.domain.phases import Phase
from tests.state_machine.drives import PAUSING, pause_and, resume
from tests.state_machine.machines import DEPLOY, states
from tests.state_machine.scene import Scene


def test_a_staged_release_that_fails_its_checks_never_gets_a_visitor(scene: Scene) -> None:
    """The checks run against the canary before any traffic."""
    scene.world.components["api"].failing_checks = True
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()
    assert "Shift traffic" not in scene.states


def test_a_check_from_outside_that_fails_rolls_back(scene: Scene) -> None:
    """The verification makes requests as a visitor does."""
    scene.world.probe.failing = scene.serves_canary
    deployment = scene.release("1.1.0")
    assert (deployment.phase, deployment.trip and deployment.trip.source) == (Phase.ROLLED_BACK, "check")
    scene.check()


def test_the_judge_rolls_back_a_canary_that_fails_more_often(scene: Scene) -> None:
    """No alarm is needed."""
    scene.world.metrics.canary = Counts(100, 20)
    deployment = scene.release("1.1.0")
    assert (deployment.phase, deployment.trip and deployment.trip.source) == (Phase.ROLLED_BACK, "judge")
    scene.check()


@pytest.mark.parametrize("state", ["ALARM", "gone", "unreadable"])
def test_the_judge_fails_closed(scene: Scene, state: str) -> None:
    """An alarm that fires, is gone or cannot be read counts against the canary, although no event came."""

    def spoil() -> None:
        scene.world.alarms.unreadable = state == "unreadable"
        scene.world.alarms.values = {scene.alarm_name: "ALARM"} if state == "ALARM" else {}

    scene.at("Judge canary", "before", spoil, nth=2)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()


def test_too_few_requests_extend_the_bake_once_and_then_go_on(scene: Scene) -> None:
    """That is the default policy: nothing speaks against the release, and the end says that it was not judged."""
    scene.world.metrics.canary = Counts(3, 0)
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.SUCCEEDED
    assert deployment.reason.startswith("Not judged: ")
    assert scene.kinds(deployment).count("extended") == 1
    scene.check()


def test_too_few_requests_roll_back_where_the_environment_insists(scene: Scene) -> None:
    """A verdict is asked for."""
    scene.configure(judge={"evaluate_every": "1m", "when_inconclusive": "roll_back"})
    scene.world.metrics.canary = Counts(3, 0)
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.ROLLED_BACK
    assert scene.kinds(deployment).count("extended") == 1
    scene.check()


def test_enough_requests_in_the_longer_bake_are_enough(scene: Scene) -> None:
    """The bake was extended, and that helped."""
    scene.world.metrics.canary = Counts(3, 0)

    def more_visitors() -> None:
        scene.world.metrics.canary = Counts(300, 0)

    scene.at("Judge canary", "before", more_visitors, nth=3)
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.SUCCEEDED
    assert scene.kinds(deployment).count("extended") == 1
    scene.check()


@pytest.mark.parametrize(
    ("act", "phase"),
    [
        (resume, Phase.SUCCEEDED),
        (lambda scene, deployment: scene.roll_back(deployment.deployment_id), Phase.ROLLED_BACK),
        (lambda scene, deployment: scene.alarm(), Phase.ROLLED_BACK),
        (lambda scene, deployment: scene.alarm_flickers(), Phase.ROLLED_BACK),
        (lambda scene, deployment: scene.stop(), Phase.ROLLED_BACK),
    ],
    ids=["resume", "rollback", "alarm", "short alarm", "stop"],
)
def test_a_person_decides_about_a_paused_release(
    scene: Scene, act: Callable[[Scene, Deployment], None], phase: Phase
) -> None:
    """With the policy `pause`, it waits for `selfright resume` or `selfright rollback`, and an alarm still ends it."""
    scene.configure(judge=PAUSING)
    scene.world.metrics.canary = Counts(3, 0)
    assert pause_and(scene, "1.1.0", act).phase is phase
    scene.check()


def test_a_pause_outlives_the_bake_by_far(scene: Scene) -> None:
    """The guard stays open as long as a person may take to decide, not as long as the bake."""
    scene.configure(judge=PAUSING)
    scene.world.metrics.canary = Counts(3, 0)
    pause_and(scene, "1.1.0", resume)
    scene.check()
    (hold,) = [state for name, state in states(DEPLOY) if name == "Pause for a person"]
    assert scene.documents["Test staged release"]["steps"][0]["guard_timeout"] > hold["TimeoutSeconds"]
