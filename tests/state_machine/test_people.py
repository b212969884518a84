"""People: rollbacks at any time, in twos, refused; and everything delivered or run twice."""

from collections.abc import Callable

import pytest

from controller.domain.deployment import Counts
from controller.domain.phases import Phase
from tests.builders import a_bundle
from tests.state_machine.drives import prepare, prepare_hold
from tests.state_machine.functions import at_once
from tests.state_machine.machines import ALL_TASKS, DEPLOY_TASKS, ROLLBACK, Task
from tests.state_machine.scene import EVENT_SECONDS, Scene
from tests.state_machine.script import When

pytestmark = pytest.mark.slow

MakeScene = Callable[..., Scene]
ROLLED = {Phase.ROLLED_BACK, Phase.REJECTED}
NOBODY_YET = ("Receive release", "before")
MOMENTS = [(task, when) for task in DEPLOY_TASKS for when in ("before", "after") if (task.state, when) != NOBODY_YET]


def the_newest(scene: Scene) -> str:
    """The deployment that was opened last."""
    return scene.history()[-1].deployment_id


@pytest.mark.parametrize(("task", "when"), MOMENTS, ids=str)
def test_rollback_by_a_person_at_every_moment(scene: Scene, task: Task, when: When) -> None:
    """Whatever the deployment is doing, `selfright rollback` stops it and restores everything."""
    prepare(scene, task)
    scene.at(task.state, when, lambda: scene.roll_back(the_newest(scene)))
    deployment = scene.release("1.1.0")
    scene.check()
    if task.state == "Complete" and deployment.phase is Phase.SUCCEEDED:  # It was closed first: ask again.
        scene.roll_back(deployment.deployment_id)
        scene.check()
    assert scene.world.deployments.get(deployment.deployment_id).phase in ROLLED


@pytest.mark.parametrize("task", [task for task in ALL_TASKS if task.machine == ROLLBACK], ids=str)
@pytest.mark.parametrize("when", ["before", "after"])
def test_two_rollbacks_at_once(scene: Scene, task: Task, when: When) -> None:
    """A second one does nothing while the first one runs."""
    prepare(scene, task)
    scene.at(task.state, when, lambda: scene.roll_back(the_newest(scene)))
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()


@pytest.mark.parametrize("_try", range(5))
def test_many_rollbacks_at_the_same_moment(scene: Scene, _try: int) -> None:
    """Two people, the alarm and the reconciler, all at once, while there is a canary."""

    def everybody() -> None:
        rollback = [lambda: scene.roll_back(the_newest(scene))] * 2
        at_once(*rollback, scene.alarm, lambda: scene.reconcile(EVENT_SECONDS))

    scene.at("Judge canary", "before", everybody)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()


def test_rollback_after_success(scene: Scene) -> None:
    """What was live before is live again; that a person changed their mind says nothing against the version."""
    promoted = scene.release("1.1.0")
    scene.roll_back(promoted.deployment_id)
    scene.check()
    assert scene.world.deployments.get(promoted.deployment_id).phase is Phase.ROLLED_BACK
    assert not scene.serves_canary()
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    assert scene.release("1.2.0").phase is Phase.SUCCEEDED
    scene.check()


def test_one_rollback_after_the_other(scene: Scene) -> None:
    """Two live releases are rolled back one by one."""
    first, second = scene.release("1.1.0"), scene.release("1.2.0")
    for promoted in (second, first):
        scene.roll_back(promoted.deployment_id)
        scene.settle()
        assert scene.world.deployments.get(promoted.deployment_id).phase is Phase.ROLLED_BACK
    scene.check()
    assert not scene.serves_canary()


def test_two_rollbacks_of_a_live_release_at_once(scene: Scene) -> None:
    """Two people roll the same release back."""
    promoted = scene.release("1.1.0")
    at_once(*[lambda: scene.roll_back(promoted.deployment_id)] * 2)
    scene.check()
    assert scene.world.deployments.get(promoted.deployment_id).phase is Phase.ROLLED_BACK


def refused(scene: Scene, deployment_id: str) -> None:
    """Ask for a rollback, and see that nothing came of it."""
    before = scene.world.deployments.get(deployment_id).phase
    serving = {name: part.serving for name, part in scene.world.components.items()}
    arn = scene.roll_back(deployment_id)
    scene.check()
    assert scene.outcome(arn)[0] == "FAILED"
    assert scene.world.deployments.get(deployment_id).phase is before
    assert {name: part.serving for name, part in scene.world.components.items()} == serving


def test_rollback_of_a_release_that_is_not_live_is_refused(scene: Scene) -> None:
    """A newer release came after it."""
    older = scene.release("1.1.0")
    scene.release("1.2.0")
    refused(scene, older.deployment_id)


def test_rollback_of_a_release_that_changed_nothing_goes_to_the_last_that_differs(scene: Scene) -> None:
    """The same contents were released again: what it stands on is rolled back, and the environment is free."""
    changed = scene.release("1.1.0")
    site = {"index.html": b"<title>1.1.0</title>"}
    same = scene.release("1.1.1", a_bundle("1.1.1", b"VERSION = '1.1.0'", site, application=scene.name))
    assert (changed.phase, same.changed) == (Phase.SUCCEEDED, ())
    scene.roll_back(same.deployment_id)
    scene.settle()
    assert scene.world.deployments.get(changed.deployment_id).phase is Phase.ROLLED_BACK
    scene.check()
    assert not scene.serves_canary()


