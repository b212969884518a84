"""Every Task of both machines failing in every way."""

import pytest

from controller.domain.phases import Phase
from controller.errors import TransientError
from tests.state_machine.drives import failing, prepare
from tests.state_machine.failures import Broken, Failure, Throttled, TimedOut
from tests.state_machine.machines import ALL_TASKS, DEPLOY, ROLLBACK, ROLLBACK_TASKS, Task
from tests.state_machine.scene import Scene
from tests.state_machine.script import When

pytestmark = pytest.mark.slow

ENDS = {Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.REJECTED}
FROM_OUTSIDE = {"Receive release", "Roll back"}
"""When these fail, no state is left that could roll back: the reconciler does."""
NOTHING_TOUCHED = ("Receive release", "Validate bundle", "Wait for lock", "Record restore point")
"""Whatever fails here, it is tried again for hours."""
TRIED_AGAIN = (*NOTHING_TOUCHED, "Run task")
"""Nothing is rolled back when these fail once."""
MANY = 30
"""Attempts."""
tasks = pytest.mark.parametrize("task", ALL_TASKS, ids=str)
early = pytest.mark.parametrize("task", [task for task in ALL_TASKS if task.state in NOTHING_TOUCHED], ids=str)
moments = pytest.mark.parametrize("when", ["before", "after"])


@tasks
@moments
def test_a_transient_fault_is_retried(scene: Scene, task: Task, when: When) -> None:
    """Throttled before it ran, or its answer lost: the release ends as if nothing had happened."""
    end = prepare(scene, task)
    scene.at(task.state, when, failing(Throttled("too many")))
    assert scene.release("1.1.0").phase is end
    scene.check()
    assert scene.states.count(task.state) > 1
    assert scene.reconciled == 0


@pytest.mark.parametrize("task", [task for task in ALL_TASKS if task.state != "Roll back"], ids=str)
def test_a_transient_fault_within_a_function_goes_unnoticed(scene: Scene, task: Task) -> None:
    """AWS fails the first call of a function for a moment: the task runs again before the workflow sees it."""
    end = prepare(scene, task)
    failures: list[str] = []

    def fail_once(state: str, call: str, when: When) -> None:
        if state == task.state and not failures:
            failures.append(call)
            raise TransientError(f"{call} got no answer.")

    scene.tap(fail_once)
    assert scene.release("1.1.0").phase is end
    scene.check()
    assert failures
    assert scene.reconciled == 0


@early
@moments
@pytest.mark.parametrize("failure", [Broken("gone"), TimedOut("too long")], ids=["broken", "timeout"])
def test_a_fault_before_anything_is_touched_is_tried_again(
    scene: Scene, task: Task, when: When, failure: Failure
) -> None:
    """The function dies or runs out of time, ten times: the release goes live all the same, without a person."""
    times = 1 if task.waits and isinstance(failure, TimedOut) else 10
    for time in range(1, times + 1):
        scene.at(task.state, when, failing(failure), nth=time)
    ended = scene.release("1.1.0").phase
    assert ended is (Phase.REJECTED if times == 1 else Phase.SUCCEEDED), "the time for the lock is over only once"
    assert scene.states.count(task.state) == (1 if times == 1 else times + 1)
    scene.check()
    assert scene.reconciled == 0


@early
@moments
def test_a_fault_that_never_ends_before_anything_is_touched_ends_it(scene: Scene, task: Task, when: When) -> None:
    """After hours it is given up: nothing was touched, the lock is free, and the next release goes live."""
    scene.at(task.state, when, failing(Broken("gone")), nth=0)
    scene.start(scene.upload("1.1.0"))
    scene.check()
    ends = {("Receive release", "before"): [], ("Record restore point", "after"): [Phase.ROLLED_BACK]}
    assert [one.phase for one in scene.history()[1:]] == ends.get((task.state, when), [Phase.REJECTED])
    assert scene.states.count(task.state) > MANY
    assert not any(component.switch.written for component in scene.world.components.values())
    if task.state not in FROM_OUTSIDE:
        assert scene.reconciled == 0
    scene.forget()
    assert scene.release("1.2.0").phase is Phase.SUCCEEDED
    scene.check()


@pytest.mark.parametrize("task", [task for task in ALL_TASKS if task.state not in TRIED_AGAIN], ids=str)
@moments
@pytest.mark.parametrize("failure", [Broken("gone"), TimedOut("too long")], ids=["broken", "timeout"])
def test_a_lasting_fault_rolls_back(scene: Scene, task: Task, when: When, failure: Failure) -> None:
    """The function dies or runs out of time, before or after its work: everything is restored, mostly by the flow."""
    prepare(scene, task)
    scene.at(task.state, when, failing(failure))
    scene.start(scene.upload("1.1.0"))
    scene.check()
    ends = {one.phase for one in scene.history()[1:]}
    assert ends <= ENDS
    if task.machine == DEPLOY and (task.state, when) != ("Complete", "after"):
        assert Phase.SUCCEEDED not in ends
    if task.state not in FROM_OUTSIDE:
        assert scene.reconciled == 0


