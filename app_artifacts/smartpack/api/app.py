"""SmartPack's API: one Lambda behind an HTTP API (payload 2.0), standard library only.

`GET /health` says that it is up; `POST /generate` turns a trip and its weather into a packing list.
"""

import json
import os
import sys
import time
from collections.abc import Callable

from answer import answer
from trip import InvalidTripError, read_trip
from version import VERSION
from web import BadRequestError, Json, Request, respond

Route = Callable[[Request], tuple[int, Json]]


def health(_request: Request) -> tuple[int, Json]:
    """Say that the function runs, and which release it is."""
    return 200, {"status": "ok", "version": VERSION}


def generate(request: Request) -> tuple[int, Json]:
    """Make the packing list of a trip, or name every field that is wrong."""
    try:
        return 200, answer(read_trip(request.json()))
    except InvalidTripError as error:
        return 400, {"error": str(error), "problems": error.problems}


TALKATIVE = {"DEBUG", "INFO"}
"""Values of LOG_LEVEL with which every request is logged; with others, those that were refused are."""
ROUTES: dict[str, dict[str, Route]] = {"/health": {"GET": health}, "/generate": {"POST": generate}}


def handler(event: dict[str, object], context: object) -> dict[str, object]:
    """Answer one request.

    Nothing unexpected is caught here: an exception that leaves the handler is what Lambda counts as an Error, and those
    errors are what the alarms of a release watch. A tidy 500 would hide a bad release from them. The visitor gets
    the HTTP API's own 500 all the same.
    """
    started = time.perf_counter()
    request = Request.from_event(event)
    status, body, headers = _dispatch(request)
    _log(request, status, time.perf_counter() - started, getattr(context, "aws_request_id", None))
    return respond(status, body, {"x-smartpack-version": VERSION, **headers})


def _dispatch(request: Request) -> tuple[int, Json, dict[str, str]]:
    methods = ROUTES.get(request.path)
    if methods is None:
        return 404, {"error": f"There is nothing here. Known: {', '.join(ROUTES)}.", "problems": []}, {}
    route = methods.get(request.method)
    if route is None:
        allowed = ", ".join(methods)
        return 405, {"error": f"This address takes {allowed} only.", "problems": []}, {"allow": allowed}
    try:
        return (*route(request), {})
    except BadRequestError as error:
        return error.status, {"error": str(error), "problems": []}, {}


def _log(request: Request, status: int, seconds: float, request_id: str | None) -> None:
    """Write one line of JSON, if LOG_LEVEL lets it: what was asked for and how it went, never what was in it."""
    if status < 400 and os.environ.get("LOG_LEVEL", "INFO").upper() not in TALKATIVE:  # noqa: PLR2004
        return
    line = {
        "level": "INFO" if status < 400 else "WARNING",  # noqa: PLR2004 - the first status of an error
        "message": "request answered",
        "method": request.method,
        "path": request.path[:100],
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
        "version": VERSION,
        "request_id": request_id,
    }
    sys.stdout.write(json.dumps(line) + "\n")
