"""Reconcile: on a schedule, and when an execution ended with an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from controller.errors import SelfrightError
from controller.flow.reconcile import reconcile
from controller.flow.shared.lost_uploads import FAILED
from controller.flow.shared.results import Result
from controller.ports.world import World


@dataclass(frozen=True)
class Reconciled(Result):
    """What was `done` for each deployment for which something was, by its id."""

    outcome: str
    done: Mapping[str, str]


def handle(world: World, event: dict[str, Any]) -> Result:
    """Check every open deployment; an event about the end of an execution only says since when that is due.

    Raises `SelfrightError` when that failed for any of them, after all have been checked: then Lambda retries, and the
    alarm on this function's errors notifies people.
    """
    done = reconcile(world, _ended_at(event))
    said = "; ".join(f"{name}: {what}" for name, what in done.items())
    if any(what.startswith(FAILED) for what in done.values()):
        raise SelfrightError(said)
    return Reconciled(said, done)


def _ended_at(event: dict[str, Any]) -> datetime | None:
    """When the execution ended that the event is about; None for the schedule, which always checks."""
    if event.get("source") != "aws.states":
        return None
    try:
        return datetime.fromisoformat(event["time"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return None
