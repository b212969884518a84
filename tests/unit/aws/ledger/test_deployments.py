"""The ledger's deployments in DynamoDB, which enforces every condition."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from controller.aws.ledger.deployments import DynamoDeployments
from controller.aws.ledger.table import marshal
from controller.domain.deployment import (
    Awaited,
    Bake,
    Changes,
    Comparison,
    Counts,
    Deployment,
    Evaluation,
    Hotfix,
    Revision,
    Step,
    TaskRun,
    Trip,
    Trouble,
    Unsent,
    Upload,
)
from controller.domain.phases import MOVING, OPEN, Phase
from controller.domain.timeline import TimelineEvent
from controller.errors import LedgerConflictError, NotFoundError
from controller.ports.ledger import Expected
from tests.fakes import START
from tests.unit.aws.ledger_table import TABLE, a_deployment

TRIP = Trip(START, "alarm", "It broke.", START)
FULL = a_deployment(
    "full",
    Phase.BAKING,
    version="1.2.0",
    digest="dd",
    components=("api", "site"),
    checks=('{"component":"api","body":{"a":1.5,"b":null}}',),
    previous="d0",
    fencing_token=7,
    restore_point={"api": Revision("6", "aa")},
    staged={"api": Revision("7", "bb"), "a-b-c": Revision("x")},
    steps=(Step(10, 60), Step(100, 300)),
    weight=10,
    bake=Bake(0, START, START + timedelta(seconds=60), extended=True),
    evaluation=Evaluation(START, "healthy", "Fine: ü.", Counts(100, 1), Counts(900, 2)),
    trip=TRIP,
    guard_tokens=("guard",),
    traffic_restored_at=START,
    unsent={"20260102T030405000000": Unsent(Phase.SUCCEEDED, "", "", START)},
    troubles={"api": Trouble(START, "denied", lasting=True)},
    reached=10,
)


@pytest.fixture
def deployments(dynamodb: Any) -> DynamoDeployments:  # noqa: ANN401 - a client
    """The deployments of the ledger."""
    return DynamoDeployments(TABLE, dynamodb)


@pytest.mark.parametrize("deployment", [a_deployment(), FULL], ids=["new", "full"])
def test_a_deployment_is_read_as_it_was_written(deployments: DynamoDeployments, deployment: Deployment) -> None:
    """Every field has the value that was written."""
    assert deployments.create(deployment)
    assert deployments.get(deployment.deployment_id) == deployment


def test_a_deployment_is_created_once(deployments: DynamoDeployments) -> None:
    """The same upload, delivered again, changes nothing."""
    deployments.create(a_deployment())
    assert not deployments.create(a_deployment(version="9"))
    assert deployments.get("d1").version == ""


def test_an_unknown_deployment_is_not_found(deployments: DynamoDeployments) -> None:
    """The message says where to find the known ones."""
    with pytest.raises(NotFoundError, match="selfright history"):
        deployments.get("nobody")


def test_an_unknown_deployment_is_not_updated(deployments: DynamoDeployments) -> None:
    """An update never creates a deployment."""
    with pytest.raises(LedgerConflictError):
        deployments.update("nobody", {"reason": "x"}, phases=set(Phase))


def test_an_update_returns_the_new_state(deployments: DynamoDeployments) -> None:
    """It has this update's values, and those that others wrote before."""
    deployments.create(a_deployment())
    deployments.update("d1", {"guard_tokens": ("guard",)}, phases=OPEN)
    after = deployments.update("d1", {"trip": TRIP, "steps": (Step(10, 60),)}, phases=OPEN)
    assert (after.guard_tokens, after.trip, after.steps) == (("guard",), TRIP, (Step(10, 60),))
    assert replace(after, updated_at=START) == replace(deployments.get("d1"), updated_at=START)
    assert after.updated_at > START


