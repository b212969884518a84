"""An outage of a minute or an hour is no reason for a person: when the service is back, all ends right by itself."""

import pytest

from tests.simulation.calls.faults import SERVICES
from tests.simulation.run import run
from tests.simulation.scenarios import SCENARIOS, with_outage

MINUTES = (1, 3, 15, 60)
SEEDS = range(3)


@pytest.mark.campaign
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_a_scenario_outlives_an_outage(scenario: str, service: str) -> None:
    """Each service, each length, beginning at several moments."""
    plans = [with_outage(scenario, service, minutes, seed) for minutes in MINUTES for seed in SEEDS]
    failed = {str(plan.outages[0]): found for plan in plans if (found := run(plan).violations)}
    assert failed == {}


@pytest.mark.parametrize("service", SERVICES)
def test_a_deployment_outlives_an_outage(service: str) -> None:
    """The fast tests have one moment of each service."""
    assert run(with_outage("plain", service, 3, 0)).violations == []
