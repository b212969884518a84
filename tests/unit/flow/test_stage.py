"""Record restore point and Stage component: what is live is noted before anything is made."""

from dataclasses import replace
from typing import Any

import pytest

from controller.domain.deployment import Revision
from controller.domain.phases import Phase
from controller.errors import AwsError, LedgerConflictError
from controller.flow import test, verify
from controller.flow.on_alarm import on_alarm
from controller.flow.record_restore_point import record_restore_point
from controller.flow.shared.lease import PAUSE_SECONDS
from controller.flow.stage import stage
from controller.ports.world import World
from tests.builders import a_bundle
from tests.fake_components import FakeComponent
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import (
    ALARM,
    CANARY,
    KEY,
    STABLE,
    a_world,
    an_environment,
    dying_everywhere,
    on_its_way,
    once,
    tripped,
)


def granted() -> FakeWorld:
    """A deployment whose turn has just come."""
    world = a_world()
    deployment = on_its_way(world, Phase.QUEUED, restore_point=None, staged={}, steps=())
    world.bundles.objects[deployment.upload.key] = a_bundle("2.0.0")
    return world


def staging() -> FakeWorld:
    """A deployment whose restore point is recorded."""
    world = granted()
    record_restore_point(world, "d2")
    return world


def test_what_is_live_is_noted_and_guarded() -> None:
    """The restore point and the guards are there before anything is touched."""
    world = granted()
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").restore_point == STABLE
    assert world.deployments.get("d2").phase is Phase.STAGING
    assert world.guards.guarded_by(ALARM) == ["d2"]


@pytest.mark.parametrize("state", ["ALARM", None])
def test_an_alarm_that_fires_or_is_gone_rejects(state: str | None) -> None:
    """A release on top of a fire cannot be judged, nor one that nothing guards."""
    world = granted()
    world.alarms.known = {ALARM: state} if state else {}
    assert record_restore_point(world, "d2").outcome == "rejected"
    assert not world.guards.pairs
    assert world.locks.load(KEY).holder == ""


def test_alarms_that_cannot_be_read_are_an_error() -> None:
    """The workflow tries again, and rolls back in the end."""
    world = granted()
    world.alarms.unreadable = AwsError("denied")
    with pytest.raises(AwsError):
        record_restore_point(world, "d2")


def test_an_alarm_that_fires_while_they_are_read_is_not_missed() -> None:
    """The guards are open before the states are read, so the alarm's event finds the deployment, which goes back."""
    world = granted()
    world.alarms.states = lambda names: (on_alarm(world, ALARM, "now"), dict.fromkeys(names, "OK"))[1]  # type: ignore[method-assign]
    with pytest.raises(LedgerConflictError):
        record_restore_point(world, "d2")
    assert world.deployments.get("d2").restore_point is None
    assert world.deployments.get("d2").trip is not None


def test_traffic_in_somebodys_hands_rejects() -> None:
    """A release does not begin in the middle of somebody's change."""
    world = granted()
    world.components.known["api"].canary, world.components.known["api"].weight = "9", 50
    card = record_restore_point(world, "d2")
    assert (card.outcome, card.deployment.phase) == ("rejected", "REJECTED")
    assert "split" in card.deployment.reason


def test_a_version_that_was_rolled_back_meanwhile_rejects() -> None:
    """The same bad version, uploaded twice, waited while its twin was rolled back."""
    world = granted()
    world.versions.previous_attempts[KEY, "2.0.0"] = ("dd", Phase.ROLLED_BACK)
    assert "was rolled back" in record_restore_point(world, "d2").deployment.reason


def test_recording_again_keeps_the_first_restore_point() -> None:
    """What is live later may be the canary: it must never become the restore point."""
    world = staging()
    world.components.known["api"].live = "7"
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").restore_point == STABLE


def test_two_calls_at_once_agree() -> None:
    """The slower one finds that the faster one has recorded, and is content."""
    world = granted()
    world.deployments.before_update = once(lambda: record_restore_point(world, "d2"))
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.kinds("d2") == ["restore_point"]


