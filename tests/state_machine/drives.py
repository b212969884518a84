"""Ways to lead a release through a Task, and what may go wrong there."""

from collections.abc import Callable

from controller.aws.client.clients import client
from controller.domain.deployment import Counts, Deployment
from controller.domain.phases import Phase
from tests.state_machine.machines import DEPLOY, Task
from tests.state_machine.scene import Scene, bundle_of

Failing = Callable[[], None]
HELD_STATES = {"Pause for a person", "Resume"}
HOOKED_STATES = {"Ask pre-traffic hook", "Ask post-traffic hook"}
HOOKS = {"pre_traffic": "before", "post_traffic": "after"}
ON_THE_WAY_BACK = {"Roll back"}
PAUSING = {"evaluate_every": "1m", "when_inconclusive": "pause"}


def failing(failure: BaseException) -> Failing:
    """An action that raises this."""

    def fail() -> None:
        raise failure

    return fail


def prepare(scene: Scene, task: Task) -> Phase:
    """Set the scene so that the next release passes this Task; returns how that release ends if nothing breaks."""
    if task.state in HELD_STATES:
        return prepare_hold(scene)
    if task.state in HOOKED_STATES:
        hooked(scene)
        return Phase.SUCCEEDED
    if task.state == "Run task":
        scene.tasks = ("api",)
        return Phase.SUCCEEDED
    if task.machine != DEPLOY or task.state in ON_THE_WAY_BACK:
        scene.world.probe.failing = scene.serves_canary
        return Phase.ROLLED_BACK
    return Phase.SUCCEEDED


def prepare_hold(scene: Scene) -> Phase:
    """The canary has too few visitors, and a person who is asked resumes it."""
    scene.configure(judge=PAUSING)
    scene.world.metrics.canary = Counts(0, 0)

    def resume() -> None:
        (held,) = [one for one in scene.history() if one.pause_tokens]
        client("stepfunctions").send_task_success(taskToken=held.pause_tokens[-1], output="{}")

    scene.at("Pause for a person", "after", resume)
    return Phase.SUCCEEDED


def hooked(scene: Scene, **more: object) -> Scene:
    """The environment has both hooks; `more` replaces other keys of it."""
    preference = {"type": [{"weight": 10, "bake": "1m"}], "alarms": [scene.alarm_name], "hooks": HOOKS}
    scene.configure(deployment_preference=preference, **more)
    return scene


def queue(scene: Scene, version: str, key: str = "") -> str:
    """Upload a release while another one holds the lock; returns when it is queued, or need not be any more."""
    arn = scene.start(scene.upload(version, key=key, bundle=bundle_of(scene.name, version)))
    scene.wait_until(lambda: scene.is_queued(arn))
    return arn


def pause_and(scene: Scene, version: str, act: Callable[[Scene, Deployment], None]) -> Deployment:
    """Release with too few requests, and act when a person is asked."""
    arn = scene.start(scene.upload(version))
    scene.wait_until(lambda: scene.is_paused(arn))
    act(scene, scene.deployment(arn))
    scene.world.metrics.canary = Counts(100, 0)
    scene.settle()
    return scene.deployment(arn)


def resume(scene: Scene, deployment: Deployment) -> None:
    """What `selfright resume` does."""
    scene.world.metrics.canary = Counts(100, 0)
    client("stepfunctions").send_task_success(taskToken=deployment.pause_tokens[-1], output="{}")


def heal(scene: Scene) -> None:
    """Roll a failed rollback back by hand, when there is one."""
    for one in scene.history():
        if one.phase is Phase.ROLLBACK_FAILED:
            scene.roll_back(one.deployment_id)
            scene.settle()
