"""The trial as a JSON document for the ledger: less than 4 KB, however long the bake is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from controller.domain.deployment import Counts
from controller.domain.judging.sequential.clustering import Tally
from controller.domain.judging.sequential.stream import Stream
from controller.domain.judging.sequential.tolerance import Margin
from controller.domain.judging.sequential.trial import Side, Trial

DIGITS = 6
"""The significant digits that are kept: they change an e-value by less than a thousandth over a bake."""


def as_document(trial: Trial) -> dict[str, Any]:
    """The trial in JSON's types."""
    return {
        "alpha": trial.alpha,
        "tolerance": trial.tolerance,
        "metrics": list(trial.metrics),
        "shifted_at": _to_text(trial.shifted_at),
        "components": {name: _component(trial, name) for name in trial.components},
    }


def from_document(document: Mapping[str, Any]) -> Trial:
    """The trial of a document. Raises KeyError, TypeError or ValueError when the document is not a trial."""
    parts, metrics = document["components"], tuple(document["metrics"])
    return Trial(
        alpha=float(document["alpha"]),
        tolerance=float(document["tolerance"]),
        components=tuple(sorted(parts)),
        metrics=metrics,
        streams={
            (name, metric): _stream(parts[name]["streams"][metric]) for name in sorted(parts) for metric in metrics
        },
        sides={name: _side(parts[name]) for name in sorted(parts)},
        shifted_at=_to_moment(document["shifted_at"]),
    )


def _component(trial: Trial, name: str) -> dict[str, Any]:
    side = trial.sides[name]
    return {
        "seen": _to_text(side.seen),
        "counts": [*_pair(side.step), *_pair(side.canary), *_pair(side.stable)],
        "margin": [_short(side.margin.log_wealth), *_pair(side.margin.both)],
        "streams": {metric: _numbers(trial.streams[name, metric]) for metric in trial.metrics},
    }


def _side(part: Mapping[str, Any]) -> Side:
    step, canary, stable = _counts(part["counts"])
    wealth, *both = part["margin"]
    return Side(_to_moment(part["seen"]), step, canary, stable, Margin(wealth, *_counts(both)))


def _numbers(stream: Stream) -> list[float]:
    """Both sides' counts, the tally, the gain, and the logs."""
    tally = stream.tally
    counts = [*_pair(stream.canary), *_pair(stream.stable), *_pair(tally.last), tally.pairs, tally.weight]
    return [*counts, *map(_short, (tally.spread, stream.gain, *stream.logs))]


def _stream(numbers: list[float]) -> Stream:
    canary, stable, last = _counts(numbers[:6])
    pairs, weight, spread, gain, *logs = numbers[6:]
    return Stream(tuple(logs), gain, canary, stable, Tally(int(pairs), int(weight), spread, last))


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _pair(counts: Counts) -> tuple[int, int]:
    return counts.requests, counts.errors


def _counts(numbers: list[Any]) -> list[Counts]:
    return [Counts(int(numbers[at]), int(numbers[at + 1])) for at in range(0, len(numbers), 2)]


def _to_text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _to_moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