def test_without_the_lock_nothing_is_recorded() -> None:
    """The fencing token of an older turn writes nothing."""
    world = granted()
    stale = world.deployments.get("d2")
    world.deployments.get = lambda deployment_id: stale  # type: ignore[method-assign]
    world.deployments.known["d2"] = replace(stale, fencing_token=9)
    with pytest.raises(LedgerConflictError):
        record_restore_point(world, "d2")


def test_a_component_is_staged() -> None:
    """Its revision is in the ledger; visitors see nothing of it."""
    world = staging()
    expected = {"component": "api", "outcome": "staged", "revision": "7", "changed": True}
    assert stage(world, "d2", "api").document() == expected
    assert stage(world, "d2", "site").revision == "bb"
    assert world.deployments.get("d2").staged == CANARY
    assert not world.components.known["api"].moves


def test_what_did_not_change_is_said_so() -> None:
    """An unchanged component gets no traffic step."""
    world = staging()
    world.components.known["api"].next = ""
    assert stage(world, "d2", "api").changed is False
    assert world.deployments.get("d2").changed == ()


def test_what_is_rolled_back_is_not_staged_any_more() -> None:
    """A staging that comes late writes nothing."""
    world = staging()
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), phase=Phase.ROLLING_BACK)
    with pytest.raises(LedgerConflictError):
        stage(world, "d2", "api")


def test_wherever_it_dies_it_can_be_done_again() -> None:
    """Restore point and revisions are the same in the end."""

    def act(world: World) -> None:
        record_restore_point(world, "d2")
        stage(world, "d2", "api")

    for where, world in dying_everywhere(granted, act):
        act(world)
        assert world.deployments.get("d2").restore_point == STABLE, where
        assert world.deployments.get("d2").staged == {"api": CANARY["api"]}, where
        assert world.guards.guarded_by(ALARM) == ["d2"], where


