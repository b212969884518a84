"""Run task: once, twice, half, failed, late, and when the release goes back meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from controller.domain.deployment import LONGEST_TASK, TaskRun
from controller.domain.phases import Phase
from controller.errors import NotFoundError, TransientError, UnknownEnvironmentError
from controller.flow.on_alarm import on_alarm
from controller.flow.run_task import run_task
from controller.flow.shared.lease import LEASE
from controller.flow.test import test_staged as run_tests
from controller.ports.signals import TaskAnswer
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    ALARM,
    CANARY,
    STABLE,
    dying_everywhere,
    guarded,
    messages,
    once,
    rolling_back,
    staged,
    tripped,
    unstaged_and_closed,
    waiting,
)

MIGRATION = '{"component":"api","event":{"do":"migrate"},"timeout":"10m"}'
SEED = '{"component":"api","event":{"do":"seed"}}'
LOST = TransientError("lambda:InvokeFunction on f:7 got no answer (ConnectionClosedError). It can be tried again.")


def with_tasks(*tasks: str) -> FakeWorld:
    """A deployment that is staged and has these tasks (default: the migration)."""
    return staged(tasks=tasks or (MIGRATION,))


def failing(world: FakeWorld, method: str, failures: int) -> None:
    """The ledger gives no answer to the next of these calls."""
    real, left = getattr(world.deployments, method), [TransientError("no answer")] * failures

    def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - any call
        if left:
            raise left.pop()
        return real(*args, **named)

    setattr(world.deployments, method, call)


def source(world: FakeWorld) -> str:
    """The source of the deployment's trip; "" without one."""
    trip = world.deployments.get("d2").trip
    return trip.source if trip else ""


def test_the_staged_version_is_invoked_before_its_checks() -> None:
    """The checks wait for it, and then they are made."""
    world = with_tasks()
    assert run_tests(world, "d2").outcome == "task"
    assert run_task(world, "d2").outcome == "done"
    ((name, version, event, limit),) = world.tasks.asked
    assert (name, version, limit, event["do"]) == ("api", "7", 600, "migrate")
    assert event["selfright"]["idempotency_key"] == "smartpack/prod/2.0.0/dd/1"
    assert run_tests(world, "d2").outcome == "healthy"
    assert messages(world, "task") == ["api: task 1: it succeeded"]


def test_tasks_run_one_after_the_other() -> None:
    """Each is claimed, and noted when it is done."""
    world = with_tasks(MIGRATION, SEED)
    run_task(world, "d2")
    assert run_tests(world, "d2").outcome == "task"
    run_task(world, "d2")
    assert [event["do"] for _, _, event, _ in world.tasks.asked] == ["migrate", "seed"]
    assert run_tests(world, "d2").outcome == "healthy"


def test_running_the_state_twice_runs_the_task_once() -> None:
    """The second time, nothing is due."""
    world = with_tasks()
    assert [run_task(world, "d2").outcome for _ in range(2)] == ["done", "done"]
    assert len(world.tasks.asked) == 1


def test_a_task_of_a_component_that_has_not_changed_runs_too() -> None:
    """It is of the release: its live version is invoked."""
    world = with_tasks()
    live = world.deployments.get("d2").restore_point
    world.deployments.update("d2", {"staged_now": {"api": (live or {})["api"]}}, phases={Phase.STAGING})
    assert run_task(world, "d2").outcome == "done"
    assert world.tasks.asked[0][1] == "6"


def test_a_second_run_beside_the_first_waits_for_it() -> None:
    """The claim is the first one's, and the task is invoked once."""
    world = with_tasks()
    seen = []
    world.tasks.meanwhile = lambda: seen.append(run_task(world, "d2"))
    assert run_task(world, "d2").outcome == "done"
    assert [(one.outcome, one.wait_seconds) for one in seen] == [("pending", 30)]
    assert len(world.tasks.asked) == 1


def test_a_claim_that_somebody_else_made_first_is_left_alone() -> None:
    """Between reading and claiming, another run was faster."""
    world = with_tasks()
    world.deployments.before_update = once(lambda: run_task(world, "d2"))
    assert run_task(world, "d2").outcome == "pending"
    assert len(world.tasks.asked) == 1


def test_a_task_without_an_answer_runs_once_more_under_the_same_key() -> None:
    """Not before everything that was begun has ended, whatever its own timeout; and people read so."""
    world = with_tasks()
    world.tasks.answers = [LOST]
    assert run_task(world, "d2").outcome == "pending"
    world.clock.forward((LONGEST_TASK - timedelta(seconds=10)).total_seconds())
    assert (run_task(world, "d2").wait_seconds, len(world.tasks.asked)) == (10, 1)
    world.clock.forward(10)
    assert run_task(world, "d2").outcome == "done"
    first, second = (event["selfright"]["idempotency_key"] for _, _, event, _ in world.tasks.asked)
    assert first == second
    assert "once more, under the same idempotency key" in messages(world, "task")[1]


