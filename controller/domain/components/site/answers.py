"""What visitors get of an object, as the routing function makes it: the same as in `routing.js`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from controller.domain.checks.check import Answer
from controller.domain.components.site.addresses import SAYS


def told(answer: Answer, metadata: Mapping[str, str], query: str) -> Answer:
    """The answer with what the object's metadata says: another status, an address to go to, more headers."""
    if SAYS not in metadata:
        return answer
    says: dict[str, Any] = json.loads(metadata[SAYS])
    headers = {**answer.headers, **says.get("headers", {})}
    if location := says.get("location"):
        address, mark, place = location.partition("#")
        more = f"?{query}" if query and "?" not in address else ""
        headers["location"] = f"{address}{more}{mark}{place}"
    return replace(answer, status=says.get("status", answer.status), headers=headers)
