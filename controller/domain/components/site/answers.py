"""What visitors get of an object, as the routing function makes it: the same as in `routing.js`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from controller.domain.checks.check import Answer
from controller.domain.components.site.addresses import SAYS
from controller.domain.components.site.moving import with_query


def told(answer: Answer, metadata: Mapping[str, str], query: str) -> Answer:
    """The answer with what the object's metadata says: another status, an address to go to, more headers."""
    if SAYS not in metadata:
        return answer
    says: dict[str, Any] = json.loads(metadata[SAYS])
    headers = {**answer.headers, **says.get("headers", {})}
    if location := says.get("location"):
        headers["location"] = with_query(location, query)
    return replace(answer, status=says.get("status", answer.status), headers=headers)
