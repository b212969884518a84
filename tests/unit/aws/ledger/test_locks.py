"""The lock in DynamoDB: a save on an old state fails, even with twenty at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any, cast

import pytest

from controller.aws.ledger.deployments import DynamoDeployments
from controller.aws.ledger.locks import DynamoLocks, DynamoVersions
from controller.domain.deployment import Changes, Trip, Unsent
from controller.domain.lock import Lock, Place
from controller.domain.phases import OPEN, Phase
from controller.errors import LedgerConflictError
from controller.flow.shared.closure import close
from controller.flow.wait_for_lock import wait_for_lock
from controller.ports.ledger import Expected, Move
from controller.ports.world import World
from tests.fakes import START, FakeWorld
from tests.unit.aws.ledger_table import TABLE, a_deployment

KEY = "smartpack/prod"


def test_a_new_environment_has_an_empty_lock(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """A new environment needs no registration."""
    assert DynamoLocks(TABLE, dynamodb).load(KEY) == Lock(KEY)


def test_a_lock_is_loaded_as_it_was_saved(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """It has the next revision, and no removed members."""
    locks = DynamoLocks(TABLE, dynamodb)
    locks.save(Lock(KEY, "d1", 3, Place("d2", "2026#2"), "2026#2", "d0", "held", held_by="d0"))
    loaded = locks.load(KEY)
    assert loaded == Lock(KEY, "d1", 3, Place("d2", "2026#2"), "2026#2", "d0", "held", revision=1, held_by="d0")
    locks.save(replace(loaded, waiting=None))
    assert locks.load(KEY).waiting is None


@pytest.mark.parametrize("first", [True, False])
def test_an_old_state_is_not_saved(dynamodb: Any, first: bool) -> None:  # noqa: ANN401 - a client
    """Another save came in between, even if it was the first."""
    locks = DynamoLocks(TABLE, dynamodb)
    if not first:
        locks.save(Lock(KEY))
    loaded = locks.load(KEY)
    locks.save(replace(loaded, holder="d1"))
    with pytest.raises(LedgerConflictError, match="changed at the same time"):
        locks.save(replace(loaded, holder="d2"))
    assert locks.load(KEY).holder == "d1"


def test_every_environment_has_its_own_lock(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """A holder in one environment does not hold another."""
    locks = DynamoLocks(TABLE, dynamodb)
    locks.save(Lock(KEY, "d1"))
    assert locks.load("smartpack/test").holder == ""


class _OneAtATime:
    """Moto's tables are dictionaries, so only one call at a time may use them. Between calls anything can happen."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401
        self._client, self._lock = client, threading.Lock()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        member = getattr(self._client, name)
        if not callable(member) or name == "exceptions":
            return member

        def call(**request: Any) -> Any:  # noqa: ANN401
            with self._lock:
                return member(**request)

        return call


def test_twenty_at_once_hold_the_lock_one_after_the_other(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """In a real race there is one holder at a time, tokens rise, the newest comes last, and every task is answered."""
    shared = _OneAtATime(dynamodb)
    world = FakeWorld()
    deployments = DynamoDeployments(TABLE, cast("Any", shared))
    world.deployments = cast("Any", deployments)
    world.locks = cast("Any", DynamoLocks(TABLE, cast("Any", shared)))
    names = [f"d{number:02}" for number in range(20)]
    for name in names:
        deployments.create(a_deployment(name, version=f"{int(name[1:])}.0.0"))
    start = Barrier(len(names))

    def ask(name: str) -> None:
        start.wait()
        wait_for_lock(cast("World", world), name, f"token:{name}")

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(ask, names))
    granted = []
    while holder := world.locks.load(KEY).holder:
        granted.append((holder, world.locks.load(KEY).token))
        close(cast("World", world), holder, Phase.SUCCEEDED, "")
    assert [token for _, token in granted] == list(range(1, len(granted) + 1))
    assert [name for name, _ in granted] == sorted(name for name, _ in granted)
    assert granted[-1][0] == "d19"
    assert set(world.workflows.answers) == {f"token:{name}" for name in names}
    ends = {deployments.get(name).phase for name in names}
    assert ends <= {Phase.SUCCEEDED, Phase.SUPERSEDED}
    assert len(world.notifications.sent) == len(names)