def staged(**fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment that is staged and not tested yet."""
    world = a_world()
    on_its_way(world, Phase.STAGING, steps=(), **fields)
    return world


def test_a_good_canary_gets_its_steps() -> None:
    """The plan is in the ledger, and in the document that the workflow maps over."""
    world = staged()
    card = test.test_staged(world, "d2")
    assert [(step.index, step.weight, step.bake) for step in card.steps] == [(0, 10, 60), (1, 100, 300)]
    assert all(step.guard_timeout > 2 * step.bake for step in card.steps)
    assert [step.weight for step in world.deployments.get("d2").steps] == [10, 100]


def test_a_guard_outlives_a_hold() -> None:
    """A person who has a week to decide is not overtaken by the guard's timeout."""
    world = staged()
    world.environments.known[KEY] = an_environment(judge={"when_inconclusive": "pause"})
    assert test.test_staged(world, "d2").steps[0].guard_timeout > PAUSE_SECONDS


def test_the_first_deployment_goes_to_everybody() -> None:
    """There was nothing before that could be compared or protected."""
    assert [step.weight for step in test.test_staged(staged(previous=""), "d2").steps] == [100]


def with_settings(**changed: str) -> FakeWorld:
    """A staged release with parameters, in which only these components are changed."""
    known = an_environment().model_dump()["components"]
    settings = {"kind": "parameters", "prefix": "/smartpack/prod/settings"}
    world = staged(
        restore_point={**STABLE, "settings": Revision("s1")},
        staged={**STABLE, "settings": Revision("s1"), **{name: Revision(id_) for name, id_ in changed.items()}},
    )
    world.environments.known[KEY] = an_environment(components={**known, "settings": settings})
    world.components.known["settings"] = FakeComponent("s1", next="s2")
    return world


def test_what_nobody_can_get_a_share_of_goes_to_everybody_at_once() -> None:
    """A release that changes parameters alone does not wait through steps in which nothing would happen."""
    steps = test.test_staged(with_settings(settings="s2"), "d2").steps
    assert [(step.weight, step.bake) for step in steps] == [(100, 300)]


def test_with_anything_else_it_goes_by_the_strategy() -> None:
    """The code has its canary, and the parameters follow at the last step."""
    steps = test.test_staged(with_settings(settings="s2", api="7"), "d2").steps
    assert [step.weight for step in steps] == [10, 100]


def test_an_unchanged_release_has_no_steps() -> None:
    """Nothing is shifted, nothing is watched."""
    assert test.test_staged(staged(staged=STABLE), "d2").steps == ()


def test_a_bad_canary_trips_before_any_visitor_sees_it() -> None:
    """The failed check is the reason."""
    world = staged()
    world.components.known["site"].failing = {"bb"}
    card = test.test_staged(world, "d2")
    assert card.outcome == "unhealthy"
    assert "before traffic: GET / of site" in card.reason
    trip = world.deployments.get("d2").trip
    assert trip is not None
    assert trip.source == "check"


def test_a_tripped_canary_is_tested_all_the_same() -> None:
    """The trip stops it at the first shift; the test only says what it sees."""
    assert test.test_staged(staged(trip=tripped()), "d2").outcome == "healthy"


def shifted(weight: int) -> FakeWorld:
    """A deployment whose visitors are being asked from outside."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=weight)
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), checks=world.deployments.get("d2").checks)
    return world


def test_the_checks_are_made_from_outside() -> None:
    """At the addresses that visitors use."""
    world = shifted(100)
    assert verify.verify(world, "d2", 1).outcome == "healthy"
    assert world.probe.asked == ["https://api.example/health", "https://site.example/"]


PLACED = (
    '{"component":"api","path":"/staged","only":"staged"}',
    '{"component":"api","path":"/both"}',
    '{"component":"api","path":"/outside","only":"outside"}',
    '{"component":"site","kind":"site"}',
    '{"component":"api","kind":"load","path":"/load","p95_ms":100}',
)


def test_checks_are_made_where_they_belong() -> None:
    """A load never from outside; what says `only` in one place only."""
    world = shifted(100)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), checks=PLACED)
    verify.verify(world, "d2", 1)
    assert world.probe.asked == ["https://api.example/both", "https://api.example/outside", "https://site.example/"]


def test_the_new_version_is_tested_by_what_belongs_there() -> None:
    """All but what only a visitor can see."""
    world = staged(checks=PLACED)
    test.test_staged(world, "d2")
    told = [event.message for event in world.deployments.events["d2"] if event.kind == "tested"]
    assert told == ["api: 3 checks passed before traffic.", "site: 1 check passed before traffic."]


@pytest.mark.parametrize("allowed", [False, True])
def test_private_addresses_are_asked_only_if_the_environment_allows_it(allowed: bool) -> None:
    """The environment is trusted, the bundle is not."""
    world = shifted(100)
    world.environments.known[KEY] = an_environment(allow_private_urls=allowed)
    verify.verify(world, "d2", 1)
    assert world.probe.trusted == [allowed, allowed]


def test_a_check_fails_only_when_it_fails_thrice() -> None:
    """One lost packet is no reason to roll back."""
    world = shifted(100)
    world.probe.wrong = ["no", "no"]
    assert verify.verify(world, "d2", 1).outcome == "healthy"
    world.probe.wrong = ["no", "no", "no"]
    card = verify.verify(world, "d2", 1)
    assert card.outcome == "unhealthy"
    assert "from outside at 100 %" in card.reason
    assert world.deployments.get("d2").trip is not None


def test_a_component_that_is_gone_from_the_environment_is_not_asked() -> None:
    """A release that is live longer than its environment's configuration can still be verified."""
    world = shifted(100)
    known = world.environments.known[KEY]
    world.environments.known[KEY] = known.model_copy(update={"components": {"site": known.components["site"]}})
    assert verify.verify(world, "d2", 1).outcome == "healthy"
    assert world.probe.asked == ["https://site.example/"]
