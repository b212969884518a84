"""Synthetic requests: they are sent only where versions are compared."""

from controller.flow.shared.synthetic_requests import send
from tests.unit.flow.scenes import JUDGE, SITE_ONLY, an_environment, at_the_first_step


def test_no_requests_are_sent_for_what_is_not_compared() -> None:
    """There are no two versions between which they would be divided."""
    world = at_the_first_step(SITE_ONLY)
    environment = an_environment(judge={**JUDGE, "synthetic": {"requests": 30}})
    assert send(world, environment, world.deployments.get("d2")) == 0
