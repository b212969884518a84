"""The answer that a visitor would get from the result of a function, as its gateway reads it."""

import json
import re
from typing import Any

from controller.domain.checks.check import FAILED, Answer
from controller.domain.checks.function_answers import answer_of
from controller.domain.checks.redaction import redacted
from controller.domain.printable import PART_BYTES, bounded, printable
from controller.errors import NoAnswerError

SHOWN = 80
NOT_STARTED = {
    f"Runtime.{name}"
    for name in (
        "ExitError",
        "HandlerNotFound",
        "ImportModuleError",
        "InvalidEntrypoint",
        "InvalidWorkingDir",
        "MalformedHandlerName",
        "UserCodeSyntaxError",
    )
}
"""The types of failures that Lambda and its runtimes report when they cannot start the code, or an image."""
_REQUEST = re.compile(r"RequestId: \S+ Error: ")


def answer_in(
    payload: bytes, function_error: str | None, milliseconds: float | None = None, *, bare: bool = True
) -> Answer:
    """The HTTP answer that a visitor would get from the function's result, which with `bare` may be the body alone.

    Raises `NoAnswerError` when the function failed, or API Gateway would refuse its result. The message has no contents
    of either, only the type of a failure, and what Lambda says when it could not start the code.
    """
    try:
        result = json.loads(payload or b"null")
    except (ValueError, RecursionError) as error:
        raise NoAnswerError("the function's answer is not JSON") from error
    if function_error:
        raise NoAnswerError(f"{FAILED} {_failure(result)}")
    return answer_of(result, milliseconds, bare=bare)


def why_not_taken(payload: bytes, function_error: str | None) -> str:
    """Why the sender of an event would send it, or a part of it, again; "" when it was taken.

    The event is the release's own and no visitor's request, so the failure's message is said, too, without secrets.
    """
    try:
        result = json.loads(payload or b"null")
    except (ValueError, RecursionError):
        return "the function's answer is not JSON"
    if function_error:
        return f"{FAILED} {_failure(result, speaks=True)}"
    failed = result.get("batchItemFailures") if isinstance(result, dict) else None
    count = len(failed) if isinstance(failed, list) else 0
    return f"the function returned {count} record{'s' * (count != 1)} as failed" if count else ""


def _failure(answer: Any, *, speaks: bool = False) -> str:  # noqa: ANN401 - JSON
    """The type of a failure, and its message if it `speaks`, or if the code did not start: then it saw no request."""
    kind = answer.get("errorType") if isinstance(answer, dict) else None
    if not isinstance(kind, str) or not kind.isprintable():
        return "an unknown error"
    message = answer.get("errorMessage") if speaks or kind in NOT_STARTED else None
    first = _REQUEST.sub("", message.strip().partition("\n")[0], count=1) if isinstance(message, str) else ""
    words = redacted(printable(first))
    return bounded(f"{kind}: {words}", PART_BYTES) if words else kind[:SHOWN]