@pytest.mark.parametrize("present", list(Phase))
@pytest.mark.parametrize("phases", [MOVING, frozenset({Phase.ROLLING_BACK}), frozenset(Phase)])
def test_an_update_is_written_only_in_the_named_phases(
    deployments: DynamoDeployments, present: Phase, phases: frozenset[Phase]
) -> None:
    """A deployment that has moved on is not changed."""
    deployments.create(a_deployment(phase=present))
    if present in phases:
        assert deployments.update("d1", {"reason": "x"}, phases=phases).reason == "x"
    else:
        with pytest.raises(LedgerConflictError, match="d1 has moved on: reason"):
            deployments.update("d1", {"reason": "x"}, phases=phases)
        assert deployments.get("d1").reason == ""


@pytest.mark.parametrize("token", [0, 1, 3])
def test_an_update_needs_the_fencing_token(deployments: DynamoDeployments, token: int) -> None:
    """A former holder of the lock can no longer write."""
    deployments.create(a_deployment(fencing_token=2))
    with pytest.raises(LedgerConflictError):
        deployments.update("d1", {"weight": 10}, phases=OPEN, expected=Expected(fencing_token=token))
    assert deployments.update("d1", {"weight": 10}, phases=OPEN, expected=Expected(fencing_token=2)).weight == 10


def test_an_update_can_require_that_there_is_no_trip(deployments: DynamoDeployments) -> None:
    """After the trip nothing goes forward."""
    deployments.create(a_deployment())
    deployments.update("d1", {"weight": 10}, phases=OPEN, expected=Expected(untripped=True))
    deployments.update("d1", {"trip": TRIP}, phases=OPEN)
    with pytest.raises(LedgerConflictError):
        deployments.update("d1", {"weight": 20}, phases=OPEN, expected=Expected(untripped=True))


def test_a_task_of_a_release_is_claimed_once(deployments: DynamoDeployments) -> None:
    """Of two who begin the same one, the second is too late; the next claim knows the one before."""
    deployments.create(a_deployment())
    run = TaskRun(1, 1, 1, START)
    claim: Changes = {"task_run": run}
    assert deployments.update("d1", claim, phases=OPEN, expected=Expected(task_claim=0)).task_run == run
    with pytest.raises(LedgerConflictError):
        deployments.update("d1", claim, phases=OPEN, expected=Expected(task_claim=0))
    done = replace(run, done=(1,))
    assert deployments.update("d1", {"task_run": done}, phases=OPEN, expected=Expected(task_claim=1)).task_run == done
    with pytest.raises(LedgerConflictError):
        deployments.update("d1", claim, phases=OPEN, expected=Expected(task_claim=2))


@pytest.mark.parametrize("field", ["trip", "waits_since", "traffic_restored_at"])
def test_an_update_can_require_that_a_field_is_absent(
    deployments: DynamoDeployments, field: Literal["trip", "waits_since", "traffic_restored_at"]
) -> None:
    """The first value stays."""
    first = {"trip": TRIP, "waits_since": START, "traffic_restored_at": START}[field]
    deployments.create(a_deployment())
    assert (
        getattr(deployments.update("d1", {field: first}, phases=OPEN, expected=Expected(absent=field)), field) == first
    )
    with pytest.raises(LedgerConflictError):
        deployments.update("d1", {field: first}, phases=OPEN, expected=Expected(absent=field))


@pytest.mark.parametrize("name", ["api", "my-api", "a--b", "0", "name", "phase", "staged", "value0", "size"])
def test_components_are_staged_independently(deployments: DynamoDeployments, name: str) -> None:
    """Names with dashes and DynamoDB's reserved words are allowed."""
    deployments.create(a_deployment())
    deployments.update("d1", {"staged_now": {"other": Revision("1")}}, phases=OPEN)
    after = deployments.update("d1", {"staged_now": {name: Revision("2")}}, phases=OPEN)
    assert after.staged == {"other": Revision("1"), name: Revision("2")}
    assert deployments.update("d1", {"staged_now": {name: Revision("3")}}, phases=OPEN).staged[name] == Revision("3")