def test_a_task_that_never_answers_is_no_evidence() -> None:
    """After the second time, a person has to look whether it has run."""
    world = with_tasks()
    world.tasks.answers = [LOST, LOST]
    for _ in range(2):
        assert run_task(world, "d2").outcome == "pending"
        world.clock.forward(LONGEST_TASK.total_seconds())
    ended = run_task(world, "d2")
    assert (ended.outcome, source(world), len(world.tasks.asked)) == ("failed", "fault", 2)
    assert "look whether it has run" in (ended.reason or "")
    assert not world.deployments.get("d2").is_condemned


def test_a_task_that_fails_is_evidence() -> None:
    """The function answered with an error, so this version is refused, before any visitor came."""
    world = with_tasks()
    world.tasks.answers = [TaskAnswer("failed", "it failed (KeyError: 'table')")]
    ended = run_task(world, "d2")
    assert (ended.outcome, ended.reason) == ("failed", "api: task 1: it failed (KeyError: 'table')")
    assert (source(world), world.deployments.get("d2").is_condemned) == ("check", True)


@pytest.mark.parametrize("answer", [TaskAnswer("late", "it has not ended within 10m"), NotFoundError("It is gone.")])
def test_a_task_that_is_late_or_cannot_be_asked_is_no_evidence(answer: TaskAnswer | Exception) -> None:
    """The release goes back, and may be released again."""
    world = with_tasks()
    world.tasks.answers = [answer]
    assert run_task(world, "d2").outcome == "failed"
    assert (source(world), world.deployments.get("d2").is_condemned) == ("fault", False)


def test_a_second_attempt_that_fails_is_no_evidence() -> None:
    """The first one may have made the table that is there already."""
    world = with_tasks()
    world.tasks.answers = [LOST, TaskAnswer("failed", "it failed (DuplicateTable)")]
    run_task(world, "d2")
    world.clock.forward(LONGEST_TASK.total_seconds())
    ended = run_task(world, "d2")
    assert (ended.outcome, source(world), world.deployments.get("d2").is_condemned) == ("failed", "fault", False)
    assert "it failed (DuplicateTable). The first attempt gave no answer" in (ended.reason or "")


@pytest.mark.parametrize("method", ["update", "record"])
@pytest.mark.parametrize("failures", [1, 3])
def test_what_is_known_of_a_task_is_not_lost_with_a_write(method: str, failures: int) -> None:
    """A task that has succeeded does not run again because the ledger gave no answer for a moment."""
    world = with_tasks()
    world.tasks.meanwhile = once(lambda: failing(world, method, failures))
    assert run_task(world, "d2").outcome == "done"
    assert len(world.tasks.asked) == 1


def test_a_failure_is_not_lost_with_a_write() -> None:
    """A migration that has failed is not begun again either."""
    world = with_tasks()
    world.tasks.answers = [TaskAnswer("failed", "it failed")]
    world.tasks.meanwhile = once(lambda: failing(world, "update", 2))
    assert (run_task(world, "d2").outcome, source(world)) == ("failed", "check")


def test_no_task_begins_after_a_trip() -> None:
    """Nothing goes forward any more."""
    world = with_tasks()
    world.deployments.update("d2", {"trip": tripped()}, phases={Phase.STAGING})
    assert (run_task(world, "d2").outcome, world.tasks.asked) == ("failed", [])


def test_an_alarm_while_a_task_runs_is_found_when_it_has_ended() -> None:
    """The task is noted as done all the same, so that people know what happened."""
    world = guarded(Phase.STAGING, tasks=(MIGRATION,), steps=())
    world.tasks.meanwhile = lambda: on_alarm(world, ALARM, "Too many errors.")
    ended = run_task(world, "d2")
    assert (ended.outcome, "Too many errors" in (ended.reason or "")) == ("failed", True)
    assert messages(world, "task") == ["api: task 1: it succeeded"]


def test_a_release_that_goes_back_while_its_task_runs_does_not_go_forward() -> None:
    """A person stopped the execution: the late answer changes nothing but the timeline."""
    world = with_tasks()

    def go_back() -> None:
        world.deployments.update("d2", {"phase": Phase.ROLLING_BACK}, phases={Phase.STAGING})

    world.tasks.meanwhile = go_back
    assert run_task(world, "d2").outcome == "pending"
    assert run_task(world, "d2").outcome == "failed"
    assert messages(world, "task") == ["api: task 1: it succeeded"]


