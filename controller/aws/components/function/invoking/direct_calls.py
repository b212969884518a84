"""The answer that a visitor would get from the result of a function, as its gateway reads it."""

import json
from typing import Any

from controller.domain.checks.check import Answer
from controller.domain.checks.function_answers import answer_of
from controller.errors import NoAnswerError

SHOWN = 80


def answer_in(
    payload: bytes, function_error: str | None, milliseconds: float | None = None, *, bare: bool = True
) -> Answer:
    """The HTTP answer that a visitor would get from the function's result, which with `bare` may be the body alone.

    Raises `NoAnswerError` when the function failed, or API Gateway would refuse its result. The message has no contents
    of either, only the type of a failure.
    """
    try:
        result = json.loads(payload or b"null")
    except ValueError as error:
        raise NoAnswerError("the function's answer is not JSON") from error
    if function_error:
        raise NoAnswerError(f"the function failed with {_error_type(result)}")
    return answer_of(result, milliseconds, bare=bare)


def why_not_taken(payload: bytes, function_error: str | None) -> str:
    """Why the sender of an event would send it, or a part of it, again; "" when it was taken."""
    try:
        result = json.loads(payload or b"null")
    except ValueError:
        return "the function's answer is not JSON"
    if function_error:
        return f"the function failed with {_error_type(result)}"
    failed = result.get("batchItemFailures") if isinstance(result, dict) else None
    return f"the function returned {len(failed)} record as failed" if isinstance(failed, list) and failed else ""


def _error_type(answer: Any) -> str:  # noqa: ANN401 - JSON
    kind = answer.get("errorType") if isinstance(answer, dict) else None
    return kind[:SHOWN] if isinstance(kind, str) and kind.isprintable() else "an unknown error"
