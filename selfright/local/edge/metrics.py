"""The metrics that Lambda publishes for a qualified invocation and the emulator does not.

The emulator itself publishes those with the dimension `FunctionName` alone, so they are not repeated here.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

NAMESPACE = "AWS/Lambda"
PERIOD_SECONDS = 0.5
MOST_VALUES = 150
"""PutMetricData takes at most this many values in one datum."""

Datum = dict[str, Any]


@dataclass(frozen=True)
class Invocation:
    """One invocation of one version by way of an alias."""

    function_name: str
    alias: str
    version: str
    milliseconds: float
    error: bool
    """Whether the function itself failed (a `FunctionError`); a returned status 500 is no error of the function."""


class EdgeMetrics:
    """Collects invocations and publishes them in batches."""

    def __init__(self, put: Callable[[str, Sequence[Datum]], object]) -> None:
        self._put = put
        self._lock = threading.Lock()
        self._pending: list[Invocation] = []

    def add(self, invocation: Invocation) -> None:
        """Record an invocation; returns at once."""
        with self._lock:
            self._pending.append(invocation)

    def flush(self) -> None:
        """Publish the invocations recorded since the last time, dated now."""
        with self._lock:
            pending, self._pending = self._pending, []
        if pending:
            self._put(NAMESPACE, data(pending))


def data(invocations: Sequence[Invocation]) -> list[Datum]:
    """The metric data of some invocations: once per alias, and once per alias and version."""
    groups: dict[tuple[tuple[str, str], ...], list[Invocation]] = defaultdict(list)
    for one in invocations:
        resource = (("FunctionName", one.function_name), ("Resource", f"{one.function_name}:{one.alias}"))
        groups[resource].append(one)
        groups[(*resource, ("ExecutedVersion", one.version))].append(one)
    return [datum for dimensions, members in groups.items() for datum in _group(dimensions, members)]


def _group(dimensions: Sequence[tuple[str, str]], members: Sequence[Invocation]) -> list[Datum]:
    named = [{"Name": name, "Value": value} for name, value in dimensions]
    counted = {"Dimensions": named, "Unit": "Count"}
    errors = sum(one.error for one in members)
    outcomes = {0.0: len(members) - errors, 1.0: errors}
    seen = {value: count for value, count in outcomes.items() if count}
    return [
        {**counted, "MetricName": "Invocations", "Values": [1.0], "Counts": [float(len(members))]},
        {**counted, "MetricName": "Errors", "Values": list(seen), "Counts": [float(n) for n in seen.values()]},
        *_durations(named, [one.milliseconds for one in members]),
    ]


def _durations(named: Sequence[Datum], values: Sequence[float]) -> list[Datum]:
    slices = [values[start : start + MOST_VALUES] for start in range(0, len(values), MOST_VALUES)]
    shape = {"MetricName": "Duration", "Dimensions": named, "Unit": "Milliseconds"}
    return [{**shape, "Values": list(part), "Counts": [1.0] * len(part)} for part in slices]
