"""What people, uploads and alarms do in a run, and what AWS does to it: made up by chance from a seed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from tests.simulation.application import HOOK, HOOKS, PATIENT, TASKS
from tests.simulation.calls.faults import LASTING, ONCE, SERVICES, Fault, Kind, Outage
from tests.simulation.plan import Event, Plan
from tests.simulation.releases import BAD, BROKEN, COMPONENTS

LENGTH = 230.0
"""Seconds that a good deployment takes, about: so long may anything happen to it."""
CALLS = 320
"""Requests that it makes, about."""
INVOCATIONS = 18
SHARE = 0.3
"""Of the plans have tasks; and of them hooks; and of the releases of the former no task."""
ALARMS = ("shop-errors", "shop-latency")
PAUSING = {"judge": {"evaluate_every": "20s", "period": "20s", "settle": "0s", "when_inconclusive": "pause"}}
Scenario = Callable[[Random], list[Event]]


def _upload(at: float, version: str, **more: object) -> Event:
    return Event(at, "upload", {"version": version, **more})


def _moment(chance: Random, begin: float = 1.0, end: float = LENGTH) -> float:
    return round(chance.uniform(begin, end), 3)


def plain(_: Random) -> list[Event]:
    """A good release."""
    return [_upload(1, "1.1.0")]


def bad_release(chance: Random) -> list[Event]:
    """A release that is bad in one of the ways."""
    return [_upload(1, "1.1.0", bad=chance.choice(BAD))]


def bad_bundle(_: Random) -> list[Event]:
    """An upload that is no bundle."""
    return [_upload(1, "1.1.0", bad=BROKEN)]


def alarm(chance: Random) -> list[Event]:
    """An alarm fires at any moment; its event comes within seconds."""
    stays = chance.choice([0.0, 30.0, 200.0])
    return [_upload(1, "1.1.0"), Event(_moment(chance), "alarm", {"name": chance.choice(ALARMS), "stays": stays})]


def late_alarm(chance: Random) -> list[Event]:
    """An alarm's event comes minutes late, while the next release may be on its way."""
    late = {"name": chance.choice(ALARMS), "late": _moment(chance, 30, 400), "stays": chance.choice([0.0, 60.0])}
    again = _moment(chance, LENGTH / 2, 2 * LENGTH)
    return [_upload(1, "1.1.0"), Event(_moment(chance), "alarm", late), _upload(again, "1.2.0")]


def stop(chance: Random) -> list[Event]:
    """Somebody presses *Stop*, on the deployment or on the rollback too."""
    at = _moment(chance)
    events = [_upload(1, "1.1.0", bad=chance.choice(["", "", *BAD])), Event(at, "stop", {"machine": "deploy"})]
    if chance.random() < 0.5:
        events.append(Event(at + _moment(chance, 0.5, 30), "stop", {"machine": "rollback"}))
    return events


def person(chance: Random) -> list[Event]:
    """A person rolls back: what is on its way, or what is live."""
    return [_upload(1, "1.1.0"), Event(_moment(chance, 1, 1.5 * LENGTH), "roll_back")]


def two_persons(chance: Random) -> list[Event]:
    """Two persons roll back at nearly the same time, after two releases."""
    at = _moment(chance, 1, 2.5 * LENGTH)
    again = Event(at + _moment(chance, 0, 8), chance.choice(["roll_back", "emergency"]))
    return [_upload(1, "1.1.0"), _upload(LENGTH, "1.2.0"), Event(at, "roll_back"), again]


def emergency(chance: Random) -> list[Event]:
    """A person rolls back in an emergency."""
    return [_upload(1, "1.1.0"), Event(_moment(chance, 1, 1.5 * LENGTH), "emergency")]


def several_uploads(chance: Random) -> list[Event]:
    """A second and a third release are uploaded meanwhile."""
    bad = chance.choice(["", "", *BAD])
    return [_upload(1, "1.1.0", bad=bad), _upload(_moment(chance), "1.2.0"), _upload(_moment(chance), "1.3.0")]


def same_upload(chance: Random) -> list[Event]:
    """The event of an upload comes again."""
    return [_upload(1, "1.1.0"), Event(_moment(chance), "again")]


def parts(chance: Random) -> list[Event]:
    """A release changes the API alone, the next one the site alone; a person rolls back."""
    first = _upload(1, "1.1.0", old={"site": "1.0.0", "settings": "1.0.0"})
    second = _upload(LENGTH, "1.2.0", old={"api": "1.1.0", "settings": "1.0.0"})
    return [first, second, Event(_moment(chance, 1, 2.5 * LENGTH), "roll_back")]


def unchanged(chance: Random) -> list[Event]:
    """A release that changes nothing comes between two others; a person rolls back, perhaps below it."""
    same = _upload(LENGTH, "1.2.0", old=dict.fromkeys(COMPONENTS, "1.1.0"))
    third = _upload(LENGTH + 90, "1.3.0", bad=chance.choice(["", *BAD]))
    back = Event(_moment(chance, LENGTH, 2.5 * LENGTH), chance.choice(["roll_back", "emergency"]))
    return [_upload(1, "1.1.0"), same, third, back]


def pause(chance: Random) -> list[Event]:
    """Too few visitors come, so a person must decide: resume, or roll back."""
    decides = Event(_moment(chance, 60, 2 * LENGTH), chance.choice(["resume", "resume", "roll_back"]))
    return [Event(0.5, "few", {"few": True}), _upload(1, "1.1.0"), decides]