@pytest.mark.parametrize(("arn", "written"), [("arn:back", True), ("arn:two", False), ("", False)])
def test_an_update_can_require_the_execution_that_rolls_back(
    deployments: DynamoDeployments, arn: str, *, written: bool
) -> None:
    """An execution that was replaced can no longer write."""
    deployments.create(a_deployment(phase=Phase.ROLLING_BACK, rollback_execution_arn="arn:back"))
    expected = Expected(rollback_execution_arn=arn)
    with nullcontext() if written else pytest.raises(LedgerConflictError):
        deployments.update("d1", {"reason": "x"}, phases=OPEN, expected=expected)
    assert (deployments.get("d1").reason == "x") is written


@pytest.mark.parametrize(("weight", "written"), [(9, False), (10, True), (100, True)])
def test_an_update_can_require_that_no_later_step_has_begun(
    deployments: DynamoDeployments, weight: int, *, written: bool
) -> None:
    """A late call for an earlier step takes no visitors back."""
    deployments.create(a_deployment(phase=Phase.BAKING, weight=10))
    with nullcontext() if written else pytest.raises(LedgerConflictError):
        deployments.update("d1", {"weight": weight}, phases=OPEN, expected=Expected(weight_at_most=weight))
    assert deployments.get("d1").weight == (weight if written else 10)


@pytest.mark.parametrize(("present", "opens", "written"), [
    (None, False, False), (0, False, False), (1, False, True), (2, False, False),
    (None, True, True), (0, True, True), (1, True, False), (2, True, False),
])  # fmt: skip
def test_an_update_can_require_the_bake_of_a_step(
    deployments: DynamoDeployments, present: int | None, *, opens: bool, written: bool
) -> None:
    """Or, to open it, that neither this nor a later one is under way."""
    bake = None if present is None else Bake(present, START, START)
    deployments.create(a_deployment(phase=Phase.BAKING, bake=bake))
    with nullcontext() if written else pytest.raises(LedgerConflictError):
        deployments.update("d1", {"reason": "x"}, phases=OPEN, expected=Expected(bake_step=1, opens=opens))
    assert (deployments.get("d1").reason == "x") is written


def test_tokens_are_added_and_emptied(deployments: DynamoDeployments) -> None:
    """Every attempt of a task has its own; a shift empties the lists of the bake before it."""
    deployments.create(a_deployment())
    for token in ("one", "two"):
        deployments.update("d1", {"guard_tokens": (token,), "queue_tokens": (token,)}, phases=OPEN)
    assert deployments.get("d1").guard_tokens == ("one", "two")
    after = deployments.update("d1", {"cleared": ("guard_tokens", "pause_tokens")}, phases=OPEN)
    assert (after.guard_tokens, after.pause_tokens, after.queue_tokens) == ((), (), ("one", "two"))


def owing(deployments: DynamoDeployments, *names: str) -> None:
    """A deployment that has ended and owes these notifications."""
    deployments.create(a_deployment())
    unsent = {name: Unsent(Phase.SUCCEEDED, name, "") for name in names}
    deployments.update("d1", {"phase": Phase.SUCCEEDED, "unsent_now": unsent}, phases=OPEN)


def test_a_notification_is_claimed_by_one(deployments: DynamoDeployments) -> None:
    """Until the claim expires; each notification has its own, and what is gone cannot be claimed."""
    owing(deployments, "1", "2")
    later = START + timedelta(seconds=120)
    assert deployments.claim("d1", "1", START, later)
    assert not deployments.claim("d1", "1", START + timedelta(seconds=119), later)
    assert deployments.claim("d1", "2", START, later)
    assert deployments.claim("d1", "1", START + timedelta(seconds=121), later + timedelta(seconds=120))
    deployments.update("d1", {"sent": "1"}, phases=set(Phase))
    assert not deployments.claim("d1", "1", later + timedelta(days=1), later + timedelta(days=2))
    assert deployments.get("d1").unsent.keys() == {"2"}


