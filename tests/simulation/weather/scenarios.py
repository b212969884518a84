"""What happens in runs with weather: releases in an environment whose times are those of a real one."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from selfright.weather import Climate
from tests.simulation.plan import Event, Plan
from tests.simulation.releases import ANSWERS
from tests.simulation.weather.late_aws import ALARMS, BLUNT

BAKE = 300
JUDGE: Mapping[str, Any] = {"evaluate_every": "1m", "period": "1m", "minimum_requests": 20}
LENGTH = 1200.0
"""Seconds that a good release takes, about, when it waits until each step has arrived."""
Scenario = Callable[[Random], list[Event]]


def _upload(at: float, version: str, **more: object) -> Event:
    return Event(at, "upload", {"version": version, "own_assets": True, **more})


def _then(after: str, version: str, pause: float, **more: object) -> Event:
    """Upload a version when another one has ended, and again when it is refused because an alarm is still firing."""
    return Event(1, "upload_after", {"other": after, "pause": pause, "version": version, "own_assets": True, **more})


def good(_: Random) -> list[Event]:
    """A good release."""
    return [_upload(1, "1.1.0")]


def first(_: Random) -> list[Event]:
    """The first release of all: until then visitors get the placeholder."""
    return [_upload(1, "1.1.0")]


def judged(_: Random) -> list[Event]:
    """A release that fails for many: the judge finds it, because no alarm is so sensitive."""
    return [_upload(1, "1.1.0", bad="errors")]


def alarmed(chance: Random) -> list[Event]:
    """A release that answers 500 without failing, from the beginning or from any moment on: an alarm finds it."""
    if chance.random() < 0.5:
        return [_upload(1, "1.1.0", bad=ANSWERS)]
    return [_upload(1, "1.1.0"), Event(round(chance.uniform(60, LENGTH)), "turn_bad", {"version": "1.1.0"})]


def emergency(chance: Random) -> list[Event]:
    """A person rolls back in an emergency, while the release is on its way or soon after it."""
    return [_upload(1, "1.1.0"), Event(round(chance.uniform(60, 1.5 * LENGTH)), "emergency", {"version": "1.1.0"})]


def after_rollback(chance: Random) -> list[Event]:
    """A good release right after the rollback of a bad one."""
    bad = chance.choice(["errors", ANSWERS])
    return [_upload(1, "1.1.0", bad=bad), _then("1.1.0", "1.2.0", round(chance.uniform(1, 30)))]


def soon_again(chance: Random) -> list[Event]:
    """A second good release within minutes of the first one."""
    return [_upload(1, "1.1.0"), _then("1.1.0", "1.2.0", round(chance.uniform(1, 240)))]


WEATHER_SCENARIOS: dict[str, Scenario] = {
    one.__name__: one for one in (good, first, judged, alarmed, emergency, after_rollback, soon_again)
}


def weather_plan(seed: int, climate: Climate, scenario: str = "") -> Plan:
    """The plan of a seed in a climate: a scenario by turns, or this one. Nothing goes wrong but that AWS is late."""
    name = scenario or sorted(WEATHER_SCENARIOS)[seed % len(WEATHER_SCENARIOS)]
    events = WEATHER_SCENARIOS[name](Random(f"{name} {seed}"))
    alarms = [BLUNT] if name == judged.__name__ else sorted(ALARMS)
    return Plan(
        seed, name, tuple(events), settings=settings_with(alarms), weather=climate, fresh=name == first.__name__
    )


def settings_with(alarms: Sequence[str]) -> dict[str, Any]:
    """What the environment has with these alarms; all else is as it is by default."""
    steps = {"type": [{"weight": 10, "bake": f"{BAKE}s"}], "alarms": list(alarms)}
    return {"deployment_preference": steps, "final_bake": f"{BAKE}s", "judge": JUDGE}
