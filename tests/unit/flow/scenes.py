"""Where the tests of the flow begin: an application in its environment, and deployments in any phase of it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from controller.domain.deployment import Deployment, Revision, Step, Trip, Upload
from controller.domain.environment import Environment
from controller.domain.lock import Lock, Place, ask, order_of
from controller.domain.phases import UNTOUCHED, Phase
from controller.errors import TransientError
from controller.ports.world import World
from tests.fake_components import FakeComponent
from tests.fakes import START, FakeWorld

ALARM = "errors"
KEY = "smartpack/prod"
STABLE = {"api": Revision("6"), "site": Revision("aa")}
CANARY = {"api": Revision("7"), "site": Revision("bb")}
STEPS = (Step(10, 60), Step(100, 300))
JUDGE = {"evaluate_every": "20s", "period": "5s", "minimum_requests": 20}
CHECKS = ('{"component":"api","path":"/health"}', '{"component":"site","path":"/"}')


def an_environment(**changes: Any) -> Environment:  # noqa: ANN401 - any field
    """SmartPack's environment, with an alarm and a canary of 10 % for a minute."""
    written = {
        "application": "smartpack",
        "environment": "prod",
        "components": {
            "api": {"kind": "function", "function_name": "f", "url": "https://api.example"},
            "site": {"kind": "site", "bucket": "bucket", "routing_function": "r", "url": "https://site.example"},
        },
        "deployment_preference": {"type": "Canary10Percent1Minute", "alarms": [ALARM]},
        "judge": JUDGE,
    }
    return Environment.model_validate({**written, **changes})


def a_world(**changes: Any) -> FakeWorld:  # noqa: ANN401 - any field of the environment
    """A world in which the environment's components are on their stable revisions, and its alarm is quiet."""
    world = FakeWorld()
    world.environments.known[KEY] = an_environment(**changes)
    world.alarms.known[ALARM] = "OK"
    for name, stable in STABLE.items():
        world.components.known[name] = FakeComponent(stable.id, next=CANARY[name].id)
    return world


def a_deployment(world: FakeWorld, phase: Phase, name: str = "d2", **fields: Any) -> Deployment:  # noqa: ANN401
    """A deployment in this phase, as the ledger has it then; one on its way holds the lock, and its execution runs."""
    upload = Upload("bucket", f"incoming/{KEY}/{name}.zip", "v1", 10, START)
    deployment = Deployment(name, "smartpack", "prod", phase, upload, f"arn:{name}", START, START)
    deployment = replace(deployment, version="2.0.0", digest="dd", components=("api", "site"), checks=CHECKS)
    if phase not in UNTOUCHED:
        deployment = replace(deployment, restore_point=STABLE, staged=CANARY, steps=STEPS, previous="d1")
    world.deployments.known[name] = replace(deployment, **fields)
    if not phase.is_terminal:
        world.workflows.running.add(f"arn:{name}")
    return world.deployments.known[name]


def on_its_way(world: FakeWorld, phase: Phase, name: str = "d2", **fields: Any) -> Deployment:  # noqa: ANN401
    """A deployment that holds the lock."""
    lock = Lock(KEY, holder=name, token=4, live="d1", newest=order_of(START, "2.0.0"))
    world.locks.known[KEY] = lock
    a_deployment(world, Phase.SUCCEEDED, "d1", version="1.0.0", notification="sent")
    return a_deployment(world, phase, name, fencing_token=4, **fields)


def waiting(world: FakeWorld, name: str = "d3", **fields: Any) -> Deployment:  # noqa: ANN401 - any field
    """A deployment that waits behind the holder."""
    deployment = a_deployment(world, Phase.QUEUED, name, queue_token=f"queue:{name}", version="3.0.0", **fields)
    lock = world.locks.load(KEY)
    world.locks.known[KEY] = ask(lock, Place(name, order_of(START, "3.0.0"))).lock
    return deployment


def tripped(source: str = "alarm") -> Trip:
    """A trip."""
    return Trip(START, cast("Any", source), "It broke.")


def at_weight(world: FakeWorld, weight: int) -> None:
    """All components' traffic at this weight."""
    for name, component in world.components.known.items():
        component.live = CANARY[name].id if weight == 100 else STABLE[name].id
        component.canary, component.weight = (CANARY[name].id, weight) if 0 < weight < 100 else ("", 0)


def live(world: FakeWorld) -> dict[str, tuple[str, int]]:
    """Where visitors are sent: revision and the canary's weight, by component."""
    return {name: (one.live, one.weight) for name, one in world.components.known.items()}


RESTORED = {"api": ("6", 0), "site": ("aa", 0)}


def once(act: Callable[[], object]) -> Callable[..., None]:
    """Something that happens at the first opportunity, and not again."""
    todo = [act]

    def run(*_: object) -> None:
        if todo:
            todo.pop()()

    return run


class Faulty:
    """A world in which the call number `fatal` of any port fails, before (or after) it did its work."""

    def __init__(self, world: FakeWorld, fatal: int, *, after: bool) -> None:
        self.calls: list[str] = []
        self._world, self._fatal, self._after = world, fatal, after

    def __getattr__(self, port: str) -> Any:  # noqa: ANN401 - any port
        return _FaultyPort(self, port, getattr(self._world, port))

    def call(self, name: str, method: Callable[..., Any], *args: Any, **named: Any) -> Any:  # noqa: ANN401
        """Make the call, or fail."""
        self.calls.append(name)
        result = None if self._is_now() and not self._after else method(*args, **named)
        if self._is_now():
            raise TransientError(f"{name} failed")
        return result

    def _is_now(self) -> bool:
        return len(self.calls) == self._fatal


class _FaultyPort:
    def __init__(self, faulty: Faulty, name: str, port: object) -> None:
        self._faulty, self._name, self._port = faulty, name, port

    def __getattr__(self, method: str) -> Callable[..., Any]:
        real = getattr(self._port, method)
        return lambda *args, **named: self._faulty.call(f"{self._name}.{method}", real, *args, **named)


def dying_everywhere(make: Callable[[], FakeWorld], act: Callable[[World], object]) -> Iterator[tuple[str, FakeWorld]]:
    """Fresh worlds in which `act` died at its first call, after its first call, at its second, and so on."""
    fatal = 1
    while True:
        for after in (False, True):
            world = make()
            faulty = Faulty(world, fatal, after=after)
            with suppress(TransientError):
                act(cast("World", faulty))
            if len(faulty.calls) < fatal:
                return
            yield f"{'after' if after else 'at'} {faulty.calls[fatal - 1]}", world
        fatal += 1