@pytest.fixture
def two(dynamodb: Any) -> tuple[DynamoLocks, DynamoDeployments]:  # noqa: ANN401 - a client
    """A deployment that is queued with the lock, and one that waits."""
    deployments, locks = DynamoDeployments(TABLE, dynamodb), DynamoLocks(TABLE, dynamodb)
    deployments.create(a_deployment("d1", Phase.BAKING, version="1.0.0", digest="dd", fencing_token=1))
    deployments.create(a_deployment("d2", Phase.QUEUED, version="2.0.0"))
    locks.save(Lock(KEY, holder="d1", token=1, waiting=Place("d2", "2")))
    return locks, deployments


END: Changes = {"phase": Phase.SUCCEEDED, "unsent_now": {"1": Unsent(Phase.SUCCEEDED, "", "")}}
GRANT: Changes = {"fencing_token": 2, "previous": "d1", "queue_tokens": ("token",)}


def test_a_hand_over_is_written_as_a_whole(two: tuple[DynamoLocks, DynamoDeployments]) -> None:
    """The lock, both deployments and what is remembered of the version."""
    locks, deployments = two
    after = replace(locks.load(KEY), holder="d2", token=2, waiting=None, live="d1")
    moves = [Move("d1", END, {Phase.BAKING}, Expected(untripped=True)), Move("d2", GRANT, {Phase.QUEUED})]
    locks.save(after, moves, (deployments.get("d1"), Phase.SUCCEEDED))
    assert locks.load(KEY) == replace(after, revision=2)
    assert (deployments.get("d1").phase, len(deployments.get("d1").unsent)) == (Phase.SUCCEEDED, 1)
    granted = deployments.get("d2")
    assert (granted.fencing_token, granted.previous, granted.queue_tokens) == (2, "d1", ("token",))
    assert DynamoVersions(TABLE, locks._dynamodb).previous_attempt(KEY, "1.0.0") == ("dd", Phase.SUCCEEDED)


@pytest.mark.parametrize("reason", ["lock", "phase", "expected", "other", "unknown"])
def test_a_hand_over_is_written_not_at_all_if_one_condition_fails(
    two: tuple[DynamoLocks, DynamoDeployments], reason: str
) -> None:
    """Whichever of its conditions that is: nothing of it is there."""
    locks, deployments = two
    lock = locks.load(KEY)
    if reason == "lock":
        locks.save(lock)
    elif reason == "expected":
        deployments.update("d1", {"trip": Trip(START, "alarm", "It broke.")}, phases=OPEN)
    elif reason in {"phase", "other"}:
        deployments.update("d1" if reason == "phase" else "d2", {"phase": Phase.ROLLING_BACK}, phases=OPEN)
    before = deployments.get("d1"), deployments.get("d2"), locks.load(KEY)
    moves = [Move("d1", END, {Phase.BAKING}, Expected(untripped=True)), Move("d2", GRANT, {Phase.QUEUED})]
    moves += [Move("d3", GRANT, {Phase.QUEUED})] if reason == "unknown" else []
    with pytest.raises(LedgerConflictError, match="nothing was written"):
        locks.save(replace(lock, holder="d2", token=2), moves, (deployments.get("d1"), Phase.SUCCEEDED))
    assert (deployments.get("d1"), deployments.get("d2"), locks.load(KEY)) == before
    assert DynamoVersions(TABLE, locks._dynamodb).previous_attempt(KEY, "1.0.0") is None


def test_the_outcome_of_a_version_is_remembered(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """The last outcome in this environment counts."""
    versions, locks = DynamoVersions(TABLE, dynamodb), DynamoLocks(TABLE, dynamodb)
    deployment = a_deployment(version="1.2.0", digest="dd")
    assert versions.previous_attempt(KEY, "1.2.0") is None
    for phase in (Phase.SUCCEEDED, Phase.ROLLED_BACK):
        locks.save(locks.load(KEY), (), (deployment, phase))
    assert versions.previous_attempt(KEY, "1.2.0") == ("dd", Phase.ROLLED_BACK)
    assert versions.previous_attempt(KEY, "1.2.1") is None
    assert versions.previous_attempt("smartpack/test", "1.2.0") is None