def test_wherever_it_dies_the_task_is_done_in_the_end_under_one_key() -> None:
    """Whatever was written last: asked again and again, it is done, and has run twice at most."""
    for place, world in dying_everywhere(with_tasks, lambda world: run_task(world, "d2")):
        for _ in range(3):
            if run_task(world, "d2").outcome == "done":
                break
            world.clock.forward(LONGEST_TASK.total_seconds())
        else:
            pytest.fail(f"not done after it died {place}")
        found = [event["selfright"]["idempotency_key"] for _, _, event, _ in world.tasks.asked]
        assert (len(found) <= 2, len(set(found))) == (True, 1), place


def test_a_running_task_keeps_the_lease() -> None:
    """The reconciler takes no deployment for dead whose task may still run."""
    world = with_tasks()
    leases = []
    world.tasks.meanwhile = lambda: leases.append(world.deployments.get("d2").lease_until)
    began = world.clock.now()
    run_task(world, "d2")
    assert leases == [began + LEASE + LONGEST_TASK]


def test_what_fails_before_the_task_begins_has_begun_nothing() -> None:
    """The environment cannot be read for a moment: the task runs as soon as it can be, and not 16 minutes later."""
    world = with_tasks()
    known = dict(world.environments.known)
    world.environments.known.clear()
    with pytest.raises(UnknownEnvironmentError):
        run_task(world, "d2")
    world.environments.known.update(known)
    assert (run_task(world, "d2").outcome, len(world.tasks.asked)) == ("done", 1)


def test_a_task_is_not_begun_after_a_trip_that_comes_after_its_claim() -> None:
    """The permit is asked for right before the invocation."""
    world = with_tasks()
    world.tasks.before = lambda: world.deployments.update("d2", {"trip": tripped()}, phases={Phase.STAGING})
    assert (run_task(world, "d2").outcome, world.tasks.asked) == ("failed", [])


def test_a_claim_that_has_stalled_begins_nothing() -> None:
    """Others wait for the time in which it could run, counted from the claim."""
    world = with_tasks()
    world.tasks.before = lambda: world.clock.forward(61)
    ended = run_task(world, "d2")
    assert (ended.outcome, source(world), world.tasks.asked) == ("failed", "fault", [])
    assert "not begun within a minute" in (ended.reason or "")


def after_a_rollback(run: TaskRun) -> FakeWorld:
    """The next release, with tasks, after one that was rolled back with this task."""
    world = rolling_back(staged(trip=tripped("person"), tasks=(MIGRATION,), task_run=run))
    waiting(world, tasks=(MIGRATION,), components=("api",))
    unstaged_and_closed(world)
    staged_now = {"phase": Phase.STAGING, "restore_point": STABLE, "staged_now": {"api": CANARY["api"]}}
    world.deployments.update("d3", staged_now, phases={Phase.QUEUED})
    return world


def test_tasks_wait_for_a_task_that_the_release_before_has_left_running() -> None:
    """Two migrations never run at the same time; a rollback does not wait for one."""
    world = after_a_rollback(TaskRun(1, 1, 1, START))
    assert run_task(world, "d3").wait_seconds == 30
    world.clock.forward((START + LONGEST_TASK - world.clock.now()).total_seconds())
    assert run_task(world, "d3").outcome == "done"


@pytest.mark.parametrize("known", [{"over": True}, {"done": (1,)}])
def test_tasks_do_not_wait_for_what_has_ended(known: dict[str, Any]) -> None:
    """It failed, or was done."""
    assert run_task(after_a_rollback(TaskRun(1, 1, 1, START, **known)), "d3").outcome == "done"


@pytest.mark.parametrize(
    "ended",
    [TaskAnswer("failed", "it failed"), TaskAnswer("late", "Lambda ended it", over=True), NotFoundError("It is gone.")],
)
def test_a_task_that_has_failed_is_known_to_be_over(ended: TaskAnswer | Exception) -> None:
    """So the tasks of the corrected release begin at once."""
    world = with_tasks()
    world.tasks.answers = [ended]
    run_task(world, "d2")
    run = world.deployments.get("d2").task_run
    assert run
    assert run.runs_until is None


def test_a_task_that_is_late_may_still_be_running() -> None:
    """Nobody waits for it any more, but the next release's tasks do."""
    world = with_tasks()
    world.tasks.answers = [TaskAnswer("late", "it has not ended")]
    run_task(world, "d2")
    run = world.deployments.get("d2").task_run
    assert run
    assert run.runs_until == run.since + LONGEST_TASK


def test_a_task_that_ends_while_the_release_goes_back_is_known_to_be_over() -> None:
    """The next release need not wait."""
    world = with_tasks()
    world.tasks.meanwhile = lambda: world.deployments.update(
        "d2", {"phase": Phase.ROLLING_BACK}, phases={Phase.STAGING}
    )
    run_task(world, "d2")
    run = world.deployments.get("d2").task_run
    assert run
    assert run.over
