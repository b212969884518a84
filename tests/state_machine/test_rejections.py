"""What is received, ignored, and rejected: nothing is touched."""

import pytest

from controller.aws.client.clients import client
from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from tests.builders import a_bundle
from tests.state_machine.drives import heal, queue
from tests.state_machine.scene import BUCKET, Scene


def test_the_same_event_twice_is_one_deployment(scene: Scene) -> None:
    """S3 delivers at least once."""
    detail = scene.upload("1.1.0")
    arns = [scene.start(detail), scene.start(detail)]
    scene.check()
    assert [one.phase for one in scene.history()[1:]] == [Phase.SUCCEEDED]
    assert sorted(scene.outcome(arn)[1] for arn in arns) == ["duplicate", "succeeded"]


def test_the_same_event_after_the_end_is_nothing(scene: Scene) -> None:
    """An event may come very late."""
    detail = scene.upload("1.1.0")
    scene.start(detail)
    scene.settle()
    late = scene.start(detail)
    scene.check()
    assert scene.outcome(late) == ("SUCCEEDED", "duplicate")


def test_an_upload_that_is_gone_is_ignored(scene: Scene) -> None:
    """Somebody deleted the object before the workflow began."""
    detail = scene.upload("1.1.0")
    client("s3").delete_object(Bucket=BUCKET, Key=detail["object"]["key"], VersionId=detail["object"]["version-id"])
    arn = scene.start(detail)
    scene.check()
    assert scene.outcome(arn) == ("SUCCEEDED", "ignored")


@pytest.mark.parametrize("key", ["incoming/{}/prod.zip", "incoming/{}/prod/notes.txt", "incoming/{}/Prod/1.zip"])
def test_a_key_without_a_target_is_rejected(scene: Scene, key: str) -> None:
    """The key of an upload names the application and the environment."""
    arn = scene.start(scene.upload("1.1.0", key=key.format(scene.name)))
    scene.check()
    assert scene.outcome(arn) == ("SUCCEEDED", "rejected")


def rejected(scene: Scene, version: str, bundle: bytes | None = None) -> Deployment:
    """Release it, and see that it was rejected with a reason and a next step and that nothing was touched."""
    before = {name: part.switch.position for name, part in scene.world.components.items()}
    deployment = scene.release(version, bundle)
    assert deployment.phase is Phase.REJECTED
    assert deployment.reason
    assert deployment.next_step
    assert {name: part.switch.position for name, part in scene.world.components.items()} == before
    scene.check()
    assert scene.reconciled == 0
    return deployment


def test_what_is_no_bundle_is_rejected(scene: Scene) -> None:
    """Bytes that are no zip."""
    rejected(scene, "1.1.0", b"not a zip")


def test_an_unregistered_environment_is_rejected(scene: Scene) -> None:
    """A key may name an environment that nobody registered."""
    arn = scene.start(scene.upload("1.1.0", key=f"incoming/{scene.name}/nowhere/1.1.0.zip"))
    scene.check()
    assert scene.outcome(arn) == ("SUCCEEDED", "rejected")


def test_another_applications_bundle_is_rejected(scene: Scene) -> None:
    """A bundle cannot touch another application's resources."""
    assert "other" in rejected(scene, "1.1.0", a_bundle("1.1.0", application="other")).reason


def test_a_component_that_the_environment_lacks_is_rejected(scene: Scene) -> None:
    """The environment says which components there are."""
    site = {"kind": "site", "bucket": f"{scene.name}-site", "routing_function": "r"}
    scene.configure(components={"site": site})
    assert "api" in rejected(scene, "1.1.0").reason


def test_an_environment_that_cannot_be_read_is_rejected(scene: Scene) -> None:
    """A broken registration is reported, and nothing is guessed."""
    scene.configure(final_bake="8d")
    assert "final_bake" in rejected(scene, "1.1.0").reason


def test_a_version_with_other_contents_is_rejected(scene: Scene) -> None:
    """A version never changes."""
    scene.release("1.1.0")
    rejected(scene, "1.1.0", a_bundle("1.1.0", b"VERSION = 'other'", application=scene.name))


def test_a_version_that_was_rolled_back_is_rejected(scene: Scene) -> None:
    """Also when it comes in an upload of its own."""
    scene.world.probe.failing = lambda: True
    assert scene.release("1.1.0").phase in {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED}
    scene.world.probe.failing = lambda: False
    heal(scene)
    assert "rolled back" in rejected(scene, "1.1.0").reason


def test_a_version_that_was_rolled_back_while_it_waited_is_rejected(scene: Scene) -> None:
    """The same version twice: the second upload is valid at first, and no longer when it gets the lock."""
    scene.world.components["api"].failing_checks = True
    again = f"incoming/{scene.name}/prod/again.zip"
    scene.at("Stage component", "before", lambda: queue(scene, "1.1.0", key=again))
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()
    assert [one.phase for one in scene.history()[1:]] == [Phase.ROLLED_BACK, Phase.REJECTED]


@pytest.mark.parametrize("state", ["ALARM", "gone"])
def test_nothing_begins_while_an_alarm_is_not_ok(scene: Scene, state: str) -> None:
    """A release cannot be judged while its alarm is firing."""
    if state == "gone":
        scene.world.alarms.values.clear()
    else:
        scene.world.alarms.values[scene.alarm_name] = state
    assert scene.alarm_name in rejected(scene, "1.1.0").reason


def test_nothing_begins_while_somebody_shifts_by_hand(scene: Scene) -> None:
    """A component in the middle of another change is not touched."""
    scene.world.components["api"].switch.by_hand("api-0", "api-x", 50)
    deployment = scene.release("1.1.0")
    assert deployment.phase is Phase.REJECTED
    scene.world.components["api"].switch.by_hand("api-0", "", 0)
    scene.check()
