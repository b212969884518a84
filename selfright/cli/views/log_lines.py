"""How a line of a log is shown: as text, or as a document."""

import json
import re
from typing import Any

from rich.text import Text

from selfright.account.logs import CONTROLLER, LogLine
from selfright.cli.views import signs
from selfright.wording import clean

WIDTHS = (10, 9)
COLOURS = ("cyan", "magenta", "blue", "yellow")
"""One colour for each component; the controller's lines have none."""
MESSAGES, LEVELS = ("message", "msg", "event"), ("level", "levelname", "severity")
KNOWN = frozenset(
    {
        *MESSAGES,
        *LEVELS,
        "timestamp",
        "time",
        "service",
        "location",
        "deployment_id",
        "deployments",
        "xray_trace_id",
        "requestId",
    }
    | {"request_id", "function_request_id", "cold_start", "function_name", "function_arn", "function_memory_size"}
)
"""Members of a JSON line that are shown elsewhere or have no use for people."""
BAD = re.compile(r"^\[?(ERROR|CRITICAL|FATAL)\b|Task timed out|^Traceback|\bStatus: (timeout|error)", re.IGNORECASE)


def shown(line: LogLine) -> Text:
    """One line for people: local time, who, which version, what."""
    name, record = line.source.name, _record(line)
    who = (
        f"{line.side} {line.version}".strip()
        if line.side
        else line.source.group.rpartition("/")[2].removeprefix("selfright-")
    )
    what = clean(_said(record) if record else line.text.rstrip())
    style = signs.BAD if _level(line, record) == "ERROR" else ""
    return Text.assemble(
        (f"{line.at.astimezone():%H:%M:%S}.{line.at.microsecond // 1000:03}  ", signs.QUIET),
        (f"{name:<{WIDTHS[0]}}  ", _colour(name)),
        (f"{who:<{WIDTHS[1]}}  ", signs.CAREFUL if line.side == "canary" else signs.QUIET),
        (what, style),
    )


def document(line: LogLine) -> dict[str, Any]:
    """One line for programs. `record` is the written line, if it was a JSON object; `message` is always text."""
    record = _record(line)
    return {
        "at": line.at.isoformat(),
        "source": line.source.name,
        "version": line.version if line.side else None,
        "side": line.side or None,
        "level": _level(line, record) or None,
        "message": line.text.rstrip("\n"),
        "record": record,
        "log_group": line.source.group,
        "log_stream": line.stream,
    }


def _record(line: LogLine) -> dict[str, Any] | None:
    if not line.text.startswith("{"):
        return None
    try:
        found = json.loads(line.text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _said(record: dict[str, Any]) -> str:
    """The message and the other members, shortened."""
    message = next((str(record[key]) for key in MESSAGES if record.get(key)), "")
    rest = (f"{key}={_short(value)}" for key, value in record.items() if key not in KNOWN and value not in ("", None))
    return " ".join(filter(None, (message, *rest)))


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _level(line: LogLine, record: dict[str, Any] | None) -> str:
    """`ERROR`, `WARNING`, `INFO` …, if the line has it."""
    if record:
        said = next((str(record[key]).upper() for key in LEVELS if record.get(key)), "")
        return "ERROR" if said in {"CRITICAL", "FATAL"} else said
    return "ERROR" if BAD.search(line.text) else ""


def _colour(name: str) -> str:
    return "bold" if name == CONTROLLER else COLOURS[sum(name.encode()) % len(COLOURS)]