def unlock(chance: Random) -> list[Event]:
    """A person unlocks whenever the environment is held."""
    events = [*stop(chance), Event(_moment(chance, LENGTH, 3 * LENGTH), "unlock")]
    return [*events, _upload(_moment(chance, LENGTH, 3 * LENGTH), "1.2.0")]


SCENARIOS: dict[str, Scenario] = {
    one.__name__: one
    for one in (
        plain, bad_release, bad_bundle, alarm, late_alarm, stop, person, two_persons, emergency, several_uploads,
        same_upload, parts, unchanged, pause, unlock,
    )
}  # fmt: skip
SOUP = "soup"


def soup(chance: Random) -> list[Event]:
    """Several of the others at once, each with versions of its own."""
    events: list[Event] = []
    for number in range(chance.randint(2, 4)):
        begin = chance.uniform(0, 1.5 * LENGTH)
        for event in SCENARIOS[chance.choice(sorted(SCENARIOS))](chance):
            details = dict(event.details)
            if "version" in details:
                details["version"] = details["version"].replace("1.", f"{number + 2}.", 1)
                details.pop("old", None)
            events.append(Event(round(event.at + begin, 3), event.what, details))
    return sorted(events, key=lambda event: event.at)


def plan_of(seed: int, scenario: str = "") -> Plan:
    """The plan of a seed: a scenario (or this one), a few faults, and now and then an outage."""
    chance = Random(seed)
    name = scenario or chance.choice([*sorted(SCENARIOS), SOUP, SOUP])
    events = soup(chance) if name == SOUP else SCENARIOS[name](chance)
    settings = PAUSING if any(event.what == "few" for event in events) else {}
    faults = [_fault(chance, len(events)) for _ in range(chance.choice([0, 1, 1, 1, 2, 3, 5]))]
    outages = [_outage(chance) for _ in range(chance.choice([0, 0, 0, 1, 1, 2]))]
    slow = chance.choice([0.0, 0.0, 0.02, 0.1])
    plan = Plan(seed, name, tuple(events), tuple(faults), tuple(outages), slow, settings)
    return _asked_before(Random(f"{seed} {scenario}"), plan)


def _asked_before(chance: Random, plan: Plan) -> Plan:
    """The same plan; in some, the releases have tasks, and in some, the environment has hooks."""
    if chance.random() < SHARE:
        with_tasks = (_with_tasks(chance, event) for event in plan.events)
        plan = replace(plan, events=tuple(with_tasks))
    if chance.random() < SHARE:
        hooks = dict.fromkeys(chance.choice([["pre_traffic"], ["post_traffic"], ["pre_traffic", "post_traffic"]]), HOOK)
        preference = {"type": [{"weight": 10, "bake": "1m"}], "alarms": list(ALARMS), "hooks": hooks}
        answers = [chance.choice(HOOKS) for _ in range(chance.randint(0, 4))]
        settings = {**plan.settings, "deployment_preference": preference, "hook_timeout": PATIENT}
        plan = replace(plan, events=(Event(0.2, "hook", {"answers": answers}), *plan.events), settings=settings)
    return plan


def _with_tasks(chance: Random, event: Event) -> Event:
    if event.what != "upload" or event.details.get("bad") == BROKEN or chance.random() < SHARE:
        return event
    ways = [chance.choice(TASKS) for _ in range(chance.choice([1, 1, 2, 3]))]
    return replace(event, details={**event.details, "tasks": ways})


def with_outage(scenario: str, service: str, minutes: float, seed: int) -> Plan:
    """A scenario in which a service is out for so long, from any moment of it on."""
    chance = Random(f"{scenario} {service} {minutes} {seed}")
    events = SCENARIOS[scenario](chance)
    settings = PAUSING if any(event.what == "few" for event in events) else {}
    silent = chance.random() < 0.3
    outage = Outage(service, _moment(chance, 0, 1.2 * LENGTH), 60 * minutes, silent)
    return Plan(seed, scenario, tuple(events), (), (outage,), 0.0, settings)


def _fault(chance: Random, events: int) -> Fault:
    kind = chance.choice(list(Kind))
    if chance.random() < 0.12:
        return Fault(kind, -chance.randint(1, INVOCATIONS * min(events, 2)))
    seconds = {
        Kind.SLOW_WRITE: lambda: chance.choice([chance.uniform(0.5, 15), chance.uniform(10, 600)]),
        Kind.STALE_READ: lambda: chance.uniform(0.05, 4),
        Kind.DUPLICATE: lambda: chance.choice([chance.uniform(0.01, 5), chance.uniform(5, 400)]),
    }.get(kind, lambda: 0.0)()
    times = chance.choice([ONCE, LASTING])
    return Fault(kind, chance.randint(1, CALLS * min(events, 2)), times=times, seconds=round(seconds, 3))


def _outage(chance: Random) -> Outage:
    seconds = chance.choice([chance.uniform(1, 60), chance.uniform(30, 400), chance.uniform(300, 3600)])
    silent = chance.random() < 0.3
    return Outage(chance.choice(SERVICES), _moment(chance, 0, 1.5 * LENGTH), round(seconds, 1), silent)


def every(seeds: Sequence[int]) -> list[Plan]:
    """The plans of these seeds."""
    return [plan_of(seed) for seed in seeds]
