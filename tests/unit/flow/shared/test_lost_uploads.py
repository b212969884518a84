"""Uploads without a deployment: they are found after a while, and their deployment is started, once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.deployment import Upload
from controller.domain.identity import UNKNOWN, deployment_id
from controller.flow.receive import receive
from controller.flow.shared.lost_uploads import AFTER, UNTIL, start_lost_uploads
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import KEY

UPLOAD = Upload("bucket", f"incoming/{KEY}/1.zip", "v1", 10, START)
ID = deployment_id("smartpack", "prod", UPLOAD)


def uploaded(upload: Upload = UPLOAD, age: timedelta = AFTER) -> FakeWorld:
    """A world in which this was uploaded so long ago, and its event was lost."""
    world = FakeWorld()
    world.inbox.known = [upload]
    world.clock.forward(age.total_seconds() + 1)
    return world


def test_a_lost_upload_is_started_once() -> None:
    """The name of the execution says the hour: another attempt is made in the next one."""
    world = uploaded()
    assert list(start_lost_uploads(world)) == [ID]
    assert list(world.inbox.started.values()) == [UPLOAD]
    assert start_lost_uploads(world) == {}
    world.clock.forward(3600)
    assert list(start_lost_uploads(world)) == [ID]


def test_a_folder_is_no_lost_upload() -> None:
    """It never becomes a deployment."""
    assert start_lost_uploads(uploaded(replace(UPLOAD, key=f"incoming/{KEY}/"))) == {}


@pytest.mark.parametrize("age", [AFTER - timedelta(seconds=10), UNTIL + timedelta(hours=1)])
def test_what_is_too_new_or_too_old_is_left_alone(age: timedelta) -> None:
    """A new one is on its way; of an old one nobody expects anything any more."""
    assert start_lost_uploads(uploaded(age=age)) == {}


def test_an_upload_that_has_a_deployment_is_not_lost() -> None:
    """Whatever became of it."""
    world = uploaded()
    world.bundles.objects[UPLOAD.key] = b"0123456789"
    world.clock.time = START
    receive(world, "bucket", UPLOAD.key, "v1", "arn:one")
    world.clock.forward(AFTER.total_seconds() + 1)
    assert start_lost_uploads(world) == {}


def test_an_upload_whose_key_names_no_environment_is_found_too() -> None:
    """Its deployment says what is wrong with the key."""
    odd = Upload("bucket", "incoming/odd.zip", "v1", 10, START)
    assert list(start_lost_uploads(uploaded(odd))) == [deployment_id(UNKNOWN, UNKNOWN, odd)]
