"""Fifteen requests a second for a whole account: no request is lost, and a rollback does not wait for others."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from controller.aws.client.clients import Clients
from controller.aws.client.pacing import RATE, Pace, Paced, Time
from controller.aws.components.registry import AwsComponents
from controller.aws.ledger.budget import HANDFUL, PATIENCE, SHARE, DynamoBudget
from controller.domain.deployment import Comparison, Counts, Evaluation, Revision, Step
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from controller.errors import TransientError
from controller.flow import on_alarm
from controller.flow.rollback import traffic
from controller.flow.rollback.restore import restore_component
from tests.fakes import START, FakeWorld
from tests.fences import FORWARD
from tests.unit.aws.fake_account import FakeAccount
from tests.unit.aws.fake_lambda import refuse
from tests.unit.aws.ledger_table import TABLE, a_table
from tests.unit.aws.virtual_time import VirtualPool, VirtualTime
from tests.unit.flow.scenes import ALARM, on_its_way

MANY = 100
NAMES = [f"f{number:03}" for number in range(MANY)]
OTHERS = [f"other{number:02}" for number in range(60)]
BY_USE = Random(1).sample(NAMES, MANY)
STABLE, CANARY = Revision("1"), Revision("2")


class Scene:
    """An account with a ledger, in virtual time; every process has its own components and its own budget object."""

    def __init__(self, dynamodb: Any, time: VirtualTime) -> None:  # noqa: ANN401 - moto's client
        self.dynamodb, self.time = dynamodb, time
        self.account = FakeAccount(time, NAMES + OTHERS)
        self.waiting = Time(time.now, time.sleep, Random(2).random)
        self.world = FakeWorld()
        self.world.alarms.known[ALARM] = "OK"
        self.world.environments.known["smartpack/prod"] = _environment(NAMES)

    def budget(self) -> DynamoBudget:
        """The budget as one process has it."""
        return DynamoBudget(TABLE, self.dynamodb, self.time.now, self.waiting)

    def components(self) -> AwsComponents:
        """The components as one process has them."""
        clients = Clients()
        clients.functions = self.account  # type: ignore[assignment]
        return AwsComponents("bucket", clients, self.budget(), self.waiting)

    def process(self) -> FakeWorld:
        """The world of another process, with the same ledger."""
        components: Any = self.components()
        budget: Any = self.budget()
        return replace(self.world, components=components, budget=budget)

    def baking(self) -> None:
        """A release of all functions bakes at ten percent of the visitors, guarded by an alarm."""
        canary = {}
        for name in NAMES:
            function = self.account.functions[name]
            function.point("live", "1", {"2": 0.1})
            canary[name] = replace(CANARY, mark=function.aliases["live"]["RevisionId"])
        uses = tuple(
            Comparison(name, "errors", Counts(place), Counts(9 * place), 0.1, 1, 20)
            for place, name in enumerate(reversed(BY_USE))
        )
        fields: dict[str, Any] = {
            "components": tuple(NAMES),
            "restore_point": dict.fromkeys(NAMES, STABLE),
            "staged": canary,
            "steps": (Step(10, 60), Step(100, 60)),
            "weight": 10,
            "evaluation": Evaluation(START, "healthy", "", comparisons=uses),
        }
        on_its_way(self.world, Phase.BAKING, **fields)
        self.world.guards.open("d2", [ALARM])

    def release_others(self, done: list[str]) -> None:
        """Another environment's release shifts in three steps, one function after the other, without a pause."""
        components, environment = self.components(), _environment(OTHERS)
        for weight in (10, 50, 100):
            for name in OTHERS:
                components.get(environment, name).shift(STABLE, CANARY, weight, FORWARD)
        done.append("released")

    def seconds_until(self, moment: float) -> float:
        """Seconds from the alarm to a moment."""
        return moment - self.began

    def begin(self) -> None:
        """Let the other release run for some seconds before the alarm."""
        self.time.sleep(5)
        self.began = self.time.now()
        self.before = self.account.calls.total()


