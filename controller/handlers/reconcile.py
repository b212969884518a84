"""Reconcile: on a schedule, and when an execution ended with an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.errors import SelfrightError
from controller.flow.reconcile import FAILED, reconcile
from controller.flow.shared.results import Result
from controller.ports.world import World


@dataclass(frozen=True)
class Reconciled(Result):
    """What was `done` for each deployment for which something was, by its id."""

    outcome: str
    done: Mapping[str, str]


def handle(world: World, _event: dict[str, Any]) -> Result:
    """Check every open deployment, whatever the event says.

    Raises `SelfrightError` when that failed for any of them, after all have been checked: then Lambda retries, and the
    alarm on this function's errors notifies people.
    """
    done = reconcile(world)
    said = "; ".join(f"{name}: {what}" for name, what in done.items())
    if any(what.startswith(FAILED) for what in done.values()):
        raise SelfrightError(said)
    return Reconciled(said, done)
