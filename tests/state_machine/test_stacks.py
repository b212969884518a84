"""Releases with a stack: the real component over a CloudFormation in memory, within the real workflow."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from controller.aws.client.clients import Clients
from controller.aws.components.stack.component import StackComponent
from controller.domain.components.stack.target import StackTarget
from controller.domain.phases import Phase
from controller.ports.components import Context
from tests.builders import bundle_parts
from tests.state_machine.scene import BUCKET, CHECKS, ROLE, Scene
from tests.unit.aws.fake_cloudformation import FakeCloudFormation

pytestmark = pytest.mark.slow

MakeScene = Callable[..., Scene]
TOPIC, LONG = "AWS::SNS::Topic", 40
"""Polls that an operation takes that is too long to wait for in a function."""


def template(text: str, **more: str) -> str:
    """A topic with this text, and more resources by their types."""
    topic = {"Type": TOPIC, "Properties": {"DisplayName": text}}
    return json.dumps({"Resources": {"Topic": topic, **{name: {"Type": kind} for name, kind in more.items()}}})


BEFORE = template("before")


class Infra:
    """The component of a scene: a stack of its own, and what a scene asks of its components."""

    def __init__(self, name: str) -> None:
        self.aws = FakeCloudFormation()
        self.target = {"kind": "stack", "stack_name": f"{name}-infra", "role_arn": ROLE}
        self.aws.by_hand(f"{name}-infra", BEFORE)

    def on(self, context: Context | None) -> StackComponent:
        """The component, for a deployment."""
        clients = Clients()
        clients.stacks = self.aws  # type: ignore[assignment]
        target = StackTarget.model_validate(self.target)
        return StackComponent(target, "infra", BUCKET, clients, context=context, sleep=lambda _: None)

    @property
    def text(self) -> str:
        """The template that is there."""
        (stack,) = self.aws.stacks.values()
        return stack.template

    @property
    def serving(self) -> set[str]:
        """What it is, by the names of the scene."""
        return {"infra-0" if self.text == BEFORE else self.on(None).current().id}


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    """An environment with a stack, in which 1.0.0 is live."""
    return _with_a_stack(make_scene())


def _with_a_stack(made: Scene) -> Scene:
    components: Any = made.world.components
    components["infra"] = Infra(made.name)
    made.configure(components={**_others(made), "infra": infra(made).target})
    made.is_live("1.0.0")
    return made


def _others(scene: Scene) -> dict[str, Any]:
    return {
        "api": {"kind": "function", "function_name": f"{scene.name}-api", "url": "https://api.example.com"},
        "site": {"kind": "site", "bucket": f"{scene.name}-site", "routing_function": "r"},
    }


def infra(scene: Scene) -> Infra:
    """The scene's stack."""
    component: Any = scene.world.components["infra"]
    found: Infra = component
    return found


def bundle(scene: Scene, version: str, text: str) -> bytes:
    """A release with this template, which the API needs."""
    parts = bundle_parts(version, version.encode(), application=scene.name, checks=CHECKS).with_stack(text)
    parts.manifest["components"]["api"]["after"] = ["infra"]
    return parts.pack()


def release(scene: Scene, text: str = "") -> Any:  # noqa: ANN401 - a deployment
    """Release 1.1.0 with this template."""
    return scene.release("1.1.0", bundle(scene, "1.1.0", text or template("after")))


def test_the_stack_is_there_before_the_code_that_needs_it(scene: Scene) -> None:
    """Quick changes are waited for by the function itself: the workflow passes through no additional state."""
    texts: list[str] = []
    scene.at("Stage component", "before", lambda: texts.append(infra(scene).text), nth=3)
    deployment = release(scene)
    scene.check()
    assert deployment.phase is Phase.SUCCEEDED
    assert infra(scene).text == template("after")
    assert texts == [template("after")]
    assert "pending" not in scene.kinds(deployment)


def test_what_takes_long_is_waited_for_by_the_workflow(scene: Scene) -> None:
    """It is asked again and again, tested and shifted when it is done; the timeline says what was waited for."""
    infra(scene).aws.patience = LONG
    deployment = release(scene)
    scene.check()
    assert deployment.phase is Phase.SUCCEEDED
    assert scene.states.count("Stage component") > 5
    assert scene.states.index("Shift traffic") > scene.states.index("Test staged release")
    assert "pending" in scene.kinds(deployment)
    assert len(infra(scene).aws.executed) == 1


@pytest.mark.parametrize("together", [False, True], ids=["one after the other", "together"])
def test_every_function_may_run_twice(make_scene: MakeScene, together: bool) -> None:
    """There is one operation forward, and one for the rollback."""
    scene = _with_a_stack(make_scene(repeat=2, together=together))
    infra(scene).aws.patience = LONG
    texts: list[str] = []
    scene.at("Shift traffic", "before", lambda: texts.append(infra(scene).text))
    scene.at("Judge canary", "after", scene.alarm_flickers)
    deployment = release(scene)
    scene.check(extra_notifications=together)
    assert deployment.phase is Phase.ROLLED_BACK
    assert (texts, infra(scene).text) == ([template("after")], BEFORE)
    assert len(infra(scene).aws.executed) == 2


