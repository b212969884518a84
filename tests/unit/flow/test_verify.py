"""Verify: the release's checks from outside, and which of them count while two releases serve."""

from dataclasses import replace

import pytest

from controller.domain.checks.verification import outside_checks_of
from controller.domain.phases import Phase
from controller.flow.verify import _expected, verify
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import (
    API_ONLY,
    KEY,
    PLACED,
    a_hooked_world,
    a_world,
    an_environment,
    at_the_first_step,
    on_its_way,
    released,
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
