"""Every function dying right after each of its writes: whatever was written last, everything ends well."""

from collections.abc import Callable

import pytest

from controller.domain.phases import Phase
from tests.state_machine.drives import prepare
from tests.state_machine.failures import Broken
from tests.state_machine.machines import ALL_TASKS, ROLLBACK, Task
from tests.state_machine.scene import Scene
from tests.state_machine.script import When

ENDS = {Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.REJECTED, Phase.SUPERSEDED}
MOST_WRITES = 40
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # One test runs through many cases.
WRITES = frozenset(
    ("create", "update", "save", "claim", "leave_open", "begin_sweep", "end_sweep", "carry", "open", "close", "send")
) | {"succeed", "fail", "stop", "start_rollback"}
"""A read, or a line in the timeline, leaves nothing behind that a death after it could spoil."""
READS = {"bundles.open", "open_deployments.open"}
"""What has the name of a write."""
MakeScene = Callable[..., Scene]


class Death:
    """Kills a state's function once, right after its `number`th write through a port."""

    def __init__(self, state: str, number: int) -> None:
        self.state, self.number = state, number
        self.writes: list[str] = []
        self.died = False

    def __call__(self, state: str, call: str, when: When) -> None:
        """A port was called."""
        if state != self.state or when == "before" or self.died:
            return
        if call.partition(".")[2] not in WRITES or call in READS:
            return
        self.writes.append(call)
        if len(self.writes) == self.number:
            self.died = True
            raise Broken(f"died after {call}")


@pytest.mark.parametrize("task", ALL_TASKS, ids=str)
def test_a_function_dies_after_each_of_its_writes(make_scene: MakeScene, task: Task) -> None:
    """One release for every write of the function."""
    for number in range(1, MOST_WRITES):
        scene = make_scene()
        scene.is_live("1.0.0")
        prepare(scene, task)
        death = Death(task.state, number)
        scene.tap(death)
        scene.start(scene.upload("1.1.0"))
        scene.come_to_rest()
        if not death.died:
            return
        check(scene, death)
    pytest.fail("it writes more often than was tried")


@pytest.mark.parametrize("event", ["on_alarm", "reconcile"])
def test_what_an_event_starts_dies_after_each_of_its_writes(make_scene: MakeScene, event: str) -> None:
    """Lambda runs it again: the alarm is handled, and dead deployments are reconciled."""
    for number in range(1, MOST_WRITES):
        scene = make_scene()
        scene.is_live("1.0.0")
        death = Death(event, number)
        scene.tap(death)
        scene.at("Judge canary", "before", scene.alarm_flickers if event == "on_alarm" else scene.stop)
        assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
        if not death.died:
            return
        check(scene, death)
    pytest.fail("it writes more often than was tried")


@pytest.mark.parametrize("state", ["Wait for lock", "Complete", "Close deployment"])
def test_releasing_the_lock_dies_after_each_of_its_writes(make_scene: MakeScene, state: str) -> None:
    """One waits, one is superseded, and the function that releases the lock dies: no deployment waits for ever."""
    for number in range(1, MOST_WRITES):
        scene = make_scene()
        scene.is_live("1.0.0")
        if state == "Close deployment":
            prepare(scene, Task(ROLLBACK, state, waits=False))
        death = Death(state, number)
        scene.at("Test staged release", "before", lambda scene=scene, death=death: queue(scene, death))
        scene.start(scene.upload("1.1.0"))
        scene.come_to_rest()
        if not death.died:
            return
        check(scene, death)
    pytest.fail("it writes more often than was tried")


def queue(scene: Scene, death: Death) -> None:
    """Two more releases come; from then on, the function may die."""
    scene.tap(death)
    for version in ("1.2.0", "1.3.0"):
        arn = scene.start(scene.upload(version))
        scene.wait_until(lambda arn=arn: scene.is_queued(arn) or death.died)


def check(scene: Scene, death: Death) -> None:
    """All invariants hold, without a further release: nobody holds the lock."""
    where = f"{death.state}, after write {death.number}: {death.writes[-1]}"
    try:
        assert {one.phase for one in scene.history()} <= ENDS
        scene.check(extra_notifications=death.writes[-1].startswith("notifications"))
    except AssertionError as error:
        pytest.fail(f"{where}: {error}")
