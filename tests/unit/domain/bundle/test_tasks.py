"""Tasks of a release: which one is due, what the function gets, and what `release.yaml` may say."""

import json
from typing import Any

import pytest

from controller.domain.bundle.manifest import Manifest, make_manifest
from controller.domain.bundle.tasks import ReleaseTask, due_task, event_of
from controller.domain.deployment import Deployment, Revision, TaskRun, Upload
from controller.domain.phases import Phase
from controller.errors import InvalidBundleError
from tests.builders import bundle_parts
from tests.fakes import START


def manifest(*tasks: dict[str, Any], **api: object) -> Manifest:
    """A release of an API and a site with these tasks."""
    content = bundle_parts().manifest
    content["components"]["api"] |= api
    return make_manifest({**content, "tasks": list(tasks)})


def refusal(*tasks: dict[str, Any], **api: object) -> str:
    """Why these tasks are refused."""
    with pytest.raises(InvalidBundleError) as caught:
        manifest(*tasks, **api)
    return caught.value.reason


def deployment(*tasks: dict[str, Any], staged: str = "api", done: tuple[int, ...] = ()) -> Deployment:
    """A deployment of an API and then a worker, of which some are staged."""
    upload = Upload("bucket", "incoming/shop/prod/a.zip", "v1", 10, START)
    found = Deployment("d1", "shop", "prod", Phase.STAGING, upload, "arn", START, START, version="1.2.0", digest="abc")
    changes: dict[str, Any] = {
        "waves": (("api",), ("worker",)),
        "staged": {name: Revision("7") for name in staged.split()},
        "tasks": tuple(json.dumps(task) for task in tasks),
        "task_run": TaskRun(done[-1], 1, 1, START, done) if done else None,
    }
    return type(found)(**{**vars(found), **changes})


def due(one: Deployment) -> int | None:
    """The number of the task that is due."""
    found = due_task(one)
    return found and found[0]


def test_the_tasks_of_a_component_run_in_order_when_it_is_staged() -> None:
    """Those of a later wave wait for it, whatever their order in the file."""
    tasks: list[dict[str, Any]] = [
        {"component": "worker"},
        {"component": "api"},
        {"component": "api", "event": {"a": 1}},
    ]
    assert due(deployment(*tasks)) == 2
    assert due(deployment(*tasks, done=(2,))) == 3
    assert due(deployment(*tasks, done=(2, 3))) is None
    assert due(deployment(*tasks, staged="api worker", done=(2, 3))) == 1
    assert due(deployment(*tasks, staged="api worker", done=(2, 3, 1))) is None


def test_a_release_without_tasks_has_none_due() -> None:
    """Most have none."""
    assert due(deployment()) is None


def test_the_function_gets_the_event_with_a_key_of_the_release() -> None:
    """The key is that of the contents, so a release of the same contents has the same."""
    one = deployment({"component": "api"})
    assert event_of(one, 2, ReleaseTask(component="api", event={"do": "migrate"})) == {
        "do": "migrate",
        "selfright": {"idempotency_key": "shop/prod/1.2.0/abc/2", "deployment_id": "d1"},
    }


def test_a_task_needs_a_function_alone() -> None:
    """Everything else has a default, and it is waited for as long as is possible."""
    (task,) = manifest({"component": "api"}).tasks
    assert (task.event, task.before, task.limit) == ({}, "test", 840)


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ({"component": "apy"}, "`tasks.0.component` 'apy' is not a component of this release"),
        ({"component": "site"}, "`tasks.0.component` 'site' is a site: only functions run tasks"),
        ({"component": "api", "event": "migrate"}, "must be a JSON object"),
        ({"component": "api", "event": {"selfright": 1}}, "cannot have the key 'selfright'"),
        ({"component": "api", "before": "traffic"}, "tasks.0.before"),
        ({"component": "api", "timeout": "15m"}, "must be from 1s to 14m"),
        ({"component": "api", "evnt": {}}, "evnt"),
    ],
)
def test_a_task_that_could_not_run_is_refused(task: dict[str, Any], reason: str) -> None:
    """With its place, before anything is uploaded."""
    assert reason in refusal(task)


def test_a_task_that_lambda_would_end_is_refused() -> None:
    """The function's own timeout ends it earlier than its own says."""
    task = {"component": "api", "timeout": "10m"}
    reason = refusal(task, timeout="30s")
    assert "`tasks.0.timeout` is 10m, but Lambda ends the function after its own timeout, 30s" in reason
    assert manifest(task, timeout="15m").tasks
    assert manifest({"component": "api"}, timeout="30s").tasks


def test_events_are_bounded_together() -> None:
    """The ledger has to keep them, and always has room for a trip."""
    half = {"component": "api", "event": {"text": "x" * 40_000}}
    assert manifest(half).tasks
    assert "65,536 are allowed" in refusal(half, half)


def test_there_are_ten_tasks_at_most() -> None:
    """More of them are one task that does several things."""
    assert "tasks" in refusal(*[{"component": "api"}] * 11)
