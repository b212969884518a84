"""What a visitor gets from a function's result: the answer that an HTTP API makes of it, or its refusal.

Of a result that is not as it must be, API Gateway makes a 500 (a REST API a 502), whatever `statusCode` says. So a
check of a version that nobody sees yet must not read such a result kindlier than API Gateway will.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from controller.domain.checks.check import Answer
from controller.errors import NoAnswerError

_OK = 200
_FIRST, _LAST = 100, 599
_DIGITS = 3
_PLAIN = "text/plain;charset=UTF-8"
_REFUSED = "so API Gateway would answer with an error of its own"


def answer_of(result: Any, milliseconds: float | None = None, *, bare: bool = True) -> Answer:  # noqa: ANN401 - JSON
    """The answer that visitors would get from a function's result.

    With `bare`, a result without `statusCode` is the body itself, as an HTTP API takes it; a REST API takes none.
    Raises `NoAnswerError`, without the result's contents.
    """
    if not isinstance(result, dict) or "statusCode" not in result:
        if not bare:
            raise _refused("statusCode", "is missing, which a REST API needs", "Return it with `body` and `headers`")
        text = result if isinstance(result, str) else json.dumps(result)
        return Answer(_OK, text.encode(), {"content-type": "application/json"}, milliseconds)
    return Answer(_status(result["statusCode"]), _body(result), _headers(result), milliseconds)


def _status(value: Any) -> int:  # noqa: ANN401 - JSON
    is_number = (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and value.isdecimal() and len(value) <= _DIGITS
    )
    if not is_number or not _FIRST <= int(value) <= _LAST:
        raise _refused("statusCode", "is no status of HTTP", "Return a number such as 200")
    return int(value)


def _body(result: Mapping[str, Any]) -> bytes:
    body, encoded = result.get("body"), result.get("isBase64Encoded")
    if not isinstance(body, str | None):
        raise _refused("body", f"is {_kind(body)} instead of text", "Return it as JSON text (`json.dumps`)")
    if not isinstance(encoded, bool | None):
        raise _refused("isBase64Encoded", f"is {_kind(encoded)}", "Return true or false")
    if not encoded:
        return (body or "").encode(errors="replace")
    try:
        return base64.b64decode(body or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused("body", "is not in base64, as `isBase64Encoded` says", "Encode it") from error


def _headers(result: Mapping[str, Any]) -> dict[str, str]:
    headers, cookies = result.get("headers") or {}, result.get("cookies") or []
    if not isinstance(headers, dict):
        raise _refused("headers", f"are {_kind(headers)} instead of names and values", "Return an object")
    for value in headers.values():
        if isinstance(value, dict | list):
            raise _refused("headers", f"have {_kind(value)} as a value", "Return text for each")
    if not isinstance(cookies, list) or not all(isinstance(cookie, str) for cookie in cookies):
        raise _refused("cookies", "are no list of texts", "Return a list")
    given = {str(name).lower(): _text(value) for name, value in headers.items() if value is not None}
    return {"content-type": _PLAIN, **({"set-cookie": ", ".join(cookies)} if cookies else {}), **given}


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    return value if isinstance(value, str) else json.dumps(value)


def _kind(value: Any) -> str:  # noqa: ANN401 - JSON
    names = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "text")


def _refused(member: str, what: str, advice: str) -> NoAnswerError:
    return NoAnswerError(f"`{member}` of the function's answer {what}, {_REFUSED}. {advice}.")
