"""`tasks` in `release.yaml`: what a release does once before its checks, such as a database migration."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, PlainValidator

from controller.domain.checks.requests import sendable
from controller.domain.deployment import Deployment
from controller.domain.durations import Between, seconds, written
from controller.domain.names import Name

OWN_KEY = "selfright"
"""The key of the event in which the function finds the idempotency key."""
LONGEST = "14m"
"""A function of the controller waits for a task, and is itself ended after 15 minutes."""


def _event(value: object) -> dict[str, Any]:
    event = sendable(value)
    if not isinstance(event, dict):
        raise ValueError("must be a JSON object (keys and values)")  # noqa: TRY004 - pydantic reads ValueError
    if OWN_KEY in event:
        raise ValueError(f"cannot have the key '{OWN_KEY}': Selfright adds it, with the idempotency key")
    return event


class ReleaseTask(BaseModel):
    """One invocation of the staged version of a function with this event, after staging and before its checks.

    Without a `timeout`, it may take as long as the function itself may, at most 14 minutes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: Name
    """The function or image of this release that is invoked, in its new version."""
    event: Annotated[dict[str, Any], PlainValidator(_event, json_schema_input_type=dict[str, Any])] = {}
    """What it gets: `{do: migrate}`, at most 64 KB of all tasks together. Selfright adds the key `selfright`. Nothing
    secret."""
    before: Literal["test"] = "test"
    """When it runs: before the checks of its component, and after the snapshots of databases."""
    timeout: Annotated[int, Between("1s", LONGEST)] | None = None
    """How long it may take; unsaid, as long as the function's own timeout allows, at most 14m."""

    @property
    def limit(self) -> int:
        """The most seconds that it is waited for."""
        return self.timeout or seconds(LONGEST)

    @property
    def size(self) -> int:
        """The bytes of its event."""
        return len(json.dumps(self.event).encode())

    def why_cut_short(self, own_timeout: int | None) -> str:
        """Why Lambda would end it before its `timeout`, if the function's own one is known; "" when it would not."""
        if self.timeout is None or own_timeout is None or self.timeout <= own_timeout:
            return ""
        return f"is {written(self.timeout)}, but Lambda ends the function after its own timeout, {written(own_timeout)}"


def title(number: int, task: ReleaseTask) -> str:
    """How people read of it: `api: task 1`."""
    return f"{task.component}: task {number}"


def due_task(deployment: Deployment) -> tuple[int, ReleaseTask] | None:
    """The first task that is not done of what was staged last, with its number from 1."""
    done = deployment.task_run.done if deployment.task_run else ()
    for number, text in enumerate(deployment.tasks, 1):
        task = ReleaseTask.model_validate_json(text)
        if number not in done and task.component in deployment.staged_wave:
            return number, task
    return None


def event_of(deployment: Deployment, number: int, task: ReleaseTask) -> Mapping[str, Any]:
    """The event that the function gets: the user's, and what it needs to do the same thing only once.

    The key is the same whenever the same contents are released there.
    """
    key = f"{deployment.environment_key}/{deployment.version}/{deployment.digest}/{number}"
    return {**task.event, OWN_KEY: {"idempotency_key": key, "deployment_id": deployment.deployment_id}}