def test_open_deployments_have_not_ended_or_owe_a_notification(deployments: DynamoDeployments) -> None:
    """A deployment is in the sparse index from its creation until all its notifications are sent."""
    owing(deployments, "1", "2")
    deployments.create(a_deployment("d2"))
    for name in ("1", "2"):
        for known in ("d1", "d2"):
            deployments.leave_open(known)
        assert sorted(deployments.open()) == ["d1", "d2"]
        deployments.update("d1", {"sent": name}, phases=set(Phase))
    deployments.leave_open("d1")
    deployments.leave_open("d1")
    assert sorted(deployments.open()) == ["d2"]
    deployments.update("d1", {"phase": Phase.ROLLING_BACK}, phases={Phase.SUCCEEDED})
    assert sorted(deployments.open()) == ["d1", "d2"]


def test_what_has_ended_stays_open_while_something_of_it_is_kept(deployments: DynamoDeployments) -> None:
    """The reconciler looks after it until its grace is over."""
    deployments.create(a_deployment("d1"))
    deployments.update("d1", {"phase": Phase.SUCCEEDED, "grace_until": START}, phases=set(Phase))
    deployments.leave_open("d1")
    assert list(deployments.open()) == ["d1"]
    deployments.update("d1", {"cleared": ("grace_until",)}, phases={Phase.SUCCEEDED})
    deployments.leave_open("d1")
    assert list(deployments.open()) == []


def test_a_sweep_begins_unless_one_has_begun_since(deployments: DynamoDeployments) -> None:
    """Many events at once cause one; the schedule asks with the present moment, and always begins."""
    seconds = [START + timedelta(seconds=number) for number in range(5)]
    assert deployments.begin_sweep(seconds[2], seconds[1])
    assert not deployments.begin_sweep(seconds[4], seconds[1])
    assert not deployments.begin_sweep(seconds[4], seconds[2])
    assert deployments.begin_sweep(seconds[4], seconds[3])
    assert not deployments.begin_sweep(seconds[4], seconds[4])


def test_an_unreadable_deployment_does_not_hide_the_others(deployments: DynamoDeployments, dynamodb: Any) -> None:  # noqa: ANN401
    """The reconciler gets every id, and reads the deployments one by one."""
    deployments.create(a_deployment("d1"))
    deployments.create(a_deployment("d2"))
    dynamodb.update_item(
        TableName=TABLE,
        Key={"pk": {"S": "DEPLOYMENT#d1"}, "sk": {"S": "DEPLOYMENT"}},
        UpdateExpression="SET upload = :nonsense",
        ExpressionAttributeValues={":nonsense": {"S": "nonsense"}},
    )
    assert sorted(deployments.open()) == ["d1", "d2"]


def test_the_timeline_is_in_order(deployments: DynamoDeployments) -> None:
    """The order is that of the events' times, whichever was written first; two of the same moment are both there."""
    deployments.create(a_deployment())
    events = [TimelineEvent(START + timedelta(microseconds=at), "kind", f"{at}: ü") for at in (5, 0, 1_000_000, 70)]
    for event in events:
        deployments.record("d1", event)
    deployments.record("d1", events[0])
    assert deployments.timeline("d1") == sorted([*events, events[0]], key=lambda event: event.at)
    assert deployments.get("d1") == a_deployment()


def test_a_long_timeline_is_read_to_its_end(deployments: DynamoDeployments) -> None:
    """DynamoDB returns pages of a megabyte."""
    long = "x" * 300_000
    for at in range(6):
        deployments.record("d1", TimelineEvent(START + timedelta(seconds=at), "kind", long))
    assert len(deployments.timeline("d1")) == 6


def test_the_history_has_the_newest_first(deployments: DynamoDeployments) -> None:
    """It has the requested number, and only of this environment."""
    for number in range(4):
        deployments.create(a_deployment(f"d{number}", created_at=START + timedelta(seconds=number)))
    deployments.create(replace(a_deployment("other"), environment="test"))
    assert [one.deployment_id for one in deployments.history("smartpack/prod", 3)] == ["d3", "d2", "d1"]


