"""SmartPack's AI: one Lambda in a container image, behind an HTTP API (payload 2.0), standard library only.

`GET /health` says that it is up; `POST /suggest` names what people forget on such a trip. A model behind Ollama does
that (`OLLAMA_HOST`, `AI_MODEL`), for at most `AI_SECONDS`; if it does not, there are general suggestions, and the
answer says so. So a model that is slow, unreachable or wrong is never a failure of SmartPack.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict

from ollama import Ollama, OllamaError
from suggestions import SCHEMA, Suggestion, by_rules, prompt, read
from trip import InvalidTripError, Trip, read_trip
from version import VERSION
from web import BadRequestError, Json, Request, respond

HOST, MODEL, SECONDS = "127.0.0.1:11434", "llama3.2", 20.0
"""The defaults without environment variables; the HTTP API's own timeout is 30 s."""
RESERVE = 1.0
"""Seconds before the function's timeout that are kept for the answer."""
NOTICE = "The assistant did not answer: these are general suggestions."
METHODS = {"/health": "GET", "/suggest": "POST"}


def handler(event: dict[str, object], context: object) -> dict[str, object]:
    """Answer one request. An exception is a bug, and leaves the handler, so that Lambda counts an error."""
    started = time.perf_counter()
    request = Request.from_event(event)
    status, body, headers, why = _dispatch(request, context)
    _log(request, status, time.perf_counter() - started, str(body.get("source", "")), why)
    return respond(status, body, {"x-smartpack-version": VERSION, **headers})


def _dispatch(request: Request, context: object) -> tuple[int, Json, dict[str, str], str]:
    """Return status, body, headers, and why no model answered."""
    method = METHODS.get(request.path)
    if method is None:
        return 404, {"error": f"There is nothing here. Known: {', '.join(METHODS)}.", "problems": []}, {}, ""
    if request.method != method:
        return 405, {"error": f"This address takes {method} only.", "problems": []}, {"allow": method}, ""
    if request.path == "/health":
        return 200, {"status": "ok", "version": VERSION}, {}, ""
    try:
        body, why = suggest(read_trip(request.json()), _seconds(os.environ, context))
    except InvalidTripError as error:
        return 400, {"error": str(error), "problems": error.problems}, {}, ""
    except BadRequestError as error:
        return error.status, {"error": str(error), "problems": []}, {}, ""
    return 200, body, {}, why


def suggest(trip: Trip, seconds: float) -> tuple[Json, str]:
    """Return the answer for a trip, and why it is not a model's (empty when it is)."""
    ollama = Ollama(os.environ.get("OLLAMA_HOST") or HOST, os.environ.get("AI_MODEL") or MODEL)
    try:
        found = read(ollama.ask(prompt(trip), SCHEMA, seconds))
        why = "" if found else "it suggested nothing that can be shown"
    except OllamaError as error:
        found, why = [], str(error)
    source, notice = ("rules", NOTICE) if why else ("model", "")
    return _body(trip, found or by_rules(trip), source, notice), why


def _body(trip: Trip, found: list[Suggestion], source: str, notice: str) -> Json:
    suggestions = [asdict(one) for one in found]
    return {"destination": trip.destination, "suggestions": suggestions, "source": source, "notice": notice}


def _seconds(variables: Mapping[str, str], context: object) -> float:
    """Return how long the model may take: as configured, and never longer than the function itself has left."""
    try:
        configured = float(variables.get("AI_SECONDS") or SECONDS)
    except ValueError:
        configured = SECONDS
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    left = remaining() / 1000 - RESERVE if remaining else configured
    return min(configured, left) if configured > 0 else min(SECONDS, left)


def _log(request: Request, status: int, seconds: float, source: str, why: str) -> None:
    """Write one line of JSON: what was asked for and how it went, never what was in it."""
    line = {
        "level": "WARNING" if why or status >= 400 else "INFO",  # noqa: PLR2004 - the first status of an error
        "message": f"no model: {why}" if why else "request answered",
        "method": request.method,
        "path": request.path[:100],
        "status": status,
        "source": source,
        "milliseconds": round(seconds * 1000, 2),
        "version": VERSION,
    }
    sys.stdout.write(json.dumps(line) + "\n")
