"""An alarm at every moment of a release: none is missed, and each is handled at once."""

from collections.abc import Callable

import pytest

from controller.domain.phases import Phase
from tests.state_machine.drives import failing, prepare
from tests.state_machine.failures import Broken
from tests.state_machine.machines import ALL_TASKS, DEPLOY, DEPLOY_TASKS, ROLLBACK_TASKS, Task
from tests.state_machine.scene import Scene
from tests.state_machine.script import When

pytestmark = pytest.mark.slow

NOT_GUARDED = ["Receive release", "Validate bundle", "Wait for lock"]
TWICE = {"Shift traffic", "Verify", "Judge canary", "Guard alarms"}
"""These come again for the step at which all visitors are on the canary."""
forward = [(task, nth) for task in DEPLOY_TASKS for nth in ((1, 4) if task.state == "Judge canary" else (1, 2))]
forward = [(task, nth) for task, nth in forward if nth == 1 or task.state in TWICE]
moments = pytest.mark.parametrize("when", ["before", "after"])
alarms = pytest.mark.parametrize("stays", [True, False], ids=["stays", "flickers"])


def is_guarded(task: Task, when: When) -> bool:
    """Whether the guards are open at that moment: from the restore point on, and for late alarms beyond the end."""
    return task.state not in NOT_GUARDED and (task.state, when) != ("Record restore point", "before")


def fire(scene: Scene, *, stays: bool, guarded: bool) -> None:
    """The alarm fires; when guarded, all traffic is back on the stable revisions once it was handled."""
    scene.alarm(stays=stays)
    if guarded:
        assert not scene.serves_canary(), "the alarm did not put the visitors back"


@pytest.mark.parametrize(("task", "nth"), forward, ids=str)
@moments
@alarms
def test_an_alarm_at_every_moment_forward(scene: Scene, task: Task, nth: int, when: When, *, stays: bool) -> None:
    """Before the guards are open, a firing alarm rejects the release; afterwards any alarm rolls it back."""
    end = prepare(scene, task)
    guarded = is_guarded(task, when)
    trouble: list[AssertionError] = []

    def alarm() -> None:
        try:
            fire(scene, stays=stays, guarded=guarded)
        except AssertionError as error:
            trouble.append(error)

    scene.at(task.state, when, alarm, nth=nth)
    deployment = scene.release("1.1.0")
    assert not trouble, trouble
    assert deployment.phase is expected(task, when, end, stays=stays)
    scene.check()
    assert scene.reconciled == 0


def expected(task: Task, when: When, end: Phase, *, stays: bool) -> Phase:
    """How a release ends that met the alarm at this moment."""
    if is_guarded(task, when):
        return Phase.ROLLED_BACK
    return Phase.REJECTED if stays else end


@pytest.mark.parametrize("state", ["Stage component", "Test staged release", "Shift traffic"])
def test_an_alarm_before_the_first_release_has_visitors(make_scene: Callable[..., Scene], state: str) -> None:
    """It is about the placeholder, or about nothing: the release that replaces it goes live, and is guarded then."""
    scene = make_scene()
    scene.at(state, "before", scene.alarm_flickers)
    assert scene.release("1.0.0").phase is Phase.SUCCEEDED
    scene.check()
    assert scene.reconciled == 0


def test_an_alarm_of_the_first_release_rolls_it_back(make_scene: Callable[..., Scene]) -> None:
    """Once it has visitors, it answers for them as every release does."""
    scene = make_scene()
    scene.at("Judge canary", "before", scene.alarm_flickers)
    assert scene.release("1.0.0").phase is Phase.ROLLED_BACK
    scene.check()


@pytest.mark.parametrize("task", ROLLBACK_TASKS, ids=str)
@moments
@alarms
def test_an_alarm_during_a_rollback(scene: Scene, task: Task, when: When, *, stays: bool) -> None:
    """Everything is restored already, or is restored once more: nothing changes."""
    prepare(scene, task)
    scene.at(task.state, when, lambda: scene.alarm(stays=stays))
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()
    assert scene.reconciled == 0


@pytest.mark.parametrize("component", ["api", "site"])
@pytest.mark.parametrize("moment", ["read", "write", "written"])
@pytest.mark.parametrize("step", [1, 2])
def test_an_alarm_in_the_middle_of_a_shift(scene: Scene, component: str, moment: str, step: int) -> None:
    """Between the read and the write of a switch, before and after the permission: no visitor stays on the canary."""
    switch = scene.world.components[component].switch
    before: list[int] = []

    def alarm() -> None:
        before.append(len(switch.written))
        scene.alarm_flickers()

    scene.at("Shift traffic", "before", lambda: scene.at_switch(component, moment, alarm), nth=step)
    deployment = scene.release("1.1.0")
    if moment == "read":  # Permission is asked for after this, so no shift follows.
        assert {position.stable for position in switch.written[before[0] :]} <= {f"{component}-0"}
        assert not any(position.canary for position in switch.written[before[0] :])
    assert (deployment.phase, deployment.trip and deployment.trip.source) == (Phase.ROLLED_BACK, "alarm")
    scene.check()
    assert "Verify" not in scene.states[scene.states.index("Roll back") :]
    assert scene.states.count("Shift traffic") == step


def test_an_alarm_that_cannot_restore_leaves_it_to_the_rollback(scene: Scene) -> None:
    """One switch refuses for a moment: the bake still ends, and the workflow repeats the restoration."""
    switch = scene.world.components["api"].switch

    def alarm() -> None:
        switch.unwritable = True
        scene.alarm()
        switch.unwritable = False

    scene.at("Judge canary", "before", alarm)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()


@pytest.mark.parametrize("task", DEPLOY_TASKS, ids=str)
def test_an_alarm_that_is_delivered_twice(scene: Scene, task: Task) -> None:
    """EventBridge and SNS both deliver it, and each at least once."""
    prepare(scene, task)
    scene.at(task.state, "before", scene.alarm)
    scene.at(task.state, "before", scene.alarm)
    scene.release("1.1.0")
    scene.check()


@pytest.mark.parametrize("task", [task for task in DEPLOY_TASKS if is_guarded(task, "before")], ids=str)
def test_an_alarm_and_a_fault_at_the_same_moment(scene: Scene, task: Task) -> None:
    """Both lead to the same rollback, once."""
    prepare(scene, task)
    scene.at(task.state, "before", scene.alarm_flickers)
    scene.at(task.state, "before", failing(Broken("gone")))
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()


def test_every_task_has_its_moments() -> None:
    """No state is left out of the list above."""
    assert {task.state for task, _ in forward} == {task.state for task in ALL_TASKS if task.machine == DEPLOY}
