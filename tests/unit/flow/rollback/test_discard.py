"""What was staged in vain is discarded after a while, and never what a kept release needs or a visitor may reach."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controller.domain.deployment import Awaited, Revision
from controller.domain.phases import Phase
from controller.errors import AwsError, TransientError
from controller.flow.rollback.afterwards import afterwards
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.close import close_rollback
from controller.flow.rollback.discard import discard_staged
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    CANARY,
    KEY,
    STABLE,
    a_deployment,
    a_world,
    an_environment,
    dying_everywhere,
    messages,
    on_its_way,
    once,
    tripped,
    unstaged_and_closed,
)


def restored() -> FakeWorld:
    """A deployment that is being rolled back: its traffic is restored, and it is not closed yet."""
    world = a_world()
    on_its_way(world, Phase.ROLLING_BACK, trip=tripped(), rollback_execution_arn="arn:back", reached=10)
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d1")
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), staged=STABLE, previous="d0")
    return world


def gone(world: FakeWorld) -> dict[str, list[str]]:
    """What was discarded, by component."""
    return {name: component.discarded for name, component in world.components.known.items()}


HOUR = 3600


def closed(world: FakeWorld, seconds: float = HOUR) -> str:
    """The rollback ends; so many seconds later, the reconciler looks after it."""
    assert unstaged_and_closed(world).outcome == "ROLLED_BACK"
    world.clock.forward(seconds)
    return afterwards(world, world.deployments.get("d2"))


def test_nothing_goes_that_a_visitor_may_still_reach() -> None:
    """An edge location that learns late still leads visitors to the files, and a front end to the version."""
    world = restored()
    assert closed(world, HOUR - 1) == ""
    assert gone(world) == {"api": [], "site": []}
    assert "d2" in world.deployments.open()


def test_the_new_revisions_go_after_an_hour_although_nobody_releases_again() -> None:
    """The timeline says so, and nobody asks again."""
    world = restored()
    assert closed(world) == "finished"
    assert gone(world) == {"api": ["7"], "site": ["bb"]}
    assert messages(world, "discarded") == ["Discarded: api 7, site bb."]
    assert "d2" not in world.deployments.open()


def test_what_no_visitor_ever_got_goes_at_once() -> None:
    """It was staged and tested, and nobody was led to it."""
    world = restored()
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), reached=0)
    assert closed(world, 0) == "finished"
    assert gone(world) == {"api": ["7"], "site": ["bb"]}


def test_the_environment_says_how_long_it_stays() -> None:
    """`discard_after` is its key."""
    world = restored()
    world.environments.known[KEY] = an_environment(discard_after="10m")
    assert closed(world, 600) == "finished"


def test_nothing_goes_while_somebody_holds_the_lock() -> None:
    """The next release may be staging the same contents, and a deletion has no condition."""
    world = restored()
    unstaged_and_closed(world)
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3")
    a_deployment(world, Phase.STAGING, "d3")
    world.clock.forward(HOUR)
    assert afterwards(world, world.deployments.get("d2")) == ""
    assert gone(world) == {"api": [], "site": []}


def test_whoever_gets_the_lock_meanwhile_waits_until_no_deletion_can_arrive() -> None:
    """The lock says until when."""
    world = restored()
    closed(world)
    settles = world.locks.load(KEY).settles_at
    assert settles is not None
    assert settles > world.clock.now()


def test_nothing_goes_when_the_rollback_failed() -> None:
    """It may still serve visitors."""
    world = restored()
    close_rollback(world, "d2", "api: is on 7 and should be on 6", "arn:back")
    assert world.deployments.get("d2").grace_until is None


def test_what_an_older_release_has_too_stays() -> None:
    """A site with the contents of an older release has that one's revision."""
    world = restored()
    a_deployment(world, Phase.SUCCEEDED, "d0", staged={"api": Revision("5"), "site": CANARY["site"]}, previous="")
    closed(world)
    assert gone(world) == {"api": ["7"], "site": []}


def test_what_has_been_released_again_meanwhile_stays() -> None:
    """The same contents, now live: the release is good after all."""
    world = restored()
    unstaged_and_closed(world)
    a_deployment(world, Phase.SUCCEEDED, "d3", staged=CANARY, previous="d1")
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d3")
    world.clock.forward(HOUR)
    assert afterwards(world, world.deployments.get("d2")) == "finished"
    assert gone(world) == {"api": [], "site": []}


def test_what_did_not_change_stays() -> None:
    """It is live."""
    world = restored()
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), staged={**CANARY, "site": STABLE["site"]})
    closed(world)
    assert gone(world) == {"api": ["7"], "site": []}


