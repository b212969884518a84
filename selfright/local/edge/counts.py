"""Counts of served answers, by version of the API and revision of the site."""

import threading
from collections import defaultdict
from typing import Literal

Part = Literal["api", "site"]
Totals = dict[str, dict[str, dict[str, int]]]
"""{"api": {"3": {"ok": 10, "failed": 1}}, "site": {"3f9a…": {"ok": 5, "failed": 0}}}"""

SERVER_ERROR = 500


class EdgeCounts:
    """Counters that many threads may touch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._totals: dict[Part, dict[str, dict[str, int]]] = {"api": defaultdict(_zero), "site": defaultdict(_zero)}

    def add(self, part: Part, revision: str, status: int) -> None:
        """Count one answer; a status of 500 or more is a failed one."""
        with self._lock:
            self._totals[part][revision]["failed" if status >= SERVER_ERROR else "ok"] += 1

    def totals(self) -> Totals:
        """A copy of all counters."""
        with self._lock:
            return {
                part: {revision: dict(one) for revision, one in members.items()}
                for part, members in self._totals.items()
            }


def _zero() -> dict[str, int]:
    return {"ok": 0, "failed": 0}
