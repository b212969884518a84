"""How long a change is asked for: what has arrived does not shorten the patience with the rest."""

from datetime import timedelta

import pytest

from controller.domain.phases import Phase
from controller.flow.shared.arrival import FOR_READS, Arriving, Late, asked_for_a_while
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import KEY, a_world, an_environment, on_its_way

SETTINGS = {"kind": "parameters", "prefix": "/smartpack/prod/settings"}


def arriving(*names: str) -> tuple[FakeWorld, Arriving]:
    """Components of a deployment, on their way to all visitors."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=100)
    environment = an_environment()
    components = {**environment.model_dump(mode="json")["components"], "settings": SETTINGS}
    world.environments.known[KEY] = type(environment).model_validate(
        {**environment.model_dump(mode="json", exclude_defaults=True), "components": components}
    )
    known = world.environments.known[KEY]
    return world, Arriving(world, known, world.deployments.get("d2"), names, [])


@pytest.mark.parametrize(
    ("names", "patience"),
    [(("site",), timedelta(minutes=5)), (("api", "site"), timedelta(minutes=1)), (("settings", "site"), FOR_READS)],
)
def test_the_patience_ends_with_the_first_of_what_is_on_its_way(names: tuple[str, ...], patience: timedelta) -> None:
    """Also a kind that moves no visitors has some: its first read may be older than the write."""
    assert arriving(*names)[1].ends(START) == START + patience


def test_what_has_arrived_does_not_shorten_the_patience_with_the_rest() -> None:
    """The function is there at once: the site is asked for until this call has asked for long enough."""
    world, on_the_way = arriving("api", "site")
    world.components.known["site"].late = ["InProgress"] * 1000
    late = asked_for_a_while(world, on_the_way.ask, lambda: on_the_way.ends(START))
    assert late == Late("site: InProgress")
    assert timedelta(seconds=80) < world.clock.now() - START <= timedelta(seconds=90)
    assert on_the_way.ends(START) == START + timedelta(minutes=5)
