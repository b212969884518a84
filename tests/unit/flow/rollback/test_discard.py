"""What was staged in vain is discarded, and never what a kept release needs."""

from dataclasses import replace

import pytest

from controller.domain.deployment import Awaited, Revision
from controller.domain.phases import Phase
from controller.errors import AwsError, TransientError
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.close import close_rollback
from controller.flow.rollback.discard import discard_staged
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import CANARY, STABLE, a_deployment, a_world, dying_everywhere, on_its_way, tripped


def restored() -> FakeWorld:
    """A deployment that is being rolled back: its traffic is restored, and it is not closed yet."""
    world = a_world()
    on_its_way(world, Phase.ROLLING_BACK, trip=tripped(), rollback_execution_arn="arn:back")
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), staged=STABLE, previous="d0")
    return world


def gone(world: FakeWorld) -> dict[str, list[str]]:
    """What was discarded, by component."""
    return {name: component.discarded for name, component in world.components.known.items()}


def test_the_new_revisions_go() -> None:
    """The timeline says so."""
    world = restored()
    assert close_rollback(world, "d2", "", "arn:back").outcome == "ROLLED_BACK"
    assert gone(world) == {"api": ["7"], "site": ["bb"]}
    assert [event.message for event in world.deployments.events["d2"] if event.kind == "discarded"] == [
        "Discarded: api 7, site bb."
    ]


def test_nothing_goes_when_the_rollback_failed() -> None:
    """It may still serve visitors."""
    world = restored()
    close_rollback(world, "d2", "api: is on 7 and should be on 6", "arn:back")
    assert gone(world) == {"api": [], "site": []}


def test_what_an_older_release_has_too_stays() -> None:
    """A site with the contents of an older release has that one's revision."""
    world = restored()
    a_deployment(world, Phase.SUCCEEDED, "d0", staged={"api": Revision("5"), "site": CANARY["site"]}, previous="")
    close_rollback(world, "d2", "", "arn:back")
    assert gone(world) == {"api": ["7"], "site": []}


def test_what_did_not_change_stays() -> None:
    """It is live."""
    world = restored()
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), staged={**CANARY, "site": STABLE["site"]})
    close_rollback(world, "d2", "", "arn:back")
    assert gone(world) == {"api": ["7"], "site": []}


@pytest.mark.parametrize("trouble", [AwsError("no"), TransientError("not now")])
def test_a_failure_is_recorded_and_does_not_fail_the_rollback(trouble: Exception) -> None:
    """The others are still discarded."""
    world = restored()
    world.components.known["api"].broken = trouble
    assert close_rollback(world, "d2", "", "arn:back").outcome == "ROLLED_BACK"
    assert gone(world) == {"api": [], "site": ["bb"]}
    assert "discard_failed" in [event.kind for event in world.deployments.events["d2"]]


def test_what_was_never_staged_to_the_end_is_pruned() -> None:
    """A version whose warm instances were still being made is not known to the ledger, but it is paid for."""
    world = restored()
    fields = {"staged": {"site": CANARY["site"]}, "awaited": {"api": Awaited(START, "AWS makes instances")}}
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), **fields)  # type: ignore[arg-type]
    close_rollback(world, "d2", "", "arn:back")
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
    close_rollback(world, "d2", "", "arn:second")
    assert world.components.known["api"].pruned == [({"6"}, 5)]


def test_what_is_gone_is_not_told_again() -> None:
    """A call that died half way is followed by another, which finds the rest."""
    world = restored()
    discard_staged(world, world.deployments.get("d2"))
    discard_staged(world, world.deployments.get("d2"))
    assert gone(world) == {"api": ["7"], "site": ["bb"]}
    assert world.deployments.kinds("d2") == ["discarded"]


def test_it_takes_bounded_time() -> None:
    """What is left when the time is over stays for the next prune."""
    world = restored()
    world.components.known["api"].before_discard = lambda: world.clock.forward(16)
    close_rollback(world, "d2", "", "arn:back")
    assert gone(world) == {"api": ["7"], "site": []}


def test_wherever_it_dies_the_rollback_can_be_closed() -> None:
    """Twice, half or never: the deployment ends."""
    for where, world in dying_everywhere(restored, lambda world: close_rollback(world, "d2", "", "arn:back")):
        assert close_rollback(world, "d2", "", "arn:back").outcome == "ROLLED_BACK", where
        assert all(len(ids) <= 1 for ids in gone(world).values()), where


def test_nothing_goes_once_the_deployment_has_ended() -> None:
    """The next release may be staging the same contents, which then must not vanish."""
    world = restored()
    read = world.deployments.get("d2")
    close_rollback(world, "d2", "", "arn:back")
    for component in world.components.known.values():
        component.discarded.clear()
    discard_staged(world, read)
    assert gone(world) == {"api": [], "site": []}