@pytest.mark.parametrize("trouble", [AwsError("no"), TransientError("not now")])
def test_a_failure_is_recorded_and_tried_again_for_a_while(trouble: Exception) -> None:
    """The others are still discarded; in the end it is left for the next successful release to prune."""
    world = restored()
    world.components.known["api"].broken = trouble
    assert closed(world) == ""
    assert gone(world) == {"api": [], "site": ["bb"]}
    assert "discard_failed" in [event.kind for event in world.deployments.events["d2"]]
    world.clock.forward(900)
    assert afterwards(world, world.deployments.get("d2")) == "finished"


def test_what_was_never_staged_to_the_end_is_pruned() -> None:
    """A version whose warm instances were still being made is not known to the ledger, but it is paid for."""
    world = restored()
    fields = {"staged": {"site": CANARY["site"]}, "awaited": {"api": Awaited(START, "AWS makes instances")}}
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), **fields)  # type: ignore[arg-type]
    closed(world)
    assert world.components.known["api"].pruned == [({"6"}, 5)]
    assert gone(world) == {"api": [], "site": ["bb"]}


def test_it_is_pruned_after_the_rollback_that_was_begun_meanwhile() -> None:
    """Claiming the rollback forgets how long it waited, but not for what; so does a second attempt."""
    world = a_world()
    waiting = {"api": Awaited(START, "AWS makes instances")}
    on_its_way(world, Phase.STAGING, trip=tripped(), staged={"site": CANARY["site"]}, awaited=waiting)
    for attempt in ("arn:first", "arn:second"):
        assert begin_rollback(world, "d2", attempt, "fault", "It broke.").outcome == "begun"
        world.workflows.running.discard(attempt)
    unstaged_and_closed(world, arn="arn:second")
    afterwards(world, world.deployments.get("d2"))
    assert world.components.known["api"].pruned == [({"6"}, 5)]


def test_what_is_gone_is_not_told_again() -> None:
    """A call that died half way is followed by another, which finds the rest."""
    world = restored()
    unstaged_and_closed(world)
    before = world.deployments.kinds("d2")
    assert discard_staged(world, world.deployments.get("d2"))
    assert discard_staged(world, world.deployments.get("d2"))
    assert gone(world) == {"api": ["7"], "site": ["bb"]}
    assert world.deployments.kinds("d2") == [*before, "discarded"]


def test_it_takes_bounded_time_and_goes_on_later() -> None:
    """Whoever waits for the lock must not wait long."""
    world = restored()
    world.components.known["api"].before_discard = once(lambda: world.clock.forward(16))
    assert closed(world) == ""
    assert gone(world) == {"api": ["7"], "site": []}
    assert afterwards(world, world.deployments.get("d2")) == "finished"
    assert gone(world) == {"api": ["7"], "site": ["bb"]}


def test_pruning_takes_bounded_time_too() -> None:
    """What is left is pruned the next time."""
    world = restored()
    awaited = {name: Awaited(START, "AWS makes instances") for name in ("api", "site")}
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), staged={}, awaited=awaited)
    world.components.known["api"].before_discard = once(lambda: world.clock.forward(16))
    assert closed(world) == ""
    assert world.components.known["site"].pruned == []
    assert afterwards(world, world.deployments.get("d2")) == "finished"
    assert len(world.components.known["site"].pruned) == 1


def ended() -> FakeWorld:
    """A rollback that has ended an hour ago."""
    world = restored()
    unstaged_and_closed(world)
    world.clock.forward(HOUR)
    return world


def test_wherever_it_dies_it_is_done_in_the_end_and_once() -> None:
    """Twice, half or never: the next sweep goes on."""
    look_after = lambda world: afterwards(world, world.deployments.get("d2"))  # noqa: E731
    for where, world in dying_everywhere(ended, look_after):
        if world.deployments.get("d2").grace_until:
            assert look_after(world) == "finished", where
        assert gone(world) == {"api": ["7"], "site": ["bb"]}, where


@pytest.mark.parametrize(
    "fields", [{"phase": Phase.ROLLED_BACK, "grace_until": START + timedelta(hours=2)}, {"held": True}]
)
def test_what_another_deployment_of_the_same_contents_still_keeps_stays(fields: dict[str, Any]) -> None:
    """Its visitors are led there for as long; the same contents are the same revision."""
    world = restored()
    unstaged_and_closed(world)
    held = fields.pop("held", False)
    a_deployment(world, fields.pop("phase", Phase.ROLLBACK_FAILED), "d3", staged=CANARY, previous="d1", **fields)
    if held:
        world.locks.known[KEY] = replace(world.locks.load(KEY), held="It failed.", held_by="d3")
    world.clock.forward(HOUR)
    assert afterwards(world, world.deployments.get("d2")) == "finished"
    assert gone(world) == {"api": [], "site": []}
