"""Hotfixes: an alarm that fires does not stop what silences it, and others guard as usual."""

from dataclasses import replace
from typing import Any

import pytest

from controller.domain.deployment import Hotfix, Upload
from controller.domain.phases import Phase
from controller.flow.judge import judge
from controller.flow.on_alarm import on_alarm
from controller.flow.record_restore_point import record_restore_point
from tests.builders import a_bundle
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import ALARM, KEY, a_world, at_weight, on_its_way

OTHER = "latency"
PREFERENCE = {"type": "Canary10Percent1Minute", "alarms": [ALARM, OTHER]}
UPLOAD = Upload("bucket", f"incoming/{KEY}/d2.zip", "v1", 10, START, "Stops the timeouts.", "arn:aws:iam::1:user/anna")
HOTFIX = Hotfix((ALARM,), UPLOAD.hotfix, UPLOAD.by)


def burning(upload: Upload = UPLOAD) -> FakeWorld:
    """An environment in which one of two alarms is firing, and a release that is about to begin."""
    world = a_world(deployment_preference=PREFERENCE)
    world.alarms.known = {ALARM: "ALARM", OTHER: "OK"}
    on_its_way(world, Phase.QUEUED, upload=upload, previous="d1")
    world.bundles.objects[upload.key] = a_bundle("2.0.0")
    return world


def under_way(weight: int = 10, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """That release, later."""
    world = a_world(deployment_preference=PREFERENCE)
    world.alarms.known = {ALARM: "ALARM", OTHER: "OK"}
    on_its_way(world, Phase.SHIFTING, weight=weight, upload=UPLOAD, hotfix=HOTFIX, **fields)
    world.guards.open("d2", [OTHER])
    at_weight(world, weight)
    return world


def test_what_was_there_before_the_first_release_refuses_nothing() -> None:
    """A placeholder of another runtime only fails: its own alarm must not refuse the release that replaces it."""
    world = burning(replace(UPLOAD, hotfix=""))
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), previous="")
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").ignored_alarms == (ALARM,)
    [said] = [event.message for event in world.deployments.events["d2"] if event.kind == "hotfix"]
    assert said.startswith(f"Alarm {ALARM} is firing, and does not guard this release: it is the first release here")


def test_without_it_the_release_is_refused_with_that_advice() -> None:
    """Nothing is touched, and the next step says how."""
    world = burning(replace(UPLOAD, hotfix=""))
    assert record_restore_point(world, "d2").outcome == "rejected"
    refused = world.deployments.get("d2")
    assert refused.reason == f"Alarm {ALARM} is firing."
    assert '--hotfix --reason "…"' in refused.next_step


def test_the_alarms_that_fire_are_left_out_and_the_ledger_says_who_and_why() -> None:
    """The others guard."""
    world = burning()
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").hotfix == HOTFIX
    assert (world.guards.guarded_by(ALARM), world.guards.guarded_by(OTHER)) == ([], ["d2"])
    (said,) = [event.message for event in world.deployments.events["d2"] if event.kind == "hotfix"]
    assert said == f"Alarm {ALARM} is firing, and does not guard this hotfix by {UPLOAD.by}: {UPLOAD.hotfix}"


def test_a_hotfix_that_nothing_stands_against_is_a_release_like_any() -> None:
    """No alarm is ignored in advance."""
    world = burning()
    world.alarms.known[ALARM] = "OK"
    record_restore_point(world, "d2")
    assert world.deployments.get("d2").hotfix is None
    assert world.guards.guarded_by(ALARM) == ["d2"]


def test_an_alarm_that_is_gone_stops_a_hotfix_too() -> None:
    """It is not firing, and its state is unknown."""
    world = burning()
    del world.alarms.known[OTHER]
    assert record_restore_point(world, "d2").outcome == "rejected"


def test_an_evaluation_does_not_mind_the_alarm_that_was_left_out() -> None:
    """But says that it is firing."""
    world = under_way()
    assert judge(world, "d2", 0).verdict == "wait"
    assert world.evaluations.all("d2")[0].firing == (ALARM,)
    on_alarm(world, ALARM, "Again.")
    assert world.deployments.get("d2").trip is None


def test_every_other_alarm_guards_as_ever() -> None:
    """It does so by its event, and at an evaluation."""
    world = under_way()
    on_alarm(world, OTHER, "Slow.")
    assert world.deployments.get("d2").trip is not None
    world = under_way()
    world.alarms.known[OTHER] = "ALARM"
    assert judge(world, "d2", 0).verdict == "unhealthy"


def test_while_stable_serves_anybody_the_alarm_stays_out() -> None:
    """It may recover and fire again because of stable."""
    world = under_way()
    world.alarms.known[ALARM] = "OK"
    judge(world, "d2", 0)
    world.alarms.known[ALARM] = "ALARM"
    assert judge(world, "d2", 0).verdict == "wait"


def test_once_quiet_with_everybody_on_the_release_the_alarm_is_on_guard_again() -> None:
    """From then on it is about the new release."""
    world = under_way(100)
    assert judge(world, "d2", 1).verdict == "wait"
    world.alarms.known[ALARM] = "OK"
    judge(world, "d2", 1)
    assert world.deployments.get("d2").ignored_alarms == ()
    assert world.deployments.kinds("d2").count("guarded") == 1
    on_alarm(world, ALARM, "Again.")
    assert world.deployments.get("d2").trip is not None


def test_an_alarm_that_fires_in_the_moment_before_it_is_on_guard_again_is_seen() -> None:
    """Its event finds no guard, so the evaluation reads its state once more."""
    world = under_way(100)
    world.alarms.known[ALARM] = "OK"
    opened = world.guards.open

    def fire(deployment_id: str, alarms: Any) -> None:  # noqa: ANN401 - names
        world.alarms.known[ALARM] = "ALARM"
        opened(deployment_id, alarms)

    world.guards.open = fire  # type: ignore[method-assign]
    assert judge(world, "d2", 1).verdict == "unhealthy"


@pytest.mark.parametrize("state", ["ALARM", "INSUFFICIENT_DATA"])
def test_an_alarm_that_is_not_quiet_stays_out(state: str) -> None:
    """Too little data is no recovery."""
    world = under_way(100)
    world.alarms.known[ALARM] = state
    judge(world, "d2", 1)
    assert world.deployments.get("d2").ignored_alarms == (ALARM,)
