"""How the deploy machine's execution ends: as the deployment did, whatever ended it."""

from controller.aws.client.clients import client
from controller.domain.deployment import Counts
from controller.domain.phases import Phase
from tests.state_machine.drives import failing
from tests.state_machine.failures import Broken
from tests.state_machine.scene import Scene


def status(arn: str) -> str:
    """How an execution ended."""
    return str(client("stepfunctions").describe_execution(executionArn=arn)["status"])


def test_what_was_complete_before_it_failed_has_succeeded(scene: Scene) -> None:
    """The function died after it had closed the deployment: nothing is rolled back, and the execution succeeds."""
    scene.at("Complete", "after", failing(Broken("died at the very end")), nth=0)
    arn = scene.start(scene.upload("1.1.0"))
    scene.settle()
    assert scene.deployment(arn).phase is Phase.SUCCEEDED
    assert status(arn) == "SUCCEEDED"
    scene.check()


def test_what_was_rolled_back_has_failed(scene: Scene) -> None:
    """People see that in the list of executions."""
    scene.world.components["api"].failing_checks = True
    arn = scene.start(scene.upload("1.1.0"))
    scene.settle()
    assert (scene.deployment(arn).phase, status(arn)) == (Phase.ROLLED_BACK, "FAILED")
    scene.check()


def test_a_hotfix_ignores_the_alarm_that_is_firing(scene: Scene) -> None:
    """Without it, the release is refused; with it, the comparison of both versions takes the alarm's place."""
    scene.world.alarms.values[scene.alarm_name] = "ALARM"
    assert scene.release("1.1.0").phase is Phase.REJECTED
    detail = scene.upload("1.2.0", metadata={"selfright-hotfix": "Stops the errors."})
    arn = scene.start(detail)
    scene.settle()
    ended = scene.deployment(arn)
    assert (ended.phase, ended.ignored_alarms) == (Phase.SUCCEEDED, (scene.alarm_name,))
    scene.check()


def test_a_hotfix_is_compared_all_the_more(scene: Scene) -> None:
    """A hotfix that is worse than what it should mend is rolled back."""
    scene.world.alarms.values[scene.alarm_name] = "ALARM"
    scene.world.metrics.canary = Counts(100, 20)
    arn = scene.start(scene.upload("1.2.0", metadata={"selfright-hotfix": "Stops the errors."}))
    scene.settle()
    assert scene.deployment(arn).phase is Phase.ROLLED_BACK
    scene.check()