def test_a_template_that_fails_half_way_rolls_everything_back(scene: Scene) -> None:
    """The reason is what failed first; nothing of the release is left."""
    infra(scene).aws.failing = {"Queue": "The name is taken"}
    deployment = release(scene, template("after", Queue="AWS::SQS::Queue"))
    scene.check()
    assert deployment.phase is Phase.ROLLED_BACK
    assert "Queue (AWS::SQS::Queue): The name is taken" in deployment.reason
    assert infra(scene).text == BEFORE


def test_what_would_lose_data_is_refused(scene: Scene) -> None:
    """The stack is not touched."""
    infra(scene).aws.by_hand(f"{scene.name}-infra", template("before", Data="AWS::S3::Bucket"))
    arn = scene.start(scene.upload("1.1.0", bundle(scene, "1.1.0", template("after"))))
    scene.settle()
    deployment = scene.deployment(arn)
    assert deployment.phase is Phase.ROLLED_BACK
    assert "Data (AWS::S3::Bucket) would be deleted" in deployment.reason
    assert (infra(scene).aws.executed, infra(scene).aws.change_sets) == ([], {})


def test_an_alarm_while_the_stack_is_updated_cancels_the_update(scene: Scene) -> None:
    """The rollback does not wait until the update is done."""
    aws = infra(scene).aws
    aws.patience = LONG

    def fire() -> None:
        """In the moment in which CloudFormation is told to begin, whatever the other components are doing."""
        if not aws.executed:
            scene.alarm_flickers()

    aws.before_execute = fire
    deployment = release(scene)
    scene.check()
    assert deployment.phase is Phase.ROLLED_BACK
    assert infra(scene).text == BEFORE
    (stack,) = infra(scene).aws.stacks.values()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"


def test_an_alarm_restores_the_visitors_before_the_stack(scene: Scene) -> None:
    """They do not wait for the stack, and what the new code needs stays as long as it serves."""
    seen: list[tuple[bool, str]] = []

    def fire() -> None:
        infra(scene).aws.patience = LONG
        scene.alarm_flickers()
        api: Any = scene.world.components["api"]
        seen.append((api.serving == {"api-0"}, infra(scene).text))

    scene.at("Judge canary", "after", fire)
    deployment = release(scene)
    scene.check()
    assert deployment.phase is Phase.ROLLED_BACK
    assert seen == [(True, template("after"))]
    assert infra(scene).text == BEFORE
    kinds = scene.kinds(deployment)
    assert kinds.index("traffic_restored") < kinds.index("pending")
    assert scene.states.count("Verify restoration") > 2


def test_stopping_the_execution_while_the_stack_is_updated_rolls_back(scene: Scene) -> None:
    """The update that is under way is recognised as this deployment's, and is cancelled."""
    infra(scene).aws.patience = LONG
    scene.at("Stage component", "after", scene.stop, nth=3)
    deployment = release(scene)
    scene.check()
    assert deployment.phase is Phase.ROLLED_BACK
    assert infra(scene).text == BEFORE
    assert len(infra(scene).aws.executed) == 1


def test_a_function_that_comes_too_late_changes_nothing(scene: Scene) -> None:
    """It runs after the rollback is done."""
    infra(scene).aws.patience = LONG
    scene.at("Stage component", "instead", scene.stop, nth=0)
    deployment = release(scene)
    scene.run_late()
    scene.check()
    assert deployment.phase is Phase.ROLLED_BACK
    assert (infra(scene).text, infra(scene).aws.executed) == (BEFORE, [])


def test_a_rollback_by_a_person_restores_the_stack(scene: Scene) -> None:
    """This holds after the release has succeeded, too."""
    deployment = release(scene)
    assert infra(scene).text == template("after")
    scene.roll_back(deployment.deployment_id)
    scene.settle()
    scene.check()
    assert infra(scene).text == BEFORE


def test_what_was_added_and_holds_data_is_left_and_reported(scene: Scene) -> None:
    """The release counts as rolled back: what was there before is as it was."""
    scene.at("Judge canary", "after", scene.alarm_flickers)
    deployment = release(scene, template("after", Data="AWS::DynamoDB::Table"))
    assert deployment.phase is Phase.ROLLED_BACK
    assert "is as before, except for what the release added: Data." in deployment.reason
    resources = json.loads(infra(scene).text)["Resources"]
    assert resources["Topic"]["Properties"] == {"DisplayName": "before"}
    assert "Data" in resources


def test_a_stack_that_cannot_be_restored_holds_the_environment(scene: Scene) -> None:
    """The reason says why; once that is solved, a second rollback unlocks the environment."""

    def fire() -> None:
        infra(scene).aws.failing = {"Topic": "It is locked"}
        scene.alarm_flickers()

    scene.at("Judge canary", "after", fire)
    deployment = release(scene)
    scene.check(held=True)
    assert deployment.phase is Phase.ROLLBACK_FAILED
    assert "Topic (AWS::SNS::Topic): It is locked" in deployment.reason
    infra(scene).aws.failing = {}
    scene.roll_back(deployment.deployment_id)
    scene.settle()
    scene.check()
    assert infra(scene).text == BEFORE
