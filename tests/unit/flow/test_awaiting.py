"""Components that take their time: they are asked again, within their patience, as long as the release may go on."""

from datetime import timedelta

import pytest

from controller.domain.deployment import Awaited, Pending
from controller.domain.phases import Phase
from controller.errors import SelfrightError, TrippedError
from controller.flow.awaiting import FIRST_PAUSE, LONGEST_PAUSE, pause_of
from controller.flow.staging import stage
from controller.flow.testing import test_staged as run_tests
from controller.flow.tripping import trip
from tests.builders import a_bundle
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import a_world, on_its_way

SLOW = Pending("UPDATE_IN_PROGRESS", patience=3600)


def slow(*answers: Pending) -> FakeWorld:
    """A release whose site answers so when it is staged; the API is staged at once."""
    world = a_world()
    deployment = on_its_way(world, Phase.STAGING, staged={}, steps=())
    world.bundles.objects[deployment.upload.key] = a_bundle("2.0.0")
    world.components.known["site"].pending = list(answers)
    stage(world, "d2", "api")
    return world


def test_what_is_not_staged_is_asked_again() -> None:
    """Only what is left is asked again, and then the release is tested."""
    world = slow(SLOW)
    assert stage(world, "d2", "site")["outcome"] == "pending"
    answer = run_tests(world, "d2")
    assert (answer["outcome"], answer["wave"]) == ("pending", ["site"])
    assert answer["wait_seconds"] == FIRST_PAUSE
    assert stage(world, "d2", "site")["outcome"] == "staged"
    assert run_tests(world, "d2")["outcome"] == "healthy"


def test_waiting_renews_the_lease() -> None:
    """A deployment that waits for a stack is not stuck."""
    world = slow(SLOW, SLOW)
    stage(world, "d2", "site")
    first = world.deployments.get("d2").lease_until
    world.clock.forward(1200)
    stage(world, "d2", "site")
    last = world.deployments.get("d2").lease_until
    assert first
    assert last
    assert last - first == timedelta(seconds=1200)


def test_it_is_told_once_what_is_waited_for() -> None:
    """The timeline says what AWS is doing, and again only when that is something else."""
    world = slow(SLOW, SLOW, Pending("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", 3600))
    for _ in range(3):
        stage(world, "d2", "site")
    assert [event.message for event in world.deployments.events["d2"] if event.kind == "pending"] == [
        "site: UPDATE_IN_PROGRESS.",
        "site: UPDATE_COMPLETE_CLEANUP_IN_PROGRESS.",
    ]


def test_patience_ends() -> None:
    """What takes longer than it may is a reason to go back."""
    world = slow(SLOW, SLOW)
    stage(world, "d2", "site")
    world.clock.forward(3601)
    with pytest.raises(SelfrightError, match="site: not done after 60 minutes, while UPDATE_IN_PROGRESS"):
        stage(world, "d2", "site")


def test_a_tripped_deployment_is_not_waited_for() -> None:
    """An alarm that fires meanwhile ends the waiting at the next question."""
    world = slow(SLOW, SLOW)
    stage(world, "d2", "site")
    trip(world, "d2", "alarm", "It broke.")
    with pytest.raises(TrippedError):
        stage(world, "d2", "site")


@pytest.mark.parametrize(("waited", "pause"), [(0, FIRST_PAUSE), (100, 10), (7200, LONGEST_PAUSE)])
def test_the_pause_grows_with_the_time_waited(waited: int, pause: int) -> None:
    """What takes an hour is not asked every five seconds."""
    world = slow()
    deployment = world.deployments.update("d2", {"awaited.site": Awaited(START, "it works")}, phases={Phase.STAGING})
    assert pause_of(deployment, START + timedelta(seconds=waited)) == pause