def _environment(names: list[str]) -> Environment:
    components = {name: {"kind": "function", "function_name": name} for name in names}
    preference = {"alarms": [ALARM]}
    return Environment.model_validate(
        {
            "application": "smartpack",
            "environment": "prod",
            "components": components,
            "deployment_preference": preference,
        }
    )


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A scene that takes no real time."""
    time = VirtualTime()
    monkeypatch.setattr(traffic, "ThreadPoolExecutor", lambda max_workers: VirtualPool(time, max_workers))
    with a_table() as dynamodb:
        yield Scene(dynamodb, time)


def test_an_alarm_restores_a_hundred_functions_while_another_release_goes_on(scene: Scene) -> None:
    """Every function is restored, the most used first, as fast as the rate allows; the other release succeeds, too."""
    scene.baking()
    released: list[str] = []

    def alarm() -> None:
        scene.begin()
        on_alarm.on_alarm(scene.process(), ALARM, "5 > 1")

    scene.time.run(partial(scene.release_others, released), alarm)
    assert all(scene.account.functions[name].live == ("1", {}) for name in NAMES)
    assert scene.world.deployments.get("d2").traffic_restored_at
    restored = [name for _, name in scene.account.restored if name in NAMES]
    assert sorted(restored) == NAMES, "each was written once"
    places = {name: place for place, name in enumerate(restored)}
    assert all(abs(places[name] - rank) < traffic.AT_ONCE for rank, name in enumerate(BY_USE))
    assert scene.seconds_until(scene.account.restored[MANY - 1][0]) < MANY / RATE * 1.5
    assert released == ["released"]
    assert all(scene.account.functions[name].live == ("2", {}) for name in OTHERS)


def test_a_hundred_workers_without_marks_restore_all_despite_another_tool(scene: Scene) -> None:
    """In the rollback machine each function has its own process and two calls, while somebody else's tool runs."""
    scene.baking()
    staged = dict.fromkeys(NAMES, CANARY)
    rolling = {"phase": Phase.ROLLING_BACK, "staged": staged}
    scene.world.deployments.known["d2"] = replace(scene.world.deployments.get("d2"), **rolling)

    def other_tool() -> None:
        for _ in range(100):
            with suppress(ClientError):  # the other tool's failures do not matter here
                scene.account.get_alias(FunctionName=OTHERS[0], Name="live")
            scene.time.sleep(0.05)

    def machine() -> None:
        scene.begin()
        with VirtualPool(scene.time, traffic.AT_ONCE) as pool:
            list(pool.map(lambda name: restore_component(scene.process(), "d2", name), BY_USE))

    scene.time.run(other_tool, machine)
    assert all(scene.account.functions[name].live == ("1", {}) for name in NAMES)
    assert scene.account.refused, "requests were refused"
    assert scene.seconds_until(scene.account.restored[-1][0]) < 2 * MANY / RATE * 2


def test_deployments_leave_room_for_rollbacks(scene: Scene) -> None:
    """Any number of processes that go forward together take no more than their share of a second."""
    budgets = [scene.budget() for _ in range(10)]
    assert sum(_taken(one) for one in budgets for _ in range(HANDFUL)) == SHARE
    scene.time.run(lambda: scene.time.sleep(1))
    assert _taken(budgets[0])


def test_a_deployment_waits_for_a_rollback(scene: Scene) -> None:
    """The wait follows from the number of the rollback's requests; a shorter rollback does not shorten it."""
    budget, began = scene.budget(), scene.time.now()
    scene.budget().give_way(RATE * 5)
    scene.budget().give_way(1)
    scene.time.run(budget.take)
    assert 5 <= scene.time.now() - began < 12


def test_a_wait_that_is_too_long_fails(scene: Scene) -> None:
    """The task fails visibly, and is tried again."""
    scene.budget().give_way(RATE * 3600)
    failed: list[TransientError] = []

    def wait() -> None:
        with pytest.raises(TransientError, match="15 requests a second") as caught:
            scene.budget().take()
        failed.append(caught.value)

    began = scene.time.now()
    scene.time.run(wait)
    assert failed
    assert PATIENCE <= scene.time.now() - began < PATIENCE + 1


def _taken(budget: DynamoBudget) -> bool:
    return budget._taken()


def test_the_first_calls_of_a_rollback_do_not_wait() -> None:
    """A rollback of a few components is not slowed down; one of many only as much as the rate demands."""
    slept: list[float] = []
    pace = Pace(Time(lambda: 100.0, slept.append))
    for _ in range(RATE):
        pace.take()
    assert not slept
    pace.take()
    assert slept == [pytest.approx(1 / RATE)]


class Refusing:
    """A client that refuses the first calls with this code."""

    def __init__(self, times: int, code: str = "TooManyRequestsException") -> None:
        self.left, self.code, self.calls = times, code, 0

    def update_alias(self, **given: str) -> dict[str, str]:
        """Refuse the first calls, then answer."""
        self.calls += 1
        self.left -= 1
        if self.left >= 0:
            raise refuse(self.code, 429)
        return given


def _paced(
    client: Refusing, slept: list[float], patience: float = 20, share: Callable[[], float] = lambda: 1.0
) -> Paced:
    return Paced(lambda: client, lambda: None, patience, Time(lambda: sum(slept), slept.append, share))


def test_a_refusal_is_tried_again_after_a_random_pause() -> None:
    """Full jitter: the pause is anything from zero up to a bound that doubles."""
    slept: list[float] = []
    assert _paced(Refusing(4), slept).update_alias(Name="live") == {"Name": "live"}
    assert slept == [0.2, 0.4, 0.8, 1.6]
    shares = iter([0.0, 0.5, 0.25])
    _paced(Refusing(3), none := [], share=lambda: next(shares)).update_alias()
    assert none == [0.0, 0.2, 0.2]


@pytest.mark.parametrize(("code", "calls"), [("TooManyRequestsException", 9), ("PreconditionFailedException", 1)])
def test_a_refusal_that_lasts_and_any_other_error_are_raised(code: str, calls: int) -> None:
    """A refusal is raised after the deadline, and any other error at once."""
    client = Refusing(1000, code)
    with pytest.raises(Exception, match=code):
        _paced(client, [], patience=20).update_alias()
    assert client.calls == calls
