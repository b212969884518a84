"""Reconcile: on a schedule, and when an execution of ours ended badly."""

from typing import Any

from controller.errors import SelfrightError
from controller.flow.reconcile import FAILED, reconcile
from controller.flow.shared.timeline import Card
from controller.ports.world import World


def handle(world: World, _event: dict[str, Any]) -> Card:
    """Whatever the event says, every open deployment is looked after.

    Raises `SelfrightError` when that failed for any of them, after all have been looked after: so that it is tried
    again, and the alarm on this function's errors tells people.
    """
    done = reconcile(world)
    said = "; ".join(f"{name}: {what}" for name, what in done.items())
    if any(what.startswith(FAILED) for what in done.values()):
        raise SelfrightError(said)
    return {"outcome": said, "done": done}
