from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from controller.domain.deployment import Deployment
from controller.domain.timeline import TimelineEvent
from controller.errors import AwsError, TransientError
from selfright.account.watching import DeploymentWatcher, LedgerReading, NeverAppearedError, TimedOutError, pace
from tests.cli_world import BAKING, ID, RECEIVED, START, SUCCEEDED, Time


@dataclass
class FakeLedger:
    """A ledger that a test writes by plan; `broken` is raised as long as it is there."""

    deployment: Deployment | None = None
    events: list[TimelineEvent] = field(default_factory=list)
    broken: Exception | None = None

    def find(self, _: str) -> Deployment | None:
        """What is there now."""
        if self.broken:
            raise self.broken
        return self.deployment

    def timeline(self, _: str) -> Sequence[TimelineEvent]:
        """What happened."""
        return list(self.events)

    def write(self, deployment: Deployment | None = None, event: str = "", broken: Exception | None = None) -> None:
        """Change what is there."""
        self.deployment = deployment or self.deployment
        self.broken = broken
        if event:
            moment = START + timedelta(seconds=len(self.events))
            self.events.append(TimelineEvent(moment, event, f"It was {event}."))


@dataclass
class Scene:
    """A ledger, a time, and what was seen."""

    ledger: FakeLedger = field(default_factory=FakeLedger)
    time: Time = field(default_factory=Time)
    readings: list[LedgerReading] = field(default_factory=list)

    def watch(self, timeout: float | None = None) -> Deployment:
        """Watch to the end."""
        return DeploymentWatcher(self.ledger, self.time.now, self.time.sleep).watch(
            ID, self.readings.append, timeout=timeout
        )

    @property
    def passed(self) -> float:
        """Seconds since the start."""
        return (self.time.moment - START).total_seconds()

    def news(self) -> list[str]:
        """The kinds of the events in the order in which they were seen."""
        return [event.kind for reading in self.readings for event in reading.news]


@pytest.fixture
def scene() -> Scene:
    """An empty ledger."""
    return Scene()


def test_every_event_is_seen_once_and_in_order(scene: Scene) -> None:
    """Reading the whole timeline again and again repeats nothing."""
    scene.time.plan(1, lambda: scene.ledger.write(RECEIVED, "received"))
    scene.time.plan(2, lambda: scene.ledger.write(BAKING, "shifted"))
    scene.time.plan(3, lambda: scene.ledger.write(SUCCEEDED, "closed"))
    assert scene.watch() == SUCCEEDED
    assert scene.news() == ["received", "shifted", "closed"]


def test_the_last_event_is_waited_for(scene: Scene) -> None:
    """The phase is written before its event."""
    scene.ledger.write(SUCCEEDED, "received")
    scene.time.plan(1, lambda: scene.ledger.write(event="closed"))
    scene.watch()
    assert scene.news() == ["received", "closed"]


def test_the_last_event_is_not_waited_for_for_ever(scene: Scene) -> None:
    """It may never have been written."""
    scene.ledger.write(SUCCEEDED, "received")
    scene.watch()
    assert scene.passed == pytest.approx(3, abs=0.5)


def test_it_reads_often_while_things_happen_and_once_a_second_when_not() -> None:
    """A short local release feels immediate, a long bake costs next to nothing."""
    assert [pace(quiet) for quiet in (0, 9, 10, 59, 60, 3600)] == [0.25, 0.25, 0.5, 0.5, 1.0, 1.0]


def test_it_is_never_slower_than_a_second(scene: Scene) -> None:
    """What is seen is at most a second old."""
    scene.ledger.write(BAKING, "shifted")
    scene.time.plan(300, lambda: scene.ledger.write(SUCCEEDED, "closed"))
    scene.watch()
    assert max(scene.time.slept) == 1.0


def test_what_does_not_come_within_half_a_minute_is_said(scene: Scene) -> None:
    """The error names the places to look at."""
    with pytest.raises(NeverAppearedError, match=r"within 30 s") as caught:
        scene.watch()
    assert "EventBridge" in caught.value.next_step
    assert scene.passed == pytest.approx(30, abs=1)


def test_a_silent_ledger_is_waited_for_and_shown(scene: Scene) -> None:
    """The last that is known stays in sight meanwhile."""
    scene.ledger.write(BAKING, "shifted")
    scene.time.plan(1, lambda: scene.ledger.write(broken=TransientError("No answer.")))
    scene.time.plan(40, lambda: scene.ledger.write(SUCCEEDED, "closed"))
    assert scene.watch() == SUCCEEDED
    silent = [reading for reading in scene.readings if reading.trouble]
    assert silent
    assert all(reading.deployment == BAKING for reading in silent)


def test_a_ledger_that_is_silent_for_a_minute_is_given_up(scene: Scene) -> None:
    """Then a person must check the connection."""
    scene.ledger.write(BAKING, broken=TransientError("No answer."))
    with pytest.raises(TransientError, match="No answer"):
        scene.watch()
    assert scene.passed == pytest.approx(60, abs=1)


def test_a_lasting_error_is_not_waited_for(scene: Scene) -> None:
    """Expired credentials stay expired."""
    scene.ledger.write(broken=AwsError("Expired.", code="ExpiredToken"))
    with pytest.raises(AwsError, match="Expired"):
        scene.watch()
    assert scene.time.slept == []


def test_a_timeout_says_where_the_deployment_is(scene: Scene) -> None:
    """It continues by itself."""
    scene.ledger.write(BAKING)
    with pytest.raises(TimedOutError, match=rf"{ID} is BAKING after 5 s; it continues by itself"):
        scene.watch(timeout=5)


def test_what_counts_as_over_can_be_said(scene: Scene) -> None:
    """A rollback of a live release begins with a deployment that has ended."""
    later = replace(SUCCEEDED, rollback_execution_arn="mine")
    scene.ledger.write(SUCCEEDED, "closed")
    scene.time.plan(2, lambda: scene.ledger.write(later, "closed"))
    watcher = DeploymentWatcher(scene.ledger, scene.time.now, scene.time.sleep)
    assert watcher.watch(ID, scene.readings.append, over=lambda one: one.rollback_execution_arn == "mine") == later