def test_a_history_is_not_older_than_its_deployments(
    deployments: DynamoDeployments,
    dynamodb: Any,  # noqa: ANN401 - a client
) -> None:
    """The index may still say what was: who rolls back a second later would otherwise undo one release too many."""
    deployments.create(a_deployment(phase=Phase.ROLLING_BACK))
    old = dynamodb.query(**_of_the_index())
    deployments.update("d1", {"phase": Phase.ROLLED_BACK}, phases=OPEN | {Phase.ROLLING_BACK})

    class Lagging:
        """A client whose index is as it was."""

        def query(self, **_: object) -> object:
            """The old answer."""
            return old

        def __getattr__(self, name: str) -> object:
            return getattr(dynamodb, name)

    (found,) = DynamoDeployments(TABLE, Lagging()).history("smartpack/prod", 3)  # type: ignore[arg-type]
    assert found.phase is Phase.ROLLED_BACK


def _of_the_index() -> dict[str, Any]:
    return {
        "TableName": TABLE,
        "IndexName": "by_environment",
        "KeyConditionExpression": "environment_key = :key",
        "ExpressionAttributeValues": {":key": {"S": "smartpack/prod"}},
    }


def test_entries_of_what_is_awaited_are_written_beside_each_other(deployments: DynamoDeployments) -> None:
    """Components that are restored at the same time do not overwrite each other; `awaited` replaces all entries."""
    deployments.create(a_deployment())
    deployments.update("d1", {"awaited_now": {"api": Awaited(START, "one")}}, phases=OPEN)
    after = deployments.update("d1", {"awaited_now": {"site": Awaited(START, "two")}}, phases=OPEN)
    assert {name: one.doing for name, one in after.awaited.items()} == {"api": "one", "site": "two"}
    assert deployments.update("d1", {"awaited": {}}, phases=OPEN).awaited == {}


def size_of(attribute: dict[str, Any]) -> int:
    """What DynamoDB counts, in bytes: names and values, and a few for each map, list and member."""
    ((kind, value),) = attribute.items()
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + size_of(one) for name, one in value.items())
    if kind == "L":
        return 3 + sum(1 + size_of(one) for one in value)
    return len(value.encode()) if kind == "S" else 21


def test_the_largest_deployment_fits_into_its_item() -> None:
    """An item holds 400 KB, whatever a release and AWS say."""
    huge, names = "ü" * 500_000, [f"c{number:030}" for number in range(50)]
    revision = Revision("v" * 64, "d" * 64, "m" * 36, huge)
    comparisons = tuple(
        Comparison(name, metric, Counts(10**9, 10**9), Counts(10**9, 10**9), 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3)
        for name in names
        for metric in ("errors", "p50", "p90", "p99")
    )
    largest = a_deployment(
        "largest",
        Phase.ROLLING_BACK,
        upload=Upload("b" * 63, "k" * 1024, "v" * 100, 1, START, huge, huge),
        components=tuple(names),
        waves=tuple((name,) for name in names),
        checks=("c" * 100_000,),
        secrets=("s" * 1000,) * 20,
        restore_point=dict.fromkeys(names, revision),
        staged=dict.fromkeys(names, revision),
        awaited=dict.fromkeys(names, Awaited(START, huge, left=huge)),
        troubles=dict.fromkeys(names, Trouble(START, huge)),
        restored=dict.fromkeys(names, START),
        evaluation=Evaluation(START, "healthy", huge, comparisons=comparisons),
        trip=Trip(START, "person", huge),
        late_alarm=Trip(START, "alarm", huge),
        hotfix=Hotfix(("a" * 255,) * 20, huge, huge),
        reason=huge,
        next_step=huge,
        unjudged=huge,
        unsent={str(number): Unsent(Phase.SUCCEEDED, huge, huge) for number in range(4)},
        queue_tokens=("t" * 1024,) * 10,
    )
    assert size_of(marshal(largest)) < 390_000
