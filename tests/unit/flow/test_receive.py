"""Receive release: one deployment an upload, whatever is delivered, and how often."""

from dataclasses import replace

import pytest

from controller.domain.phases import Phase
from controller.flow.receive import receive
from controller.flow.reconcile import reconcile
from controller.ports.world import World
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import a_world, dying_everywhere

UPLOAD = "incoming/smartpack/prod/1.zip"


def uploaded(key: str = UPLOAD) -> FakeWorld:
    """A world with this object."""
    world = a_world()
    world.bundles.objects[key] = b"zip"
    return world


def test_an_upload_becomes_a_deployment() -> None:
    """The object is pinned to its version, and the execution is known."""
    world = uploaded()
    card = receive(world, "bucket", UPLOAD, "v7", "arn:1")
    deployment = world.deployments.get(card.deployment.deployment_id)
    assert card.outcome == "received"
    assert (deployment.phase, deployment.execution_arn) == (Phase.RECEIVED, "arn:1")
    assert (deployment.upload.key, deployment.upload.version_id, deployment.upload.size) == (UPLOAD, "v7", 3)


def test_a_retry_is_in_the_timeline_with_its_reason() -> None:
    """Whoever reads it later knows why a version was released again, and by whom."""
    world = uploaded()
    pin = world.bundles.pin
    world.bundles.pin = lambda *where: replace(pin(*where), retry="The test was wrong.", by="anna")  # type: ignore[method-assign]
    receive(world, "bucket", UPLOAD, "v7", "arn:1")
    ((event,),) = world.deployments.events.values()
    assert event.message.endswith(" Released again by anna: The test was wrong.")


def test_a_folder_is_ignored() -> None:
    """Consoles and tools make such objects; nobody wants a rejection of them."""
    key = "incoming/smartpack/prod/"
    world = uploaded(key)
    assert receive(world, "bucket", key, "v7", "arn:1").outcome == "ignored"
    assert world.deployments.known == {}


def test_the_same_execution_may_receive_again() -> None:
    """A retried state continues with the deployment it made."""
    world = uploaded()
    first = receive(world, "bucket", UPLOAD, "v7", "arn:1")
    assert receive(world, "bucket", UPLOAD, "v7", "arn:1") == first
    assert world.deployments.kinds(first.deployment.deployment_id) == ["received"]


def test_another_execution_of_the_same_upload_is_a_duplicate() -> None:
    """S3 may send an event twice: the second execution ends."""
    world = uploaded()
    receive(world, "bucket", UPLOAD, "v7", "arn:1")
    assert receive(world, "bucket", UPLOAD, "v7", "arn:2").outcome == "duplicate"
    assert len(world.deployments.known) == 1


def test_the_same_key_uploaded_again_is_another_deployment() -> None:
    """A new version of the object is a new upload."""
    world = uploaded()
    receive(world, "bucket", UPLOAD, "v7", "arn:1")
    assert receive(world, "bucket", UPLOAD, "v8", "arn:2").outcome == "received"


def test_an_upload_that_is_gone_is_ignored() -> None:
    """There is nothing to release, and no deployment to report on."""
    world = a_world()
    assert receive(world, "bucket", UPLOAD, None, "arn:1").outcome == "ignored"
    assert not world.deployments.known


@pytest.mark.parametrize(
    "key",
    [
        "incoming/smartpack/1.zip",
        "incoming/Smart%20Pack/prod/1.zip",
        "incoming/smartpack/prod/1.tar",
        "incoming/päckchen/prod/ü.zip",
        "incoming/smartpack/prod/deeper/1.zip",
        "incoming/../prod/1.zip",
        "incoming//\n.zip",
    ],
)
def test_a_key_that_names_nobody_is_rejected(key: str) -> None:
    """Even an odd key ends in the ledger with a next step."""
    world = uploaded(key)
    card = receive(world, "bucket", key, None, "arn:1")
    assert (card.outcome, card.deployment.phase) == ("rejected", "REJECTED")
    assert "incoming/<application>/<environment>/" in card.deployment.next_step
    assert world.notifications.sent == [(card.deployment.deployment_id, Phase.REJECTED)]


@pytest.mark.parametrize("name", ["ü ber.zip", "a+b.zip", "a%2Fb.zip", "🎒.zip"])
def test_the_last_part_of_a_key_may_be_anything(name: str) -> None:
    """EventBridge gives keys as they are, so they are never decoded."""
    world = uploaded(f"incoming/smartpack/prod/{name}")
    assert receive(world, "bucket", f"incoming/smartpack/prod/{name}", None, "arn:1").outcome == "received"


def test_wherever_receiving_dies_it_can_be_done_again() -> None:
    """A second try of the same execution always ends the same way."""

    def act(world: World) -> None:
        receive(world, "bucket", "incoming/nobody.zip", "v1", "arn:1")

    for where, world in dying_everywhere(lambda: uploaded("incoming/nobody.zip"), act):
        card = receive(world, "bucket", "incoming/nobody.zip", "v1", "arn:1")
        assert card.outcome == "rejected", where
        world.clock.forward(300)
        reconcile(world)
        assert world.deployments.get(card.deployment.deployment_id).is_told, where
