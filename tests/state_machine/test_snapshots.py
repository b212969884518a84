"""Databases in the whole workflow: it waits for the snapshot, and nothing is touched before it is complete."""

import json
from collections.abc import Callable

import pytest

from controller.aws.client.clients import client
from controller.domain.phases import Phase
from controller.domain.restore_point import snapshot_id
from tests.registering import registered
from tests.state_machine.scene import BUCKET, Scene

MakeScene = Callable[..., Scene]


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    """An environment with a database, in which 1.0.0 is live."""
    made = make_scene()
    components = registered(client("ssm"), made.key)["components"]
    made.configure(components={**components, "orders": {"kind": "database", "instance": "orders"}})
    made.is_live("1.0.0")
    return made


def test_the_workflow_waits_for_the_snapshot(scene: Scene) -> None:
    """It polls; then the release goes live, with the snapshot in its restore point."""
    scene.world.databases.polls = 2
    release = scene.release("1.1.0")
    assert release.phase is Phase.SUCCEEDED
    name = snapshot_id("orders", release.deployment_id)
    assert release.snapshots == {"orders": name}
    assert scene.states.count("Record restore point") == 3
    assert scene.world.databases.pruned == [("orders", {name})]
    root = f"restore-points/{scene.name}/prod/{release.deployment_id}/"
    manifest = json.load(client("s3").get_object(Bucket=BUCKET, Key=f"{root}_manifest.json")["Body"])
    assert manifest["snapshots"] == {"orders": name}
    scene.check()


def test_a_snapshot_that_fails_rejects_the_release(scene: Scene) -> None:
    """Nothing was touched, and the next release gets the lock."""
    scene.world.databases.state = "failed"
    release = scene.release("1.1.0")
    assert (release.phase, release.restore_point) == (Phase.REJECTED, None)
    assert "the snapshot" in release.reason
    scene.world.databases.state = "available"
    assert scene.release("1.2.0").phase is Phase.SUCCEEDED


def test_it_can_be_stopped_while_it_waits(scene: Scene) -> None:
    """A person rolls it back: rejected, because nothing was touched; no snapshot moves any visitor."""
    scene.world.databases.polls = 1_000
    arn = scene.start(scene.upload("1.1.0"))
    scene.wait_until(lambda: scene.states.count("Record restore point") > 2)
    scene.roll_back(scene.history()[-1].deployment_id)
    scene.settle()
    assert scene.deployment(arn).phase is Phase.REJECTED
    assert not scene.serves_canary()


def test_what_cannot_be_exported_rejects_the_release(scene: Scene) -> None:
    """Before anything is touched."""
    scene.world.exports.trouble = RuntimeError("it broke")
    release = scene.release("1.1.0")
    assert (release.phase, release.restore_point) == (Phase.REJECTED, None)
    assert not scene.serves_canary()
