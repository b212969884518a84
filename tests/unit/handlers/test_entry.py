"""The entry: which task runs, and what happens to one that fails."""

import io
import json
from typing import Any

import pytest

from controller.domain.phases import Phase
from controller.errors import AwsError, LedgerConflictError, SelfrightError, TransientError
from controller.flow.shared.results import Result
from controller.handlers import entry
from controller.handlers.entry import TASKS, run, task_of
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import a_deployment, a_world


@pytest.mark.parametrize(
    ("function", "task"), [(function, task) for function, tasks in TASKS.items() for task in tasks]
)
def test_a_function_runs_the_tasks_of_its_group(function: str, task: str) -> None:
    """The task is the one that the event names."""
    assert task_of(function, {"task": task}) == task


@pytest.mark.parametrize(
    ("function", "event"),
    [
        ("check", {"task": "shift"}),
        ("check", {"task": "../../secrets"}),
        ("check", {"task": ["verify"]}),
        ("check", {}),
        ("on_alarm", {"task": "restore"}),
    ],
)
def test_a_task_of_another_group_is_refused(function: str, event: dict[str, Any]) -> None:
    """A function's role is made for its tasks; the message says which these are."""
    with pytest.raises(SelfrightError, match=f"'{function}' runs {TASKS[function][0]}"):
        task_of(function, event)


@pytest.mark.parametrize("function", ["on_alarm", "reconcile"])
def test_a_raw_event_is_for_a_function_of_one_task(function: str) -> None:
    """EventBridge and SNS know nothing of tasks."""
    assert task_of(function, {"detail-type": "CloudWatch Alarm State Change", "detail": {}}) == function


class Failing(FakeWorld):
    """A world in which reading the open deployments fails some times."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)

    @property
    def open_deployments(self) -> Any:  # noqa: ANN401
        """The ledger, or an error."""
        if self.errors:
            raise self.errors.pop(0)
        return self.deployments


def test_what_passes_is_tried_again() -> None:
    """Two throttled calls cost a second and a half, not a release."""
    slept: list[float] = []
    world = Failing(TransientError("throttled"), TransientError("throttled"))
    assert run(world, "reconcile", {}, slept.append).document()["done"] == {}
    assert slept == [0.5, 1.0]


def test_what_does_not_pass_is_told_to_the_workflow() -> None:
    """After three tries, the workflow must see the error."""
    slept: list[float] = []
    with pytest.raises(TransientError):
        run(Failing(*[TransientError("throttled")] * 3), "reconcile", {}, slept.append)
    assert len(slept) == 2


@pytest.mark.parametrize("error", [AwsError("denied"), LedgerConflictError("moved on")])
def test_what_cannot_pass_is_not_tried_again(error: Exception) -> None:
    """A retry would only take time."""
    slept: list[float] = []
    with pytest.raises(type(error)):
        run(Failing(error), "reconcile", {}, slept.append)
    assert slept == []


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> FakeWorld:
    """The entry of the function `close`, in a world in which a deployment is rolled back."""
    world = a_world()
    a_deployment(world, Phase.ROLLING_BACK, restore_point=None, rollback_execution_arn="arn:back")
    monkeypatch.setattr(entry, "WORLD", world)
    monkeypatch.setattr(entry, "SETTINGS", entry.SETTINGS.model_copy(update={"function": "close"}))
    return world


def test_a_task_that_succeeds_writes_no_metric(function: FakeWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch bills every metric that is written: the reconciler's would cost more than all its alarms at rest."""
    assert entry.handler({"task": "close", "deployment_id": "d2", "execution": "arn:back"}, None)
    assert "CloudWatchMetrics" not in capsys.readouterr().out


def test_a_task_that_fails_says_why_and_is_counted(function: FakeWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """The error reaches the workflow as it is; the metric, without any dimension, is what an alarm watches."""
    with pytest.raises(SelfrightError):
        entry.handler({"task": "close", "deployment_id": "nobody", "execution": "arn:back"}, None)
    (line,) = [json.loads(one) for one in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in one]
    (metric,) = line["_aws"]["CloudWatchMetrics"]
    assert (metric["Namespace"], metric["Dimensions"], metric["Metrics"][0]["Name"]) == ("Selfright", [[]], "Failures")
    assert line["Failures"] == 1


def test_a_task_of_another_function_is_refused(function: FakeWorld) -> None:
    """The event and the function do not fit together: nothing is run."""
    with pytest.raises(SelfrightError):
        entry.handler({"task": "shift"}, None)


@pytest.fixture
def log(function: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the logger writes."""
    log = io.StringIO()
    monkeypatch.setattr(entry.logger.registered_handler, "stream", log)
    return log


def test_every_line_says_whose_it_is(log: io.StringIO) -> None:
    """`selfright logs` finds the lines of a deployment by its id, those about failures as well."""
    entry.handler({"task": "close", "deployment_id": "d2", "execution": "arn:back"}, None)
    with pytest.raises(SelfrightError):
        entry.handler({"task": "close", "deployment_id": "nobody", "execution": "arn:back"}, None)
    good, bad = map(json.loads, log.getvalue().splitlines())
    assert (good["message"], good["task"], good["deployment_id"]) == ("done", "close", "d2")
    assert good["seconds"] >= 0
    assert (bad["message"], bad["level"], bad["deployment_id"]) == ("failed", "ERROR", "nobody")
    assert "nobody" in bad["reason"]


def test_a_bug_is_told_without_what_it_says(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen error may have anything in its message."""

    def break_down(*_: object) -> Result:
        raise ValueError("s3cret")

    monkeypatch.setattr(entry, "run", break_down)
    with pytest.raises(ValueError, match="s3cret"):
        entry.handler({"task": "close", "deployment_id": "d2", "execution": "arn:back"}, None)
    line = json.loads(log.getvalue())
    assert (line["error"], line["reason"], line["deployment_id"]) == ("ValueError", "", "d2")


def test_a_line_about_several_deployments_names_them_all() -> None:
    """One alarm can roll back several; the reconciler checks all of them."""
    assert entry._about({"tripped": ["d2", "d3"]}) == {"deployments": ["d2", "d3"]}
    assert entry._about({"done": {"d2": "Let alone."}, "outcome": ""}) == {"deployments": ["d2"]}
    assert entry._about({"deployment_id": "d2"}) == {"deployment_id": "d2"}
