"""Verify: the release's checks from outside, and which of them count while two releases serve."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.checks.verification import outside_checks_of
from controller.domain.deployment import Written
from controller.domain.phases import Phase
from controller.errors import NoAnswerError, TransientError, TrippedError
from controller.flow.verify import _expected, verify
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    API_ONLY,
    KEY,
    PLACED,
    a_hooked_world,
    a_world,
    an_environment,
    at_the_first_step,
    messages,
    on_its_way,
    released,
    tripped,
)


def shifted(weight: int) -> FakeWorld:
    """A deployment at this weight, whose stable release makes the same promises."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=weight)
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), checks=world.deployments.get("d2").checks)
    return world


def test_the_checks_are_made_from_outside() -> None:
    """At the addresses that visitors use."""
    world = shifted(100)
    assert verify(world, "d2", 1).outcome == "healthy"
    assert world.probe.asked == ["https://api.example/health", "https://site.example/"]


def test_checks_are_made_where_they_belong() -> None:
    """A load is never made from outside, and a check with `only` is made in one place."""
    world = shifted(100)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), checks=PLACED)
    verify(world, "d2", 1)
    assert world.probe.asked == ["https://api.example/both", "https://api.example/outside", "https://site.example/"]


@pytest.mark.parametrize(("wrong", "source"), [("no answer", "fault"), ("wrong", "check")])
def test_only_an_answer_is_evidence(wrong: str, source: str) -> None:
    """Where nobody can be reached, the release goes back, and may be released again."""
    world = shifted(100)
    world.probe.wrong, world.probe.unreached = ["no answer"] * 3 + [wrong] * 3, {"no answer"}
    assert verify(world, "d2", 1).outcome == "unhealthy"
    deployment = world.deployments.get("d2")
    assert (deployment.trip and deployment.trip.source, deployment.is_condemned) == (source, source == "check")
    assert ("Not all checks could be made from outside at 100 %: " in deployment.rollback_reason) == (source == "fault")


@pytest.mark.parametrize("allowed", [False, True])
def test_private_addresses_are_asked_only_if_the_environment_allows_it(allowed: bool) -> None:
    """The environment is trusted, the bundle is not."""
    world = shifted(100)
    world.environments.known[KEY] = an_environment(allow_private_urls=allowed)
    verify(world, "d2", 1)
    assert world.probe.trusted == [allowed, allowed]


def test_a_check_fails_only_after_three_failures() -> None:
    """One lost packet is no reason to roll back."""
    world = shifted(100)
    world.probe.wrong = ["no", "no"]
    assert verify(world, "d2", 1).outcome == "healthy"
    world.probe.wrong = ["no", "no", "no"]
    card = verify(world, "d2", 1)
    assert card.outcome == "unhealthy"
    assert "from outside at 100 %" in card.reason
    assert world.deployments.get("d2").trip is not None


def test_a_component_that_the_environment_no_longer_has_is_not_checked() -> None:
    """A release that is live longer than its environment's configuration can still be verified."""
    world = shifted(100)
    known = world.environments.known[KEY]
    world.environments.known[KEY] = known.model_copy(update={"components": {"site": known.components["site"]}})
    assert verify(world, "d2", 1).outcome == "healthy"
    assert world.probe.asked == ["https://site.example/"]


def test_the_post_traffic_hook_is_asked_when_all_visitors_are_on_the_release() -> None:
    """Not at the steps before."""
    world = a_hooked_world(Phase.SHIFTING, weight=10)
    assert verify(world, "d2", 0).outcome == "healthy"
    world.deployments.update("d2", {"weight": 100}, phases={Phase.SHIFTING})
    assert verify(world, "d2", 1).outcome == "ask"


PROMISED = ('{"component":"api","path":"/new"}', '{"component":"site","path":"/"}')


def test_checks_that_wait_for_the_last_step_are_counted() -> None:
    """At a step before it, the timeline says how many checks only the new release promises."""
    world = shifted(10)
    world.deployments.known["d2"] = replace(
        world.deployments.get("d2"), checks=(*PROMISED, PROMISED[0].replace("w", "t"))
    )
    assert verify(world, "d2", 0).outcome == "healthy"
    said = "Step 1: 1 check passed from outside. 2 more wait for 100 %, because only this release promises them."
    assert messages(world, "verified") == [said]


def test_newcomers_are_verified_from_the_first_step_on() -> None:
    """Of newcomers only the new release promises anything; of the others, only what both promise is checked."""
    world = at_the_first_step()
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), checks=PROMISED)
    assert verify(world, "d2", 0).outcome == "healthy"
    assert world.probe.asked == ["https://site.example/"]


def test_an_older_promise_does_not_excuse_a_newcomer() -> None:
    """All visitors get the new revision, so only its own answer is correct."""
    world = at_the_first_step()
    released(world, API_ONLY, checks=PROMISED)
    world.probe.wrong = ["no", "no", "no"]
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), checks=PROMISED[1:])
    assert _expected(world, world.deployments.get("d2"))[1] == outside_checks_of(
        replace(world.deployments.get("d1"), checks=PROMISED[:1])
    )
    assert verify(world, "d2", 0).outcome == "unhealthy"


