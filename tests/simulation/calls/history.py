"""What happened in a run: every call, and whatever else a person wants to read in its timeline."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.simulation.engine.scheduler import START

SHOWN = 110
OUT = re.compile(r"!!! #\d+ (.*is out)")
KEYS = (
    "FunctionName",
    "Name",
    "Qualifier",
    "Bucket",
    "Key",
    "Prefix",
    "Path",
    "executionArn",
    "name",
    "TopicArn",
    "taskToken",
)
"""The members of a request that name what it is about."""


@dataclass(frozen=True)
class Call:
    """One request of a call, when its effect was there or was refused. `number` counts all requests of a run."""

    number: int
    seconds: float
    actor: str
    service: str
    operation: str
    request: Mapping[str, Any]
    result: str
    fault: str = ""

    def __str__(self) -> str:
        fault = f"  <<< {self.fault}" if self.fault else ""
        return f"#{self.number} {self.service}.{self.operation} {about(self.request)} → {self.result}{fault}"


@dataclass(frozen=True)
class Note:
    """Anything else: what a person did, what an execution did, what was served."""

    seconds: float
    actor: str
    text: str

    def __str__(self) -> str:
        return self.text


class History:
    """The lines of one run, in the order in which they happened."""

    def __init__(self) -> None:
        self.lines: list[Call | Note] = []

    def note(self, seconds: float, actor: str, text: str) -> None:
        """Add a line that is no call."""
        self.lines.append(Note(seconds, actor, text))

    def shown(self) -> Iterator[str]:
        """The lines for a person: of many that an outage makes, one."""
        repeated, last = 0, ""
        for line in self:
            what = OUT.search(line)
            if what and what[1] == last:
                repeated += 1
                continue
            if repeated:
                yield f"{'':16}({repeated} more like this)"
            repeated, last = 0, what[1] if what else ""
            yield line

    def __iter__(self) -> Iterator[str]:
        """The lines as text: the time of day, who, what."""
        for line in self.lines:
            at = START + timedelta(seconds=line.seconds)
            yield f"{at:%d %H:%M:%S}.{at.microsecond // 1000:03} {line.actor:<34} {line}"


def about(request: Mapping[str, Any]) -> str:
    """What a request is about, in a few words."""
    if "TransactItems" in request:
        inner = [next(iter(one.values())) for one in request["TransactItems"]]
        return " + ".join(_item(one) for one in inner)
    if "TableName" in request:
        return _item(request)
    return " ".join(str(request[key])[-60:] for key in KEYS if key in request)[:SHOWN]


def _item(request: Mapping[str, Any]) -> str:
    where = request.get("Key") or request.get("Item") or {}
    if not isinstance(where, Mapping) or "pk" not in where:
        return str(request.get("IndexName") or request.get("ExpressionAttributeValues", ""))[:SHOWN]
    what = f"{where['pk'].get('S', '')} {where['sk'].get('S', '')}".replace("DEPLOYMENT#", "")
    return what + _written(request)


def _written(request: Mapping[str, Any]) -> str:
    """The names that an update sets, with the phase if it sets that one."""
    if "UpdateExpression" not in request:
        return ""
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    said = []
    for part in request["UpdateExpression"].removeprefix("SET ").split(" REMOVE ")[0].split(", "):
        path, _, value = part.partition(" = ")
        name = ".".join(names.get(word, word) for word in path.strip().split("."))
        shown = next(iter(values.get(value.strip(), {"": ""}).values()))
        if name != "updated_at":
            said.append(f"{name}={shown}" if isinstance(shown, str) and len(shown) < 24 else name)
    return f" set {', '.join(said)}"[:SHOWN]
