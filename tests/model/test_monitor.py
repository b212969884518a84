"""The monitor: it accepts what the real code writes, and refuses each write that the model does not allow."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from controller.aws.client.clients import client
from controller.aws.components.function.alias import SEALED
from controller.aws.ledger.table import Item, marshal
from controller.domain.components.site.routing import RoutingTable, render
from controller.domain.phases import TERMINAL, Phase
from tests.model.monitor import Change, Monitor, ViolationError
from tests.state_machine.scene import Scene

ENVIRONMENT = "app/prod"


class Watched:
    """A DynamoDB client that shows the monitor each write that took effect, with the items before and after."""

    def __init__(self, monitor: Monitor, table: str) -> None:
        self._client, self._monitor, self._table = client("dynamodb"), monitor, table
        self._one_at_a_time = threading.RLock()
        self.violations: list[ViolationError] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any call of the client
        called = getattr(self._client, name)
        if name not in {"put_item", "update_item", "delete_item", "transact_write_items"}:
            return called

        def call(**request: Any) -> Any:  # noqa: ANN401 - DynamoDB's own request
            with self._one_at_a_time:
                before = self._items()
                try:
                    return called(**request)
                finally:
                    self._show(before, self._items())

        return call

    def _items(self) -> dict[tuple[str, str], Item]:
        found = self._client.scan(TableName=self._table, ConsistentRead=True)["Items"]
        return {(item["pk"]["S"], item["sk"]["S"]): item for item in found if item["sk"]["S"] in {"DEPLOYMENT", "LOCK"}}

    def _show(self, before: dict, after: dict) -> None:
        changes = [(before.get(name), after.get(name)) for name in {**before, **after}]
        try:
            self._monitor.ledger([(old, new) for old, new in changes if old != new])
        except ViolationError as error:
            self.violations.append(error)
            raise


@pytest.fixture
def watched(scene: Scene) -> Watched:
    """A scene's ledger, watched."""
    found = Watched(Monitor(), scene.table)
    found._monitor.know(list(found._items().values()))
    scene.world.deployments._dynamodb = found
    scene.world.locks._dynamodb = found
    return found


DRIVES: Mapping[str, Callable[[Scene], object]] = {
    "a good release": lambda scene: scene.release("1.1.0"),
    "an alarm": lambda scene: (scene.at("Judge canary", "before", scene.alarm), scene.release("1.1.0")),
    "a stop": lambda scene: (scene.at("Shift traffic", "after", scene.stop), scene.release("1.1.0")),
    "a stop before it holds the lock": lambda scene: (
        scene.at("Wait for lock", "before", scene.stop),
        scene.release("1.1.0"),
    ),
    "a rollback of the live release": lambda scene: (
        scene.roll_back(scene.release("1.1.0").deployment_id),
        scene.settle(),
    ),
    "three at once": lambda scene: ([scene.start(scene.upload(f"1.{one}.0")) for one in (1, 2, 3)], scene.settle()),
}


@pytest.mark.parametrize(
    "name", [next(iter(DRIVES)), *(pytest.param(name, marks=pytest.mark.slow) for name in [*DRIVES][1:])]
)
def test_the_real_code_writes_what_the_model_allows(scene: Scene, watched: Watched, name: str) -> None:
    """Every write of the real flow, machines and ledger passes."""
    DRIVES[name](scene)
    scene.check()
    assert watched.violations == []
    assert watched._monitor.writes > 2


def a_deployment(phase: Phase, name: str = "d1", **more: object) -> Item:
    """A deployment's item."""
    item = {"deployment_id": name, "application": "app", "environment": "prod", "phase": phase, "fencing_token": 1}
    keys = {"pk": f"DEPLOYMENT#{name}", "sk": "DEPLOYMENT"}
    return marshal({**keys, **item, **more})["M"]


def a_lock(revision: int = 1, **fields: object) -> Item:
    """A lock's item."""
    return marshal({"pk": f"ENVIRONMENT#{ENVIRONMENT}", "sk": "LOCK", "revision": revision, "token": 1, **fields})["M"]