@tasks
@pytest.mark.parametrize("until", ["Verify restoration", "the end"])
def test_a_function_that_was_given_up_and_ends_its_work_late(scene: Scene, task: Task, until: str) -> None:
    """A timed-out function may still be running: whenever its work is done, it changes nothing any more."""
    prepare(scene, task)
    scene.at(task.state, "instead", failing(TimedOut("too long")))
    if until != "the end":
        scene.at(until, "before", scene.run_late)
    scene.start(scene.upload("1.1.0"))
    scene.settle()
    scene.run_late()
    scene.check()
    assert {one.phase for one in scene.history()[1:]} <= ENDS


@tasks
def test_a_late_function_does_not_disturb_the_next_release(scene: Scene, task: Task) -> None:
    """A function of an ended deployment does its work while the next release has a canary."""
    prepare(scene, task)
    scene.at(task.state, "instead", failing(TimedOut("too long")))
    scene.start(scene.upload("1.1.0"))
    scene.settle()
    scene.all_is_well()
    scene.at("Judge canary", "before", scene.run_late)
    assert scene.release("1.2.0").phase is Phase.SUCCEEDED
    scene.check()


@pytest.mark.parametrize("task", ROLLBACK_TASKS, ids=str)
@moments
def test_a_rollback_that_breaks_again_and_again_is_continued(scene: Scene, task: Task, when: When) -> None:
    """However often it breaks: nothing counts attempts."""
    prepare(scene, task)
    for time in range(1, MANY + 1):
        scene.at(task.state, when, failing(Broken("gone")), nth=time)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()


def test_what_is_not_unstaged_is_unstaged_again_before_the_end(scene: Scene) -> None:
    """Each of its attempts dies, until the ledger answers the state after it: then it is begun again."""
    prepare(scene, Task(ROLLBACK, "Unstage component", waits=False))
    for time in range(1, 5):
        scene.at("Unstage component", "before", failing(Broken("gone")), nth=time)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()
    assert (scene.states.count("Unstage component"), scene.states.count("Close deployment")) == (5, 2)
    assert "may still be those of this release" not in scene.history()[-1].reason


@pytest.mark.parametrize("component", ["api", "site"])
def test_a_component_that_cannot_be_restored_needs_a_person(scene: Scene, component: str) -> None:
    """The rollback failed, so the environment is held; a person restores it, and the next release goes live."""
    prepare(scene, Task(ROLLBACK, "Restore component", waits=False))
    switch = scene.world.components[component].switch

    def lock() -> None:
        switch.unwritable = True

    scene.at("Begin rollback", "before", lock)
    failed = scene.release("1.1.0")
    assert failed.phase is Phase.ROLLBACK_FAILED
    assert "rollback" in failed.next_step
    scene.check(held=True)

    scene.world.probe.failing = lambda: False
    refused = scene.release("1.2.0")
    assert refused.phase is Phase.REJECTED
    assert "rollback" in refused.next_step
    scene.check(held=True)

    switch.unwritable = False
    scene.roll_back(failed.deployment_id)
    scene.settle()
    assert scene.world.deployments.get(failed.deployment_id).phase is Phase.ROLLED_BACK
    scene.check()
    assert scene.release("1.3.0").phase is Phase.SUCCEEDED
    scene.check()


def test_a_release_that_waits_behind_a_failed_rollback_is_rejected(scene: Scene) -> None:
    """The environment is held: the waiting release's reason and next step say why and what to do."""
    prepare(scene, Task(ROLLBACK, "Restore component", waits=False))
    arns: list[str] = []

    def lock() -> None:
        scene.world.components["api"].switch.unwritable = True
        arns.append(scene.start(scene.upload("1.2.0")))
        scene.wait_until(lambda: scene.is_queued(arns[0]))

    scene.at("Begin rollback", "before", lock)
    assert scene.release("1.1.0").phase is Phase.ROLLBACK_FAILED
    waited = scene.deployment(arns[0])
    assert waited.phase is Phase.REJECTED
    assert "rollback" in waited.next_step
    scene.check(held=True)
    assert scene.reconciled == 0


def test_a_release_that_is_not_verified_after_its_rollback_needs_a_person(scene: Scene) -> None:
    """Everything is restored, and still the old release does not answer as it should."""
    scene.world.probe.failing = lambda: "Verify" in scene.states
    assert scene.release("1.1.0").phase is Phase.ROLLBACK_FAILED
    scene.check(held=True)


def test_a_change_by_a_person_is_not_overwritten(scene: Scene) -> None:
    """Somebody moves the alias in the middle: the deployment stops, and leaves the alias as it is."""
    switch = scene.world.components["api"].switch
    scene.at("Judge canary", "after", lambda: switch.by_hand("api-hand"))
    scene.at("Verify", "before", failing(Broken("gone")), nth=2)
    assert scene.release("1.1.0").phase is Phase.ROLLBACK_FAILED
    scene.check(held=True)
    assert switch.position.stable == "api-hand"
