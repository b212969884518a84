"""CloudWatch Logs in memory, for `selfright logs`: groups that answer in pages, as AWS does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

PAGE = 2
API, STAGE, ALARM = "/aws/lambda/smartpack-prod-api", "/aws/lambda/selfright-stage", "/aws/lambda/selfright-on-alarm"


@dataclass
class FakeLogs:
    """Log groups by name; `trouble` are errors that the next questions get, `asked` is what was asked for."""

    groups: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {API: [], STAGE: [], ALARM: []})
    asked: list[dict[str, Any]] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def write(self, group: str, at: datetime, message: str, version: str = "$LATEST") -> None:
        """A function of this version writes a line."""
        number = len(self.groups[group])
        stream = f"2026/01/02/[{version}]0f0f"
        event = {"timestamp": int(at.timestamp() * 1000), "message": message, "logStreamName": stream}
        self.groups[group].append({**event, "eventId": f"{group}-{number}"})

    def get_paginator(self, operation: str) -> "FakeLogs":
        """Only this one is there."""
        assert operation == "filter_log_events"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - as boto3
        """The events in order of time, a few a page."""
        self.asked.append(request)
        if self.trouble:
            raise ClientError({"Error": {"Code": self.trouble.pop(0), "Message": "no"}}, "FilterLogEvents")
        group = request["logGroupName"]
        if group not in self.groups:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "FilterLogEvents")
        phrases = re.findall(r'"((?:[^"\\]|\\.)*)"', request.get("filterPattern", ""))
        wanted = [re.sub(r"\\(.)", r"\1", phrase) for phrase in phrases]
        found = [one for one in self.groups[group] if _is_within(one, request)]
        found = [one for one in found if all(phrase in one["message"] for phrase in wanted)]
        found.sort(key=lambda one: one["timestamp"])
        for start in range(0, len(found), PAGE):
            yield {"events": found[start : start + PAGE]}


def _is_within(event: dict[str, Any], request: dict[str, Any]) -> bool:
    return bool(request["startTime"] <= event["timestamp"] <= request.get("endTime", event["timestamp"]))
