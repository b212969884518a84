"""The entry of every Lambda function of the controller: it runs the task that the event names, with a log.

The tasks are grouped into functions by what they may do (one role each); a function runs only the tasks of its group.
All tasks may run twice, so one that failed with a transient error is run again here, before the workflow sees it.
"""
# ruff: noqa: E402 - see the next lines

import gc

gc.disable()  # Importing creates much and frees nothing: collecting garbage would be a seventh of a cold start.

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from aws_lambda_powertools import Logger

from controller import clock
from controller.aws.markers import mark_failure
from controller.errors import SelfrightError, TransientError
from controller.flow.shared.results import Document, Result
from controller.ports.world import World
from controller.settings import load
from controller.wiring import aws_world

TASKS = {
    "intake": ("receive", "validate", "wait_for_lock"),
    "stage": ("record_restore_point", "stage", "unstage"),
    "check": ("run_task", "test", "verify", "ask_hook"),
    "traffic": ("shift", "restore"),
    "watch": ("guard", "judge", "pause", "resume"),
    "close": ("complete", "begin_rollback", "verify_restoration", "close"),
    "on_alarm": ("on_alarm",),
    "reconcile": ("reconcile",),
}
"""Function → its tasks. An event without a task is for a function of one task."""
TRIES = 3
SETTINGS = load()
WORLD = aws_world(SETTINGS)
logger = Logger()

if SETTINGS.function:
    # Make now what every invocation needs: while it starts, a function has a whole CPU.
    for own in TASKS[SETTINGS.function]:
        import_module(f"controller.handlers.{own}")
    WORLD.deployments  # noqa: B018 - the ledger, with its client
gc.freeze()
gc.enable()


def handler(event: dict[str, Any], _context: object) -> Document:
    """Run the event's task; returns its result's document. Raises `SelfrightError` for the workflow to handle."""
    logger.append_keys(deployment_id=event.get("deployment_id"))
    task, started = task_of(SETTINGS.function, event), time.monotonic()
    try:
        document = run(WORLD, task, event).document()
    except Exception as error:
        # Lambda logs the traceback, but not its deployment. An alarm watches the metric, which costs nothing at rest.
        mark_failure()
        why = str(error) if isinstance(error, SelfrightError) else ""
        logger.error("failed", extra={"task": task, "error": type(error).__name__, "reason": why})  # noqa: TRY400
        raise
    logger.info(
        "done",
        extra={
            "task": task,
            "outcome": document.get("verdict") or document.get("outcome", ""),
            "seconds": round(time.monotonic() - started, 3),
            **_about(document),
        },
    )
    return document


def _about(document: Document) -> dict[str, object]:
    """The deployment of a document, or those of an alarm or the reconciler: `selfright logs` searches for them."""
    several = [*document.get("tripped", []), *document.get("done", {})]
    return {
        key: value
        for key, value in (("deployment_id", document.get("deployment_id")), ("deployments", several))
        if value
    }


def task_of(function: str, event: dict[str, Any]) -> str:
    """The task that the event names, if this function may run it."""
    tasks = TASKS[function]
    task = event.get("task", tasks[0] if len(tasks) == 1 else None)
    if task not in tasks:
        known = f"The function '{function}' runs {', '.join(tasks)}, not '{task}'"
        raise SelfrightError(f"{known}: the execution began with another version of the controller. Release again.")
    return str(task)


def run(world: World, task: str, event: dict[str, Any], sleep: Callable[[float], None] = clock.sleep) -> Result:
    """Run a task in this world, and again after a short sleep when it failed with a transient error."""
    module = import_module(f"controller.handlers.{task}")
    for left in reversed(range(TRIES)):
        try:
            result: Result = module.handle(world, event)
        except TransientError:
            if not left:
                raise
            sleep(2 ** (TRIES - left) / 4)
        else:
            return result
    raise AssertionError