def test_rollback_while_another_release_is_on_its_way_is_refused(scene: Scene) -> None:
    """That one must be rolled back first."""
    live = scene.release("1.1.0")
    arns: list[str] = []

    def ask() -> None:
        arns.append(scene.roll_back(live.deployment_id))
        scene.wait_until(lambda: scene.outcome(arns[0])[0] != "RUNNING")

    scene.at("Test staged release", "before", ask, nth=1)
    assert scene.release("1.2.0").phase is Phase.SUCCEEDED
    assert scene.outcome(arns[0])[0] == "FAILED"
    scene.check()


@pytest.mark.parametrize("unlock", [False, True], ids=["rollback", "unlock"])
def test_rollback_of_a_deployment_that_does_not_exist_is_refused_at_once(scene: Scene, *, unlock: bool) -> None:
    """A person has mistyped its id: the execution fails with that reason, and is not retried for hours."""
    document = {"deployment_id": "nobody-knows", "by": "person", "reason": "Told to.", "unlock": unlock}
    arn = scene._start(scene.rollback_machine, document)
    scene.check()
    assert scene.outcome(arn)[0] == "FAILED"
    assert scene.states == ["Begin rollback"]


@pytest.mark.parametrize("phase", [Phase.ROLLED_BACK, Phase.REJECTED])
def test_rollback_of_what_was_not_released_does_nothing(scene: Scene, phase: Phase) -> None:
    """It has ended already."""
    if phase is Phase.REJECTED:
        ended = scene.release("1.1.0", b"not a zip")
    else:
        scene.world.components["api"].failing_checks = True
        ended = scene.release("1.1.0")
    assert ended.phase is phase
    arn = scene.roll_back(ended.deployment_id)
    scene.check()
    assert scene.outcome(arn) == ("SUCCEEDED", "nothing")


# Twice

together = pytest.mark.parametrize("together", [False, True], ids=["again", "at once"])


def everything_twice(make_scene: MakeScene, *, together: bool) -> Scene:
    """A scene in which every function runs twice, and version 1.0.0 is live."""
    scene = make_scene(repeat=2, together=together)
    scene.is_live("1.0.0")
    return scene


@together
def test_a_good_release_with_everything_twice(make_scene: MakeScene, *, together: bool) -> None:
    """Lambda delivers at least once."""
    scene = everything_twice(make_scene, together=together)
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    scene.check(extra_notifications=together)
    assert scene.release("1.2.0").phase is Phase.SUCCEEDED
    scene.check(extra_notifications=together)


@together
def test_a_first_release_with_everything_twice(make_scene: MakeScene, *, together: bool) -> None:
    """With nothing before it."""
    scene = make_scene(repeat=2, together=together)
    assert scene.release("1.0.0").phase is Phase.SUCCEEDED
    scene.check(extra_notifications=together)


@together
@pytest.mark.parametrize("what", ["verify", "checks", "judge", "alarm", "person", "stop"])
def test_a_bad_release_with_everything_twice(make_scene: MakeScene, what: str, *, together: bool) -> None:
    """Every way to a rollback."""
    scene = everything_twice(make_scene, together=together)
    match what:
        case "verify":
            scene.world.probe.failing = scene.serves_canary
        case "checks":
            scene.world.components["site"].failing_checks = True
        case "judge":
            scene.world.metrics.canary = Counts(100, 50)
        case "alarm":
            scene.at("Judge canary", "before", scene.alarm_flickers)
        case "person":
            scene.at("Judge canary", "before", lambda: scene.roll_back(the_newest(scene)))
        case _:
            scene.at("Judge canary", "before", scene.stop)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check(extra_notifications=together)


@together
def test_a_rejected_release_with_everything_twice(make_scene: MakeScene, *, together: bool) -> None:
    """Rejected once."""
    scene = everything_twice(make_scene, together=together)
    assert scene.release("1.1.0", b"not a zip").phase is Phase.REJECTED
    scene.check(extra_notifications=together)


@together
def test_a_paused_release_with_everything_twice(make_scene: MakeScene, *, together: bool) -> None:
    """It is paused and resumed."""
    scene = everything_twice(make_scene, together=together)
    prepare_hold(scene)
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    scene.check(extra_notifications=together)


@together
def test_a_queue_with_everything_twice(make_scene: MakeScene, *, together: bool) -> None:
    """One is superseded, and the lock is released, once each."""
    scene = everything_twice(make_scene, together=together)

    def more() -> None:
        for version in ("1.2.0", "1.3.0"):
            arn = scene.start(scene.upload(version))
            scene.wait_until(lambda arn=arn: scene.is_queued(arn))

    scene.at("Stage component", "before", more)
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    scene.check(extra_notifications=together)
    assert [one.phase for one in scene.history()[2:]] == [Phase.SUPERSEDED, Phase.SUCCEEDED]


@pytest.mark.parametrize("copies", [2, 5])
def test_the_same_event_many_times_at_once(scene: Scene, copies: int) -> None:
    """One upload is one deployment, however often its event comes."""
    detail = scene.upload("1.1.0")
    at_once(*[lambda: scene.start(detail)] * copies)
    scene.check()
    assert [one.phase for one in scene.history()[1:]] == [Phase.SUCCEEDED]
