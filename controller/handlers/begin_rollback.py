"""Begin rollback."""

import json
from typing import Any

from controller.flow.rolling_back import begin
from controller.flow.story import Card
from controller.flow.world import World

UNSAID = "A step of the deployment failed."


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id`, `execution`, and `request`: `by` whom, with a `reason` or what had `failed`."""
    request = event["request"]
    return begin(world, event["deployment_id"], event["execution"], request.get("by", "person"), reason_of(request))


def reason_of(request: dict[str, Any]) -> str:
    """The reason that was given, or what the failed state said, without its stack trace."""
    failed = request.get("failed") or {}
    failure = failed.get("failure") or {}
    said = request.get("reason") or failure.get("Cause") or failed.get("reason") or failure.get("Error") or UNSAID
    try:
        return str(json.loads(said)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return str(said)[:1000]
