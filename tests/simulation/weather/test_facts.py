"""What is counted of a run: how releases ended, and when it was said that a change had arrived."""

from datetime import timedelta
from typing import Any

import pytest

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind, TimelineEvent
from tests.simulation.engine.scheduler import START
from tests.simulation.releases import ANSWERS, Release
from tests.simulation.weather.arrivals import Arrivals, Change
from tests.simulation.weather.facts import Ended, Facts, judge_ends, sayings
from tests.unit.aws.ledger_table import a_deployment

GOOD, BAD = Release("1.1.0"), Release("1.1.0", bad="errors")


def counted(*phases: Phase, release: Release = GOOD, **more: Any) -> Facts:  # noqa: ANN401 - see `judge_ends`
    """The facts of attempts to release 1.1.0."""
    facts = Facts()
    ended = [_ended(f"d{number}", phase) for number, phase in enumerate(phases)]
    given = {"turned_bad": {}, "rolled_back": (), **more}
    judge_ends(facts, ended, {release.version: release}, **given)
    return facts


def _ended(deployment_id: str, phase: Phase) -> Ended:
    deployment: Deployment = a_deployment(deployment_id, phase, version="1.1.0")
    return Ended(deployment, {"Judge canary": 6, "Shift traffic": 34}, 600.0 if phase is Phase.SUCCEEDED else None)


def test_a_good_release_must_succeed() -> None:
    """One that was refused, and went through when it was uploaded again, counts once."""
    facts = counted(Phase.REJECTED, Phase.SUCCEEDED)
    assert (facts.good, facts.good_succeeded, facts.troubles) == (1, 1, [])
    facts = counted(Phase.ROLLED_BACK)
    assert (facts.good, facts.good_succeeded) == (1, 0)
    assert "1.1.0 ROLLED_BACK" in facts.troubles[0]


def test_a_bad_release_must_end_on_the_old_one() -> None:
    """Wherever it was found."""
    assert counted(Phase.ROLLED_BACK, release=BAD).bad_undone == 1
    facts = counted(Phase.SUCCEEDED, release=BAD)
    assert (facts.bad, facts.bad_undone, len(facts.troubles)) == (1, 0, 1)


@pytest.mark.parametrize(("turned", "bad"), [(500.0, 1), (550.0, 0), (700.0, 0)])
def test_what_became_bad_after_the_end_is_no_bad_release(turned: float, bad: int) -> None:
    """It succeeded after 600 s: of its last minute only whole ones can fire an alarm."""
    release = Release("1.1.0", bad=ANSWERS)
    assert counted(Phase.SUCCEEDED, release=release, turned_bad={"1.1.0": turned}).bad == bad


def test_what_a_person_rolled_back_must_be_undone() -> None:
    """It is neither a good nor a bad release."""
    facts = counted(Phase.ROLLED_BACK, rolled_back={"d0"})
    assert (facts.good, facts.bad, facts.by_person, facts.by_person_undone) == (0, 0, 1, 1)
    assert counted(Phase.ROLLBACK_FAILED, rolled_back={"d0"}).troubles


def test_facts_add_up() -> None:
    """Of many runs."""
    both = counted(Phase.SUCCEEDED) + counted(Phase.ROLLED_BACK)
    assert (both.good, both.good_succeeded, len(both.wrong)) == (2, 1, 1)
    assert (both.transitions, both.evaluations) == ([40], [6])


def test_each_change_is_said_to_have_arrived_before_the_next_one() -> None:
    """A change of which that was never said has no moment."""
    kinds = [EventKind.STAGED, EventKind.SHIFTED, EventKind.ARRIVED, EventKind.SHIFTED]
    kinds += [EventKind.TRAFFIC_RESTORED, EventKind.ARRIVED]
    timeline = [TimelineEvent(START + timedelta(seconds=10 * at), kind, "") for at, kind in enumerate(kinds)]
    assert list(sayings(timeline)) == [(10, 20), (30, None), (40, 50)]


def test_a_change_has_arrived_when_the_last_place_has_it_and_aws_says_so() -> None:
    """A later change is as good: who has that one has no need of this one."""
    arrivals = Arrivals([Change(0, (0, 0)), Change(10, (15, 90), said=60), Change(40, (45, 50), said=70)])
    assert (arrivals.arrived(20), arrivals.arrived(40)) == (60, 70)
    assert Arrivals([Change(0, (0, 0)), Change(10, (15, 90), said=60)]).arrived(20) == 90
