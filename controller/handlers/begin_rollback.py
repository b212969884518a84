"""Begin rollback."""

import json
from contextlib import suppress
from typing import Any, get_args

from controller.domain.checks.redaction import redacted, without_secrets
from controller.domain.deployment import TripSource
from controller.domain.printable import LINE_BYTES, said
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.unlock import unlock
from controller.flow.shared.results import Result
from controller.ports.world import World

UNSAID = "A step of the deployment failed."
REFUSED = "HookRefused"
"""The error of a step whose hook answered later, by its token, that the release must not stay."""
ALLOWED, NOT_NOW = "Succeeded", "NotNow"
UNREASONED = "The hook refused."
READ_AT_MOST = 4 * LINE_BYTES
"""Characters of a reason, so that a secret at the place where it is cut is still known as one."""


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id`, `execution`, and `request`: `by` whom, with a `reason` or what had `failed`.

    With `unlock`, nothing is restored: only a held environment is freed.
    """
    request = event["request"]
    if request.get("unlock") in {True, "true"}:
        return unlock(world, event["deployment_id"], reason_of(request))
    return begin_rollback(world, event["deployment_id"], event["execution"], by_whom(request), reason_of(request))


def by_whom(request: dict[str, Any]) -> TripSource:
    """Who asks: a person, unless it is a part of the controller. In the console, people can type anything.

    A hook that refused by its token is evidence, as one that refused at once is.
    """
    source: TripSource = next((source for source in get_args(TripSource) if source == request.get("by")), "person")
    return "check" if source == "fault" and _is_refusal(request.get("failed") or {}) else source


def _is_refusal(failed: dict[str, Any]) -> bool:
    """Whether what failed is a hook's answer. A failure of a later state, or of its task, is none."""
    failure, hook = failed.get("failure"), failed.get("hook")
    if failure:
        return bool(failure.get("Error") == REFUSED)
    return isinstance(hook, dict) and hook.get("status", ALLOWED) not in (ALLOWED, NOT_NOW)


def reason_of(request: dict[str, Any]) -> str:
    """The reason that was given, or what the failed state said, without its stack trace and without secrets."""
    failed = request.get("failed") or {}
    failure, hook = failed.get("failure") or {}, failed.get("hook")
    refused = hook.get("reason") or UNREASONED if isinstance(hook, dict) else ""
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
    hide = redacted if _is_refusal(failed) else without_secrets  # What a hook says is the application's.
    return said(hide(str(told)[:READ_AT_MOST]), LINE_BYTES)
