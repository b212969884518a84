"""Checks from outside: where they are made, how often, and of what."""

import pytest

from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import outside_checks_of
from controller.domain.phases import Phase
from controller.probing import probe_all
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import a_deployment, a_world, an_environment


def probed(world: FakeWorld, **environment: object) -> list[CheckResult]:
    """The results of a release's two checks in this environment."""
    checks = outside_checks_of(a_deployment(world, Phase.BAKING))
    return probe_all(world.probe, an_environment(**environment), checks)


def test_each_check_is_made_at_its_components_url() -> None:
    """One request is enough when it passes."""
    world = a_world()
    assert [result.passed for result in probed(world)] == [True, True]
    assert world.probe.asked == ["https://api.example/health", "https://site.example/"]


@pytest.mark.parametrize(("wrong", "passed"), [(2, True), (3, False)])
def test_a_check_has_failed_after_three_failures_in_a_row(wrong: int, passed: bool) -> None:
    """One lost packet is no failure; and the other component's check is still made."""
    world = a_world()
    world.probe.wrong = ["no"] * wrong
    assert [result.passed for result in probed(world)] == [passed, True]
    assert world.probe.asked == ["https://api.example/health"] * 3 + ["https://site.example/"]


@pytest.mark.parametrize(("wrong", "unknown"), [(["gone"] * 3, True), (["gone", "no", "gone"], False)])
def test_an_answer_says_more_than_none(wrong: list[str], unknown: bool) -> None:
    """A wrong answer is a failure, also if nobody can be reached after that."""
    world = a_world()
    world.probe.wrong, world.probe.unreached = wrong, {"gone"}
    assert probed(world)[0].unknown == unknown


def test_a_component_without_a_url_is_not_checked() -> None:
    """Nor one that the environment does not have."""
    world = a_world()
    assert probed(world, components={"api": {"kind": "function", "function_name": "f"}}) == []


@pytest.mark.parametrize("private", [False, True])
def test_the_environment_decides_whether_private_addresses_are_allowed(private: bool) -> None:
    """The bundle has no say in it."""
    world = a_world()
    probed(world, allow_private_urls=private)
    assert world.probe.trusted == [private, private]


def test_a_site_that_hangs_does_not_keep_the_verification_from_answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time is over, no further request is made, and what was not asked has failed."""
    world, seconds = a_world(), iter(range(0, 10_000, 60))
    monkeypatch.setattr("controller.probing.monotonic", lambda: next(seconds))
    world.probe.wrong = ["no answer"] * 100
    results = probed(world)
    assert [result.passed for result in results] == [False, False]
    assert (results[1].detail, results[1].unknown) == ("it could not be made in time", True)
    assert len(world.probe.asked) == 1
