"""Begin rollback."""

import json
from contextlib import suppress
from typing import Any, get_args

from controller.domain.deployment import TripSource
from controller.domain.printable import LINE_BYTES, said
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.unlock import unlock
from controller.flow.shared.results import Result
from controller.ports.world import World

UNSAID = "A step of the deployment failed."


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id`, `execution`, and `request`: `by` whom, with a `reason` or what had `failed`.

    With `unlock`, nothing is restored: only a held environment is freed.
    """
    request = event["request"]
    if request.get("unlock") in {True, "true"}:
        return unlock(world, event["deployment_id"], reason_of(request))
    return begin_rollback(world, event["deployment_id"], event["execution"], by_whom(request), reason_of(request))


def by_whom(request: dict[str, Any]) -> TripSource:
    """Who asks: a person, unless it is a part of the controller. In the console, people can type anything."""
    return next((source for source in get_args(TripSource) if source == request.get("by")), "person")


def reason_of(request: dict[str, Any]) -> str:
    """The reason that was given, or what the failed state said, without its stack trace."""
    failed = request.get("failed") or {}
    failure, hook = failed.get("failure") or {}, failed.get("hook")
    refused = hook.get("reason", "The hook refused.") if isinstance(hook, dict) else ""
    told = (
        request.get("reason")
        or failure.get("Cause")
        or refused
        or failed.get("reason")
        or failure.get("Error")
        or UNSAID
    )
    with suppress(ValueError, KeyError, TypeError):  # It may be plain text.
        told = json.loads(told)["errorMessage"]
    return said(str(told), LINE_BYTES)
