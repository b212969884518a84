"""An alarm fires: the event comes from EventBridge, or from SNS where no alarm events reach EventBridge."""

import json
from typing import Any

from controller.flow.story import Card
from controller.flow.tripping import on_alarm
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """An alarm's state change, in either form → the deployments that were put back."""
    return {"tripped": [found for alarm, reason in firing(event) for found in on_alarm(world, alarm, reason)]}


def firing(event: dict[str, Any]) -> list[tuple[str, str]]:
    """The name and reason of every alarm that the event says is firing."""
    if "Records" in event:
        changes = [json.loads(record["Sns"]["Message"]) for record in event["Records"]]
        return [
            (change["AlarmName"], str(change.get("NewStateReason", "")))
            for change in changes
            if change.get("NewStateValue") == "ALARM"
        ]
    detail = event["detail"]
    state = detail.get("state", {})
    return [(detail["alarmName"], str(state.get("reason", "")))] if state.get("value") == "ALARM" else []