def shifted_now(weight: int = 100) -> FakeWorld:
    """A step that was just written, with nothing seen of it yet."""
    world = shifted(weight)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), written=Written(weight, START))
    return world


def test_checks_count_only_after_the_step_has_arrived() -> None:
    """The old answers of an edge location that does not have the step yet say nothing about the release."""
    world = shifted_now()
    world.components.known["site"].late = ["InProgress"] * 3
    assert verify(world, "d2", 1).outcome == "healthy"
    arrived = world.deployments.get("d2").written
    assert arrived is not None
    assert arrived.arrived_at == world.clock.now() > START
    assert messages(world, "arrived") == ["100 % of the visitors are served by version 2.0.0. It took 7 s to arrive."]


def test_a_step_on_its_way_is_not_yet_and_not_failed() -> None:
    """No check is made, nothing is tripped, and the workflow asks again."""
    world = shifted_now()
    world.components.known["site"].late = ["InProgress"] * 1000
    answer = verify(world, "d2", 1)
    assert (answer.outcome, answer.reason) == ("not_yet", "site: InProgress")
    assert answer.wait_seconds > 0
    assert world.probe.asked == []
    assert world.deployments.get("d2").trip is None


def test_a_step_that_does_not_arrive_in_time_is_rolled_back_and_condemns_nothing() -> None:
    """AWS was late, or somebody keeps our requests away: neither says anything about the release."""
    world = shifted_now()
    world.components.known["site"].late = ["InProgress"] * 1000
    while (answer := verify(world, "d2", 1)).outcome == "not_yet":
        world.clock.forward(answer.wait_seconds)
    assert answer.outcome == "unhealthy"
    assert world.clock.now() - START >= timedelta(minutes=5)
    given_up = world.deployments.get("d2")
    assert given_up.trip is not None
    assert given_up.trip.source == "arrival"
    assert not given_up.is_condemned


def test_a_function_has_less_patience_than_a_site() -> None:
    """Each kind has its own; the environment may write another."""
    world = shifted_now()
    world.components.known["api"].late = ["calls still run version 6"] * 1000
    answer = verify(world, "d2", 1)
    assert answer.outcome == "unhealthy"
    assert timedelta(minutes=1) <= world.clock.now() - START < timedelta(minutes=2)


def test_several_answers_in_a_row_must_show_the_publication() -> None:
    """One edge location may have it while another does not."""
    world = shifted_now()
    world.components.known["site"].publication = "new"
    world.probe.publications = ["new", "old", "new", "new", "old", "new", "new", "new"]
    assert verify(world, "d2", 1).outcome == "healthy"
    assert world.probe.publications == []


def test_an_address_that_shows_no_publication_is_said_to_be_out_of_sight() -> None:
    """The reason tells what to do: a firewall may keep our requests away."""
    world = shifted_now()
    world.components.known["site"].publication = "new"
    world.probe.publications = [NoAnswerError("status 403")] * 1000
    while (answer := verify(world, "d2", 1)).outcome == "not_yet":
        world.clock.forward(answer.wait_seconds)
    assert "status 403" in str(answer.reason)
    assert "firewall" in str(answer.reason)


def test_a_step_that_has_arrived_is_not_waited_for_again() -> None:
    """The state may run twice."""
    world = shifted_now()
    assert verify(world, "d2", 1).outcome == "healthy"
    world.components.known["site"].late = ["InProgress"] * 1000
    assert verify(world, "d2", 1).outcome == "healthy"


def test_an_alarm_ends_the_waiting() -> None:
    """Visitors come first: nobody waits for a step that is undone."""
    world = shifted_now()
    world.components.known["site"].late = ["InProgress"] * 1000
    world.deployments.update("d2", {"trip": tripped()}, phases={Phase.SHIFTING})
    with pytest.raises(TrippedError):
        verify(world, "d2", 1)


def test_a_workflow_that_cannot_wait_goes_on_as_before() -> None:
    """It began under an older controller, whose machine does not know `not_yet`."""
    world = shifted_now()
    world.components.known["site"].late = ["InProgress"] * 1000
    assert verify(world, "d2", 1, may_wait=False).outcome == "healthy"
    assert "InProgress" in messages(world, "pending")[0]


def test_what_has_arrived_is_not_asked_for_again() -> None:
    """Its patience may be over when something slower arrives; a moment without an answer must not roll back then."""
    world = shifted_now()
    world.components.known["site"].late = ["InProgress"] * 30
    answer = verify(world, "d2", 1)
    assert answer.outcome == "not_yet"
    world.components.known["api"].broken = TransientError("no answer")
    world.clock.forward(answer.wait_seconds)
    assert verify(world, "d2", 1).outcome == "healthy"