NOW = "2026-01-01T00:10:00Z"
GUARDED = {"grace_until": NOW}
TRIP = {"at": "2026-01-01T00:00:00Z", "source": "alarm", "reason": "errors"}
WRONG: Mapping[str, list[Change]] = {
    "an end without the lock": [(a_deployment(Phase.BAKING), a_deployment(Phase.SUCCEEDED))],
    "a lock without an end": [(a_lock(holder="d1"), a_lock(2))],
    "success with a trip": [
        (a_deployment(Phase.BAKING, trip=TRIP), a_deployment(Phase.SUCCEEDED, trip=TRIP)),
        (a_lock(holder="d1"), a_lock(2, live="d1")),
    ],
    "a shift with a trip": [
        (a_deployment(Phase.STAGING, trip=TRIP), a_deployment(Phase.SHIFTING, trip=TRIP, weight=10))
    ],
    "a late shift": [(a_deployment(Phase.BAKING, weight=100), a_deployment(Phase.SHIFTING, weight=10))],
    "another trip": [(a_deployment(Phase.BAKING, trip=TRIP), a_deployment(Phase.BAKING, trip={**TRIP, "reason": "x"}))],
    "a restore point written again": [
        (a_deployment(Phase.STAGING, restore_point={"a": 1}), a_deployment(Phase.STAGING, restore_point={"a": 2}))
    ],
    "a rejection of what was touched": [
        (a_deployment(Phase.SHIFTING), a_deployment(Phase.REJECTED)),
        (a_lock(holder="d1"), a_lock(2)),
    ],
    "a rollback of what is not live": [
        (a_deployment(Phase.SUCCEEDED), a_deployment(Phase.ROLLING_BACK)),
        (a_lock(live="d2"), a_lock(2, live="d2", holder="d1", token=2)),
    ],
    "a change of what is live without an end": [(a_lock(holder="d1"), a_lock(2, holder="d1", live="d9"))],
    "a lock without a new fencing token": [
        (a_deployment(Phase.SUCCEEDED), a_deployment(Phase.ROLLING_BACK)),
        (a_lock(live="d1"), a_lock(2, live="d1", holder="d1")),
    ],
    "a task token that is lost": [
        (a_deployment(Phase.BAKING, queue_tokens=["a"]), a_deployment(Phase.BAKING, queue_tokens=["b"]))
    ],
    "an end that changes": [(a_deployment(Phase.ROLLED_BACK), a_deployment(Phase.ROLLING_BACK))],
    "a bake before its step has arrived": [
        (a_deployment(Phase.SHIFTING, weight=10), a_deployment(Phase.BAKING, weight=10, bake={"step": 0}))
    ],
    "an end before the restoration has arrived": [
        (a_deployment(Phase.ROLLING_BACK, reached=10), a_deployment(Phase.ROLLED_BACK, reached=10)),
        (a_lock(holder="d1"), a_lock(2)),
    ],
    "a restoration that is noted for what goes forward": [
        (a_deployment(Phase.BAKING), a_deployment(Phase.BAKING, written={"weight": 0, "at": NOW}))
    ],
    "an arrival that is noted after the end": [
        (a_deployment(Phase.SUCCEEDED), a_deployment(Phase.SUCCEEDED, written={"weight": 10, "at": NOW}))
    ],
    "a late alarm on what is not guarded": [
        (a_deployment(Phase.SUCCEEDED), a_deployment(Phase.SUCCEEDED, late_alarm=TRIP))
    ],
    "a late alarm on what was rolled back": [
        (a_deployment(Phase.ROLLED_BACK, **GUARDED), a_deployment(Phase.ROLLED_BACK, **GUARDED, late_alarm=TRIP))
    ],
    "another late alarm": [
        (
            a_deployment(Phase.SUCCEEDED, **GUARDED, late_alarm=TRIP),
            a_deployment(Phase.SUCCEEDED, **GUARDED, late_alarm={**TRIP, "reason": "x"}),
        )
    ],
    "a grace that begins long after the end": [
        (a_deployment(Phase.SUCCEEDED), a_deployment(Phase.SUCCEEDED, **GUARDED))
    ],
    "a grace before the end": [(a_deployment(Phase.BAKING), a_deployment(Phase.BAKING, **GUARDED))],
    "a grace that ends although its release is live and accused": [
        (
            a_deployment(Phase.SUCCEEDED, **GUARDED, late_alarm=TRIP),
            a_deployment(Phase.SUCCEEDED, late_alarm=TRIP),
        ),
        (a_lock(live="d1"), a_lock(2, live="d1")),
    ],
    "an overtaking without the one that leads": [
        (a_deployment(Phase.SUCCEEDED, **GUARDED), a_deployment(Phase.SUCCEEDED, **GUARDED, overtaken=[{"at": NOW}]))
    ],
    "an overtaking that is forgotten": [
        (a_deployment(Phase.SUCCEEDED, overtaken=[{"at": NOW}]), a_deployment(Phase.SUCCEEDED)),
        (a_lock(live="d1"), a_lock(2, live="d1")),
    ],
    "visitors who are led away from what is guarded, unnoted": [
        (a_deployment(Phase.SUCCEEDED, "d0", **GUARDED), a_deployment(Phase.SUCCEEDED, "d0", **GUARDED, version="1")),
        (
            a_deployment(Phase.STAGING, previous="d0"),
            a_deployment(Phase.SHIFTING, previous="d0", weight=10, reached=10),
        ),
    ],
    "deletions while somebody holds the lock": [(a_lock(holder="d1"), a_lock(2, holder="d1", settles_at=NOW))],
    "deletions that are taken back": [(a_lock(settles_at=NOW), a_lock(2))],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_write_that_the_model_does_not_allow_is_refused(name: str) -> None:
    """The monitor raises at it."""
    monitor = Monitor()
    befores = [before for before, _ in WRONG[name] if before is not None]
    ended = any(item.get("phase", {}).get("S") in TERMINAL for item in befores)
    monitor.know([a_deployment(Phase.BAKING), a_lock(holder="" if ended else "d1"), *befores])
    with pytest.raises(ViolationError):
        monitor.ledger(WRONG[name])


def a_monitor(**more: object) -> Monitor:
    """A monitor of a deployment that is shifting."""
    monitor = Monitor()
    monitor.know([a_deployment(Phase.SHIFTING, weight=10, reached=10, **more), a_lock(holder="d1")])
    return monitor


def test_a_shift_may_land_before_the_restoration_does() -> None:
    """A permit was given before the trip; the restoration comes after it."""
    monitor = a_monitor(trip=TRIP)
    monitor.component(ENVIRONMENT, "api", "1 forward")
    monitor.component(ENVIRONMENT, "api", "1 back")
    with pytest.raises(ViolationError, match="lands on its own restoration"):
        monitor.component(ENVIRONMENT, "api", "1 forward")


def test_a_restoration_needs_a_trip() -> None:
    """Nothing is restored for a deployment that goes forward."""
    with pytest.raises(ViolationError, match="back"):
        a_monitor().component(ENVIRONMENT, "api", "1 back")


def test_nothing_lands_for_a_deployment_that_has_ended() -> None:
    """Whatever was on its way has lost its condition."""
    monitor = a_monitor()
    ended = a_deployment(Phase.SUCCEEDED, weight=10, reached=10)
    before = a_deployment(Phase.SHIFTING, weight=10, reached=10)
    monitor.ledger([(before, ended), (a_lock(holder="d1"), a_lock(2, live="d1"))])
    with pytest.raises(ViolationError, match="SUCCEEDED"):
        monitor.component(ENVIRONMENT, "api", "1 forward")


def test_what_a_person_changes_is_none_of_its_business() -> None:
    """A write without our seal is somebody else's."""
    monitor = a_monitor()
    monitor.component(ENVIRONMENT, "api", "")
    assert monitor.writes == 1


def test_the_seals_are_read_where_the_components_keep_them() -> None:
    """In an alias's description, and in a routing function's code."""
    monitor = a_monitor(trip=TRIP)
    monitor.alias(ENVIRONMENT, "api", f"{SEALED}1 back")
    monitor.alias(ENVIRONMENT, "api", "by hand")
    monitor.site(ENVIRONMENT, "site", render(RoutingTable("a", seal="1 back")))
    with pytest.raises(ViolationError, match="lands on its own restoration"):
        monitor.site(ENVIRONMENT, "site", render(RoutingTable("a", seal="1 forward")))


def test_a_bake_begins_when_its_step_has_arrived() -> None:
    """Or when the deployment has a trip, so that it ends at once."""
    monitor = a_monitor()
    shifting = a_deployment(Phase.SHIFTING, weight=10, reached=10)
    there = {"written": {"weight": 10, "at": NOW, "arrived_at": NOW}}
    arrived = a_deployment(Phase.SHIFTING, weight=10, reached=10, **there)
    monitor.ledger([(shifting, arrived)])
    bake = {"bake": {"step": 0}}
    monitor.ledger([(arrived, a_deployment(Phase.BAKING, weight=10, reached=10, **there, **bake))])
    tripped = {"weight": 10, "reached": 10, "trip": TRIP}
    before = a_deployment(Phase.SHIFTING, **tripped)
    a_monitor(trip=TRIP).ledger([(before, a_deployment(Phase.BAKING, **tripped, **bake))])


def test_an_accused_release_is_reopened_below_one_that_changed_nothing() -> None:
    """What it brought is live."""
    same = {"staged": {"api": {"id": "7"}}, "restore_point": {"api": {"id": "7"}}}
    accused = a_deployment(Phase.SUCCEEDED, **GUARDED, late_alarm=TRIP)
    monitor = Monitor()
    monitor.know([accused, a_deployment(Phase.SUCCEEDED, "d2", previous="d1", **same), a_lock(live="d2")])
    back = a_deployment(Phase.ROLLING_BACK, late_alarm=TRIP, trip=TRIP, fencing_token=2)
    monitor.ledger([(accused, back), (a_lock(live="d2"), a_lock(2, live="d2", holder="d1", token=2))])


def test_nothing_is_deleted_that_a_deployment_needs() -> None:
    """What it has staged, what it would go back to, and what is live; anything else may go."""
    monitor = Monitor()
    staged = {"staged": {"api": {"id": "8"}}, "restore_point": {"api": {"id": "7"}}}
    live = a_deployment(Phase.SUCCEEDED, "d0", staged={"site": {"id": "aa"}})
    monitor.know([a_deployment(Phase.STAGING, **staged), live, a_lock(holder="d1", live="d0")])
    monitor.deleted(ENVIRONMENT, "api", "6")
    monitor.deleted(ENVIRONMENT, "site", "8")
    for name, revision in (("api", "8"), ("api", "7"), ("site", "aa")):
        with pytest.raises(ViolationError, match="needs it"):
            monitor.deleted(ENVIRONMENT, name, revision)
