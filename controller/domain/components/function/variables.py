"""AWS Lambda's rules for a function's environment variables, with Selfright's own additions counted."""

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from controller.domain.names import matching

RECORD, SETTINGS_RECORD = "SELFRIGHT_VARIABLES", "SELFRIGHT_SETTINGS"
"""The variables in which Selfright keeps which variables and settings a release has set."""
RECORDS = frozenset({RECORD, SETTINGS_RECORD})
MAX_BYTES = 4096
"""Lambda's limit for all environment variables of a function together."""
SIZE_ADVICE = "Set fewer or shorter variables; a component of kind `parameters` has room for long values."
_RESERVED = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_REGION"),
        *("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        "AWS_LAMBDA_RUNTIME_API",
    }
)
"""The names that Lambda sets itself and accepts from nobody."""


def _free(name: str) -> str:
    if name in _RESERVED:
        raise ValueError(f"'{name}' is reserved for Lambda itself: choose another name")
    if name in RECORDS:
        raise ValueError(f"'{name}' is reserved for Selfright's own record: choose another name")
    return name


VariableName = Annotated[
    str,
    matching("[A-Za-z][A-Za-z0-9_]+", "a name of at least two letters, digits and '_', beginning with a letter"),
    AfterValidator(_free),
]


def with_record(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a release sets, and Selfright's record of their names."""
    return {**variables, **({RECORD: ",".join(sorted(variables))} if variables else {})}


def why_too_large(variables: Mapping[str, str]) -> str:
    """Why Lambda would refuse these variables, as a sentence; "" when it would not.

    It counts what it keeps: a JSON object of names and values.
    """
    size = len(json.dumps(dict(variables), separators=(",", ":"), ensure_ascii=False).encode(errors="replace"))
    if size <= MAX_BYTES:
        return ""
    own = " with Selfright's own" if RECORDS & variables.keys() else ""
    return f"the environment variables take {size:,} bytes{own}, and Lambda allows {MAX_BYTES:,}"
