"""Shift traffic: of a shift and a restoration at the same time one loses, and never the visitor."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.domain.deployment import Overtaken, Revision
from controller.domain.phases import TERMINAL, Phase
from controller.errors import AwsError, ChangedByOthersError, LedgerConflictError, TrippedError
from controller.flow.complete import complete
from controller.flow.on_alarm import on_alarm
from controller.flow.shift import shift
from tests.fake_components import FakeComponent
from tests.fakes import START
from tests.unit.flow.scenes import (
    ALARM,
    KEY,
    RESTORED,
    STABLE,
    a_world,
    an_environment,
    at_the_first_step,
    at_weight,
    guarded,
    live,
    messages,
    on_its_way,
    once,
    planned,
    staged_beside,
    tripped,
)

MACHINE = {"kind": "state_machine", "state_machine_arn": "arn:aws:states:eu-west-1:000000000000:stateMachine:flow"}
SETTINGS = {"kind": "parameters", "prefix": "/smartpack/prod"}


def test_all_changed_components_get_the_same_weight() -> None:
    """API and site are shifted together."""
    world = guarded()
    card = shift(world, "d2", 0)
    assert (card.outcome, card.weight) == ("shifted", 10)
    assert live(world) == {"api": ("6", 10), "site": ("aa", 10)}
    assert (world.deployments.get("d2").phase, world.deployments.get("d2").weight) == (Phase.SHIFTING, 10)


def test_waves_are_shifted_in_their_order() -> None:
    """What comes after another component gets its visitors after it, in the same step."""
    world = guarded(waves=(("site",), ("api",)))
    moved: list[str] = []
    for name, component in world.components.known.items():
        component.before_write = lambda name=name: moved.append(name)  # type: ignore[misc]
    shift(world, "d2", 0)
    assert moved == ["site", "api"]
    assert live(world) == {"api": ("6", 10), "site": ("aa", 10)}


def test_the_last_step_promotes() -> None:
    """At 100 % all visitors get the canary."""
    world = guarded(Phase.BAKING, weight=10)
    shift(world, "d2", 1)
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}


def test_what_did_not_change_is_not_moved() -> None:
    """An unchanged component keeps its traffic."""
    world = guarded(staged=STABLE)
    shift(world, "d2", 0)
    assert live(world) == RESTORED


def test_shifting_twice_is_the_same() -> None:
    """A retried state ends as the first try did."""
    world = guarded()
    shift(world, "d2", 0)
    shift(world, "d2", 0)
    assert live(world) == {"api": ("6", 10), "site": ("aa", 10)}


def test_a_tripped_deployment_is_not_shifted() -> None:
    """After the trip it can only be rolled back."""
    world = guarded(trip=tripped())
    with pytest.raises(TrippedError):
        shift(world, "d2", 0)
    assert live(world) == RESTORED


def test_a_person_who_changed_a_component_stops_the_deployment() -> None:
    """Their change is never overwritten."""
    world = guarded()
    world.components.known["site"].edit("cc")
    with pytest.raises(ChangedByOthersError):
        shift(world, "d2", 0)
    assert live(world)["site"] == ("cc", 0)


def test_a_late_step_moves_no_visitor_to_stable() -> None:
    """A second call for 10 % must not take visitors from a release that is at 100 %."""
    world = guarded(Phase.BAKING, weight=100)
    with pytest.raises(LedgerConflictError, match="too late"):
        shift(world, "d2", 0)
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}


def test_an_overtaken_step_moves_no_visitor_to_stable() -> None:
    """The same, when the other call overtakes it between its read and its write."""
    world = guarded(Phase.BAKING, weight=10)
    at_weight(world, 0)
    api = world.components.known["api"]
    api.before_write = once(lambda: shift(world, "d2", 1))
    with pytest.raises(LedgerConflictError, match="too late"):
        shift(world, "d2", 0)
    assert live(world)["api"] == ("7", 0)


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_what_has_ended_is_not_shifted(phase: Phase) -> None:
    """A late call changes nothing."""
    world = guarded(phase)
    with pytest.raises(LedgerConflictError):
        shift(world, "d2", 0)
    assert live(world) == RESTORED


@pytest.mark.parametrize("moment", ["ledger", "api", "site"])
@pytest.mark.parametrize("weight", [0, 10])
def test_an_alarm_between_read_and_write_wins(moment: str, weight: int) -> None:
    """Wherever in a shift the alarm fires, in the end no visitor is on the canary."""
    world = guarded(Phase.BAKING if weight else Phase.STAGING, weight=weight)
    fires = once(lambda: on_alarm(world, ALARM, "Too many errors."))
    if moment == "ledger":
        world.deployments.before_update = fires
    else:
        world.components.known[moment].before_write = fires
    with pytest.raises((TrippedError, LedgerConflictError)):
        shift(world, "d2", 1 if weight else 0)
    assert live(world) == RESTORED


def test_a_shift_that_is_overtaken_by_success_undoes_nothing() -> None:
    """A late second call finds the component changed, reads it again, and sees that all is as it wanted it."""
    world = guarded(Phase.BAKING, weight=10)
    site = world.components.known["site"]
    site.before_write = once(lambda: (shift(world, "d2", 1), complete(world, "d2")))
    shift(world, "d2", 1)
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}
    assert (world.deployments.get("d2").phase, site.moves) == (Phase.SUCCEEDED, [100])


def test_an_earlier_step_that_is_overtaken_by_success_writes_nothing() -> None:
    """Its write is refused, because the component differs from what it read, and its next permit as well."""
    world = guarded(Phase.SHIFTING, weight=10)
    at_weight(world, 0)
    site = world.components.known["site"]
    site.before_write = once(lambda: (shift(world, "d2", 1), complete(world, "d2")))
    with pytest.raises(LedgerConflictError, match="SUCCEEDED"):
        shift(world, "d2", 0)
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}


def test_a_shift_empties_the_lists_of_tokens() -> None:
    """Those of the bake before it were answered; an alarm must not answer them again, and again."""
    world = guarded(Phase.BAKING, weight=10, guard_tokens=("guard",), pause_tokens=("pause",), queue_tokens=("queue",))
    shift(world, "d2", 1)
    after = world.deployments.get("d2")
    assert (after.guard_tokens, after.pause_tokens, after.queue_tokens) == ((), (), ("queue",))


def test_a_shift_notes_how_far_it_reached_before_it_moves_anything() -> None:
    """If it dies after that, the rollback knows what it may have moved; a restoration does not lower it."""
    world = guarded()
    world.components.known["api"].broken = AwsError("denied")
    with pytest.raises(AwsError):
        shift(world, "d2", 0)
    assert world.deployments.get("d2").reached == 10
    world.components.known["api"].broken = None
    on_alarm(world, ALARM, "Too many errors.")
    assert (world.deployments.get("d2").weight, world.deployments.get("d2").reached) == (0, 10)


def test_a_shift_leaves_its_seal() -> None:
    """With the fencing token and the way, it differs from all that were written before."""
    world = guarded()
    shift(world, "d2", 0)
    assert {one.seal for one in world.components.known.values()} == {"4 forward"}


def test_every_shift_is_marked() -> None:
    """At each step more visitors get the new version: that is where a graph may bend."""
    world = a_world()
    on_its_way(world, Phase.STAGING)
    shift(world, "d2", 0)
    assert world.markers.made == [("d2", Phase.SHIFTING)]


def test_newcomers_get_all_visitors_at_the_first_step() -> None:
    """They keep them at the next step, while the others follow."""
    world = at_the_first_step()
    assert live(world) == {"api": ("6", 10), "site": ("bb", 0)}
    assert messages(world, "shifted") == ["10 % of the visitors get version 2.0.0; all visitors get at once: site."]
    shift(world, "d2", 1)
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}
    assert messages(world, "shifted")[1:] == ["100 % of the visitors get version 2.0.0."]


def test_the_first_step_notes_on_the_release_before_that_it_is_overtaken() -> None:
    """An alarm from then on is about the new one."""
    world = staged_beside(STABLE)
    planned(world)
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), grace_until=START + timedelta(minutes=8))
    shift(world, "d2", 0)
    assert world.deployments.get("d1").overtaken == (Overtaken(START),)
    world.clock.forward(60)
    shift(world, "d2", 1)
    assert world.deployments.get("d1").overtaken == (Overtaken(START),)


@pytest.mark.parametrize(
    ("target", "served", "noted"),
    [
        (MACHINE, ("api", "site", "flow"), START),
        (SETTINGS, ("api", "site", "flow"), None),
        (SETTINGS, ("api", "site"), START),
    ],
)
def test_a_write_without_condition_is_noted_at_the_step_that_makes_it(
    target: dict[str, str], served: tuple[str, ...], noted: datetime | None
) -> None:
    """An alias of a state machine moves at every step; settings at the last one, or at the first if they are new."""
    world = guarded(served_before=served)
    world.environments.known[KEY] = an_environment(components={**an_environment().components, "flow": target})
    world.components.known["flow"] = FakeComponent("1", next="2")
    known = world.deployments.get("d2")
    restore_point = {**(known.restore_point or {}), "flow": Revision("1")}
    staged = {**known.staged, "flow": Revision("2")}
    world.deployments.known["d2"] = replace(
        known, components=("api", "flow", "site"), restore_point=restore_point, staged=staged
    )
    shift(world, "d2", 0)
    assert world.deployments.get("d2").pointed_at == noted
