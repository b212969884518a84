"""*Stop* pressed in the console at every Task: that is a rollback, by the reconciler."""

import pytest

from controller.aws.client.clients import client
from controller.domain.phases import Phase
from tests.state_machine.drives import prepare
from tests.state_machine.machines import ALL_TASKS, ROLLBACK, ROLLBACK_TASKS, Task
from tests.state_machine.scene import Scene
from tests.state_machine.script import When

pytestmark = pytest.mark.slow

STOPS = 10
"""More often than anything was ever tried again."""
ENDS = {Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.REJECTED}
tasks = pytest.mark.parametrize("task", ALL_TASKS, ids=str)


@tasks
@pytest.mark.parametrize("when", ["before", "after"])
def test_stop_at_every_task(scene: Scene, task: Task, when: When) -> None:
    """The function that was running ends its work while the reconciler takes over."""
    prepare(scene, task)
    scene.at(task.state, when, scene.stop)
    scene.start(scene.upload("1.1.0"))
    scene.check()
    ends = {one.phase for one in scene.history()[1:]}
    assert ends <= (ENDS if task.state == "Complete" else ENDS - {Phase.SUCCEEDED})


@tasks
@pytest.mark.parametrize("until", ["Restore component", "Close deployment", "the end"])
def test_stop_in_the_middle_of_a_function(scene: Scene, task: Task, until: str) -> None:
    """The function ends its work later: while the rollback runs, or after everything."""
    prepare(scene, task)
    scene.at(task.state, "instead", scene.stop)
    if until != "the end":
        scene.at(until, "before", scene.run_late, nth=1 + (task.state == until))
    scene.start(scene.upload("1.1.0"))
    scene.settle()
    scene.run_late()
    scene.check()
    assert {one.phase for one in scene.history()[1:]} <= ENDS


@pytest.mark.parametrize("task", ROLLBACK_TASKS, ids=str)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("machine", ["deploy", "rollback"])
def test_stop_of_one_of_the_two_executions(scene: Scene, task: Task, when: When, machine: str) -> None:
    """Only the deployment's, or only its rollback's: the other one continues or fails, and everything is restored."""
    prepare(scene, task)

    def stop() -> None:
        for execution in scene.running():
            if execution.state_machine.name.endswith(machine):
                client("stepfunctions").stop_execution(executionArn=execution.exec_arn)

    scene.at(task.state, when, stop)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()


def test_stop_again_and_again(scene: Scene) -> None:
    """A rollback that is stopped is started again, as often as it is stopped: when nobody does any more, it ends."""
    prepare(scene, Task(ROLLBACK, "Verify restoration", waits=False))
    for time in range(1, STOPS + 1):
        scene.at("Verify restoration", "before", scene.stop, nth=time)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    assert scene.states.count("Begin rollback") > STOPS
    scene.check()


def test_stop_while_others_wait(scene: Scene) -> None:
    """The one that waits gets the lock after the rollback of the one that was stopped."""
    arns: list[str] = []

    def stop() -> None:
        (running,) = scene.running()
        arns.append(scene.start(scene.upload("1.2.0")))
        scene.wait_until(lambda: scene.is_queued(arns[0]))
        client("stepfunctions").stop_execution(executionArn=running.exec_arn)
        scene.reconcile()

    scene.at("Judge canary", "before", stop)
    scene.start(scene.upload("1.1.0"))
    scene.check()
    assert [one.phase for one in scene.history()[1:]] == [Phase.ROLLED_BACK, Phase.SUCCEEDED]


def test_stop_of_one_that_waits(scene: Scene) -> None:
    """It is rejected, and the one that holds the lock goes on."""

    def stop() -> None:
        arn = scene.start(scene.upload("1.2.0"))
        scene.wait_until(lambda: scene.is_queued(arn))
        client("stepfunctions").stop_execution(executionArn=arn)

    scene.at("Judge canary", "before", stop)
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    scene.check()
    assert [one.phase for one in scene.history()[1:]] == [Phase.SUCCEEDED, Phase.REJECTED]
