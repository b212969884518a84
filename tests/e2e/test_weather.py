"""A release, an alarm and a rollback where AWS is late: in the weather *aws*, or in the one that was asked for.

Visitors come all the time, and nobody gets an error but from a version that is bad.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from app_artifacts.smartpack.visits import trips
from controller.domain.phases import Phase
from selfright.local.visitors import VisitorLoad, VisitorStream, from_list, visiting
from tests.e2e.conftest import WEATHER, Labs, lending
from tests.e2e.lab import NEVER, Lab
from tests.e2e.seen import KEY
from tests.e2e.waiting import until

pytestmark = pytest.mark.slow

VISITORS = VisitorLoad(rate=20)


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Labs]:
    """Labs of their own where the others are still."""
    weather = replace(WEATHER, climate="aws") if WEATHER.is_still else WEATHER
    with lending(request, tmp_path_factory, weather) as labs:
        yield labs


@pytest.fixture
def visitors(lab: Lab) -> Iterator[VisitorStream]:
    """Visitors, from before the release until after its end."""
    with visiting(lab.running.edge_url, from_list(list(islice(trips(7), 300))), VISITORS) as visitors:
        yield visitors


def test_a_good_release_goes_live(lab: Lab, visitors: VisitorStream) -> None:
    """Each step has arrived before it is judged; in the end all visitors have it, and none got an error."""
    lab.set_bakes([(50, 5)], final_bake=3)
    ended = lab.ended(lab.release())
    assert ended.phase is Phase.SUCCEEDED, ended.reason
    until("all visitors have it", lambda: lab.live().is_only(ended.version))
    assert visitors.outcome().failed == 0


def test_a_bad_release_is_stopped_by_an_alarm(lab: Lab, visitors: VisitorStream) -> None:
    """The alarm comes late, and everybody gets what was live before; only the bad version failed anybody."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)], alpha=1e-300)
    bad = lab.ended(lab.release(like="1.2.0"))
    assert bad.phase is Phase.ROLLED_BACK, bad.reason
    assert bad.trip
    until("all visitors are back", lambda: lab.live().is_only(before))
    failed = visitors.outcome()
    assert not failed.site_failed
    assert set(failed.api_failed) == {bad.staged["api"].id}


def test_a_release_is_rolled_back_by_hand(lab: Lab, visitors: VisitorStream) -> None:
    """A person rolls back what is live; everybody gets the release before it, and nobody gets an error."""
    before = lab.version()
    lab.set_bakes()
    good = lab.ended(lab.release())
    assert good.phase is Phase.SUCCEEDED, good.reason
    code, _, said = lab.command("rollback", good.deployment_id, "--reason", "a drill", "--yes")
    assert code == 0, said
    until("all visitors are back", lambda: lab.live().is_only(before))
    assert visitors.outcome().failed == 0
    assert lab.command("status", KEY)[0] == 0
