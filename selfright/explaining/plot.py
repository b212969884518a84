"""The picture of a deployment: error rates with their bands, evidence against its limit, weight, alarms, evaluations.

matplotlib is a separate extra, because nothing else needs it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from controller.domain.deployment import Counts, Evaluation
from controller.domain.printable import figure
from selfright.errors import AdviceError
from selfright.explaining.error_bands import band
from selfright.explaining.explanation import Explanation
from selfright.wording import TRIPPED_BY, clean

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

CANARY, STABLE, EVIDENCE, WEIGHT, ALARM = "#d1495b", "#2e86ab", "#7a3b9a", "#5c6b73", "#e08e0b"
INCHES, DOTS = (10, 7.5), 150
MINUTE = 60
MISSING = "matplotlib is not installed, and --plot draws with it."
INSTALL = "Install it: pip install matplotlib"


def plot(explanation: Explanation, file: Path) -> None:
    """Write the picture as PNG or SVG, by the file's name.

    Raises `AdviceError` when there is nothing to draw or no matplotlib, `OSError` when it cannot be written.
    """
    if not explanation.evaluations:
        one = explanation.record.deployment
        step = f"`selfright show {one.deployment_id}` shows its timeline."
        raise AdviceError(f"There is nothing to draw: the judge made no evaluation of {one.deployment_id}.", step)
    try:
        from matplotlib import rc_context  # noqa: PLC0415 - an optional package
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise AdviceError(MISSING, INSTALL) from error
    with rc_context({"svg.hashsalt": "selfright", "font.size": 9}):
        figure = Figure(figsize=INCHES, layout="constrained")
        drawing = _Drawing(explanation, *figure.subplots(3, 1, sharex=True, height_ratios=[3, 3, 1]))
        drawing.draw()
        figure.suptitle(_title(explanation), fontsize=12, x=0.01, ha="left")
        figure.legend(handles=drawing.handles, loc="outside lower center", ncols=len(drawing.handles), frameon=False)
        figure.savefig(file, dpi=DOTS, metadata={"Date": None} if file.suffix.lower() == ".svg" else None)


def _title(explanation: Explanation) -> str:
    one = explanation.record.deployment
    return clean(f"{one.application} {one.version} → {one.environment_key}: {one.phase}")


class _Drawing:
    """Draws into three pictures, one above the other, with the same time."""

    def __init__(self, explanation: Explanation, rates: "Axes", evidence: "Axes", weight: "Axes") -> None:
        self._explanation, self._evaluations = explanation, explanation.evaluations
        self._rates, self._evidence, self._weight = rates, evidence, weight
        self.handles: list[Artist] = []
        self._start = explanation.record.deployment.upload.uploaded_at
        last = self._after(self._evaluations[-1].at)
        self._scale, self._unit = (1, "seconds") if last < 5 * MINUTE else (MINUTE, "minutes")

    def draw(self) -> None:
        """All of it."""
        self._draw_rates()
        self._draw_evidence()
        self._draw_weight()
        for axes in (self._rates, self._evidence, self._weight):
            self._draw_moments(axes)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(axis="y", alpha=0.25)
        self._weight.set_xlabel(f"{self._unit} since the upload")

    def _draw_rates(self) -> None:
        sides: Sequence[tuple[str, str, Callable[[Evaluation], Counts]]] = (
            ("stable", STABLE, lambda evaluation: evaluation.stable),
            ("canary", CANARY, lambda evaluation: evaluation.canary),
        )
        top = 0.0
        for name, colour, side in sides:
            label: str | None = name
            for _, evaluations in groupby(
                (evaluation for evaluation in self._evaluations if side(evaluation).requests),
                lambda evaluation: bool(evaluation.limit),
            ):
                top = max(top, self._draw_side(list(evaluations), side, colour, label))
                label = None
        highest = max(0.1, 1.1 * top)
        self._rates.set_ylim(-0.02 * highest, highest)
        self._rates.set_ylabel("failed requests, %")
        self._rates.set_title(
            "Error rate so far; bands: 95 %, at all evaluations at once",
            loc="left",
            fontsize=9,
        )
        self.handles += self._rates.get_legend_handles_labels()[0]

    def _draw_side(
        self, evaluations: list[Evaluation], side: Callable[[Evaluation], Counts], colour: str, label: str | None
    ) -> float:
        """Draw one side, compared or alone; return the visible height. Early bands are wide and may be cut."""
        times = [self._time(evaluation.at) for evaluation in evaluations]
        rates = [100 * side(evaluation).error_rate for evaluation in evaluations]
        bands = [band(side(evaluation)) for evaluation in evaluations]
        low, high = [100 * one for one, _ in bands], [100 * one for _, one in bands]
        if len(evaluations) == 1:
            self._rates.vlines(times, low, high, color=colour, alpha=0.4, linewidth=4)
        self._rates.fill_between(times, low, high, color=colour, alpha=0.18, linewidth=0)
        self._rates.plot(times, rates, color=colour, label=label, marker="o", markersize=2.5, linewidth=1.5)
        return max(*rates, high[-1])

    def _draw_evidence(self) -> None:
        axes, evaluations = self._evidence, [evaluation for evaluation in self._evaluations if evaluation.limit]
        axes.set_ylabel("e-value")
        axes.set_title("Evidence that the canary is worse", loc="left", fontsize=9)
        if not evaluations:
            axes.text(0.5, 0.5, "nothing was compared", transform=axes.transAxes, ha="center", color=WEIGHT)
            axes.set_yticks([])
            return
        limit = evaluations[-1].limit
        axes.set_yscale("log")
        times, values = (
            [self._time(evaluation.at) for evaluation in evaluations],
            [max(evaluation.e_value, 1e-6) for evaluation in evaluations],
        )
        axes.plot(times, values, color=EVIDENCE, marker="o", markersize=2.5, linewidth=1.5)
        axes.axhline(limit, color=CANARY, linestyle="--", linewidth=1.2)
        axes.text(times[0], 1.15 * limit, f"{figure(limit)} rolls back", color=CANARY, fontsize=8)
        axes.set_ylim(min(0.1, 0.7 * min(values)), 5 * max(limit, *values))

    def _draw_weight(self) -> None:
        axes = self._weight
        times, weights = zip(*self._shifts(), strict=True)
        axes.step(times, weights, where="post", color=WEIGHT, linewidth=1.5)
        axes.plot(
            [self._time(evaluation.at) for evaluation in self._evaluations],
            [0] * len(self._evaluations),
            "|",
            color=WEIGHT,
            markersize=7,
        )
        axes.set_ylim(-6, 108)
        axes.set_yticks([0, 50, 100])
        axes.set_ylabel("weight, %")
        axes.set_title("The canary's share of the visitors; ticks: the judge's evaluations", loc="left", fontsize=9)

    def _shifts(self) -> Iterator[tuple[float, int]]:
        """When each weight began: between the last evaluation at the former one and the first at this one."""
        evaluations, restored = self._evaluations, self._explanation.record.deployment.traffic_restored_at
        gap = evaluations[1].at - evaluations[0].at if len(evaluations) > 1 else timedelta()
        yield self._time(evaluations[0].at - gap), evaluations[0].weight
        for before, evaluation in pairwise(evaluations):
            if evaluation.weight != before.weight:
                yield self._time(before.at), evaluation.weight
        if restored:
            yield self._time(restored), 0
        yield (
            self._time(max(evaluations[-1].at, restored or evaluations[-1].at)),
            0 if restored else evaluations[-1].weight,
        )

    def _draw_moments(self, axes: "Axes") -> None:
        """Mark what ended it, which alarms fired, and when all visitors were on stable again."""
        one = self._explanation.record.deployment
        for evaluation in self._evaluations:
            if evaluation.firing:
                axes.axvline(self._time(evaluation.at), color=ALARM, alpha=0.25, linewidth=1)
        if one.trip:
            moment, alarm = one.trip.fired_at or one.trip.at, one.trip.source == "alarm"
            self._mark(axes, moment, ALARM if alarm else CANARY, f"tripped by {TRIPPED_BY[one.trip.source]}")
        if one.traffic_restored_at:
            self._mark(axes, one.traffic_restored_at, STABLE, "all on stable again")

    def _mark(self, axes: "Axes", moment: datetime, colour: str, said: str) -> None:
        line = axes.axvline(self._time(moment), color=colour, linewidth=1.2, linestyle=":", label=said)
        if axes is self._rates:
            self.handles.append(line)

    def _time(self, moment: datetime) -> float:
        return self._after(moment) / self._scale

    def _after(self, moment: datetime) -> float:
        return (moment - self._start).total_seconds()
