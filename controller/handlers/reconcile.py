"""Reconcile: on a schedule, and when an execution of ours ended badly."""

from typing import Any

from controller.flow.reconciling import reconcile
from controller.flow.story import Card
from controller.flow.world import World


def handle(world: World, _event: dict[str, Any]) -> Card:
    """Whatever the event says, every open deployment is looked after."""
    done = reconcile(world)
    return {"outcome": "; ".join(f"{name}: {what}" for name, what in done.items()), "done": done}
