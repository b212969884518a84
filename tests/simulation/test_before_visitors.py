"""What happens before visitors come: tasks and hooks, however they go; and what a rollback leaves in the function."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.simulation.application import (
    AGAIN,
    AGREES,
    CRASHES,
    DIES,
    FAILS,
    HOOK,
    LATER,
    LOST,
    NOT_NOW,
    OK,
    PATIENT,
    REFUSES,
    SILENT,
    TWICE,
)
from tests.simulation.plan import Event, Plan
from tests.simulation.run import run
from tests.simulation.scenarios import ALARMS, plan_of


def with_tasks(*ways: str) -> Plan:
    """One release, whose task goes like this."""
    return Plan(1, "plain", (Event(1.0, "upload", {"version": "1.1.0", "tasks": list(ways)}),))


def with_hook(*answers: str, occasion: str = "pre_traffic") -> Plan:
    """One release in an environment whose hook answers like this."""
    steps = [{"weight": 10, "bake": "1m"}]
    preference = {"type": steps, "alarms": list(ALARMS), "hooks": {occasion: HOOK}}
    events = (Event(0.5, "hook", {"answers": answers}), Event(1.0, "upload", {"version": "1.1.0"}))
    return Plan(1, "plain", events, settings={"deployment_preference": preference, "hook_timeout": PATIENT})


@pytest.mark.parametrize(
    ("ways", "ended"),
    [
        ([OK], "SUCCEEDED"),
        ([FAILS], "ROLLED_BACK"),
        ([LOST], "SUCCEEDED"),
        ([LOST, LOST], "ROLLED_BACK"),
        ([DIES], "SUCCEEDED"),
        ([AGAIN], "SUCCEEDED"),
    ],
)
def test_a_release_waits_for_its_task(ways: list[str], ended: str) -> None:
    """However its invocations go."""
    outcome = run(with_tasks(*ways))
    assert (outcome.violations, outcome.phases[-1]) == ([], f"1.1.0 {ended}")


@pytest.mark.parametrize(
    ("answers", "ended"),
    [
        ([AGREES], "SUCCEEDED"),
        ([NOT_NOW, NOT_NOW], "SUCCEEDED"),
        ([NOT_NOW] * 200, "ROLLED_BACK"),
        ([REFUSES], "ROLLED_BACK"),
        ([LATER], "SUCCEEDED"),
        ([TWICE], "SUCCEEDED"),
        ([CRASHES], "ROLLED_BACK"),
        ([SILENT], "ROLLED_BACK"),
    ],
)
def test_a_release_waits_for_the_hook(answers: list[str], ended: str) -> None:
    """However it answers, and however often it is asked."""
    outcome = run(with_hook(*answers))
    assert (outcome.violations, outcome.phases[-1]) == ([], f"1.1.0 {ended}")


def test_two_tasks_at_the_same_time_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the state did not wait until nothing can run any more."""
    monkeypatch.setattr("controller.flow.run_task.LONGEST_TASK", timedelta(seconds=2))
    found = run(with_tasks(LOST)).violations
    assert any(one.startswith("I13: a task of") for one in found)
    assert any("a task is begun while another may be running" in one for one in found)


def test_visitors_before_the_task_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the tests of the staged release did not ask for the tasks."""
    monkeypatch.setattr("controller.flow.test.due_task", lambda _: None)
    assert any("visitors before its task is done" in one for one in run(with_tasks(OK)).violations)


def test_visitors_without_the_hook_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the hook were not asked."""
    monkeypatch.setattr("controller.flow.test.hook_of", lambda *_: "")
    assert any("no hook has agreed" in one for one in run(with_hook(REFUSES)).violations)


def test_what_a_rollback_leaves_in_the_function_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If nothing were unstaged, whoever bypasses the alias would run what was rolled back."""
    plan = with_tasks(FAILS)
    assert run(plan).violations == []
    monkeypatch.setattr("controller.flow.rollback.verify_restoration.to_unstage", lambda *_: [])
    assert run(plan).violations == [], "the end of the rollback has it undone"
    monkeypatch.setattr("controller.flow.rollback.close.not_unstaged", lambda *_: [])
    assert any(one.startswith("I12") for one in run(plan).violations)


def test_tasks_and_hooks_come_with_the_seed() -> None:
    """Some plans have them, and a seed has always the same."""
    plans = [plan_of(seed) for seed in range(40)]
    tasks = [plan for plan in plans if any("tasks" in event.details for event in plan.events)]
    hooks = [plan for plan in plans if any(event.what == "hook" for event in plan.events)]
    assert min(len(tasks), len(hooks)) > 4
    assert replace(plans[7]) == plan_of(7)
