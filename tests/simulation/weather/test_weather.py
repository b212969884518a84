"""Runs with weather: they repeat to the letter, and differ by climate."""

from dataclasses import replace

import pytest

from selfright.weather import CLIMATES
from tests.simulation.__main__ import main
from tests.simulation.plan import Plan
from tests.simulation.run import run
from tests.simulation.weather.facts import Facts
from tests.simulation.weather.scenarios import WEATHER_SCENARIOS, weather_plan


def test_a_run_is_repeated_to_the_letter() -> None:
    """The weather has its own chance, by the run's seed."""
    plan = weather_plan(3, "storm", "good")
    assert run(plan).fingerprint == run(plan).fingerprint


def test_climates_differ() -> None:
    """The same seed is another run; without weather nothing is counted."""
    plan = weather_plan(1, "storm", "judged")
    still, aws, storm = (run(replace(plan, weather=climate)) for climate in CLIMATES)
    assert len({still.fingerprint, aws.fingerprint, storm.fingerprint}) == 3
    assert still.facts == Facts()
    assert min(aws.facts.requests, storm.facts.requests) > 1000


def test_the_plan_of_a_run_is_written_down() -> None:
    """With its climate, and that nothing was released before."""
    plan = weather_plan(0, "aws", "first")
    assert Plan.of(plan.document()) == replace(plan, settings=Plan.of(plan.document()).settings)
    assert "weather aws" in str(plan)


def test_the_scenarios_take_turns() -> None:
    """So that few seeds have all of them."""
    count = len(WEATHER_SCENARIOS)
    assert {weather_plan(seed, "aws").scenario for seed in range(count)} == set(WEATHER_SCENARIOS)


def test_the_command_tells_the_facts(capsys: pytest.CaptureFixture[str]) -> None:
    """`./dev simulate --seed 1 --weather aws --scenario judged`."""
    main(["--seed", "1", "--weather", "aws", "--scenario", "judged", "--quiet"])
    told = capsys.readouterr().out
    assert "bad: 1 of 1 undone" in told
    assert "requests of visitors" in told


@pytest.mark.parametrize("arguments", [["--scenario", "judged"], ["--weather", "aws", "--scenario", "plain"]])
def test_a_scenario_belongs_to_its_weather(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Those with faults have other times."""
    with pytest.raises(SystemExit):
        main(arguments)
    assert "there is no scenario" in capsys.readouterr().err
