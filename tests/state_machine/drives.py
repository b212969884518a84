"""Ways to let a release come by a Task, and what may go wrong there."""

from collections.abc import Callable

from controller.aws.calls import client
from controller.domain.deployment import Counts
from controller.domain.phases import Phase
from tests.state_machine.machines import DEPLOY, Task
from tests.state_machine.scene import Scene

Failing = Callable[[], None]
TOUCHED = {Phase.STAGING, Phase.SHIFTING, Phase.BAKING, Phase.WATCHING, Phase.ROLLING_BACK}
HELD_STATES = {"Hold for a person", "Go on after the hold"}
ON_THE_WAY_BACK = {"Roll back"}


def failing(failure: BaseException) -> Failing:
    """An action that raises this."""

    def fail() -> None:
        raise failure

    return fail


def prepare(scene: Scene, task: Task) -> Phase:
    """Set the scene so that the next release comes by this Task; returns how that release ends if nothing breaks."""
    if task.state in HELD_STATES:
        return prepare_hold(scene)
    if task.machine != DEPLOY or task.state in ON_THE_WAY_BACK:
        scene.world.probe.failing = scene.serves_canary
        return Phase.ROLLED_BACK
    return Phase.SUCCEEDED


def prepare_hold(scene: Scene) -> Phase:
    """The canary has too few visitors, and a person who is asked lets it go on."""
    scene.configure(judge={"look_seconds": 60, "when_inconclusive": "hold"})
    scene.world.metrics.canary = Counts(0, 0)

    def resume() -> None:
        (held,) = [one for one in scene.history() if one.hold_token]
        client("stepfunctions").send_task_success(taskToken=held.hold_token, output="{}")

    scene.at("Hold for a person", "after", resume)
    return Phase.SUCCEEDED
