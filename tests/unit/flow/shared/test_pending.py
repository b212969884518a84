"""Components that take long: how long, how often they are asked, and what is recorded."""

from datetime import timedelta

import pytest

from controller.domain.deployment import Awaited, Pending
from controller.domain.phases import Phase
from controller.errors import SelfrightError
from controller.flow.shared.pending import FIRST_PAUSE, LONGEST_PAUSE, pause_of
from controller.flow.stage import stage
from tests.fakes import START
from tests.unit.flow.scenes import SLOW, slow


def test_the_timeline_says_once_what_is_waited_for() -> None:
    """It says what AWS is doing, and again only when that changes."""
    world = slow(SLOW, SLOW, Pending("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", 3600))
    for _ in range(3):
        stage(world, "d2", "site")
    assert [event.message for event in world.deployments.events["d2"] if event.kind == "pending"] == [
        "site: UPDATE_IN_PROGRESS.",
        "site: UPDATE_COMPLETE_CLEANUP_IN_PROGRESS.",
    ]


def test_patience_ends() -> None:
    """A component that takes longer than its patience fails the deployment."""
    world = slow(SLOW, SLOW)
    stage(world, "d2", "site")
    world.clock.forward(3601)
    with pytest.raises(SelfrightError, match="site: not done after 60 minutes, while UPDATE_IN_PROGRESS"):
        stage(world, "d2", "site")


@pytest.mark.parametrize(("waited", "pause"), [(0, FIRST_PAUSE), (100, 10), (1500, LONGEST_PAUSE), (7200, 144)])
def test_the_pause_grows_with_the_time_waited(waited: int, pause: int) -> None:
    """A component that takes an hour is not asked every five seconds."""
    world = slow()
    deployment = world.deployments.update(
        "d2", {"awaited_now": {"site": Awaited(START, "it works")}}, phases={Phase.STAGING}
    )
    assert pause_of(deployment, START + timedelta(seconds=waited)) == pause


@pytest.mark.parametrize(("components", "minutes"), [(1, 600), (3, 600), (10, 60), (100, 15)])
def test_waiting_fits_into_the_history_of_an_execution(components: int, minutes: int) -> None:
    """Of its 25,000 events, 15,000 belong to evaluations: the longest waits, and many at once, leave these alone."""
    names = [f"c{number}" for number in range(components)]
    world = slow()
    changes = {"awaited_now": {name: Awaited(START, "it works") for name in names}}
    deployment = world.deployments.update("d2", changes, phases={Phase.STAGING})
    now, events = START, 0
    while now < START + timedelta(minutes=minutes):
        now += timedelta(seconds=pause_of(deployment, now))
        events += 13 + 7 * components  # Wait, Map, Test and Choice; each component's iteration with its Task
    assert events < 10_000


def test_what_is_staged_already_lengthens_no_pause() -> None:
    """Only what is waited for counts."""
    world = slow()
    changes = {"awaited": {"api": Awaited(START, "it worked"), "site": Awaited(START + timedelta(hours=1), "it")}}
    deployment = world.deployments.update("d2", changes, phases={Phase.STAGING})
    assert pause_of(deployment, START + timedelta(hours=1)) == FIRST_PAUSE
