"""The picture of a deployment: error rates with their bands, evidence against its limit, weight, alarms, looks.

matplotlib is an extra of its own, because nothing else needs it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from controller.domain.deployment import Counts, Look
from selfright.advice import AdviceError
from selfright.cli.view import TRIPS
from selfright.cli.words import clean
from selfright.explaining.bands import band
from selfright.explaining.explanation import Explanation

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
    if not explanation.looks:
        one = explanation.story.deployment
        step = f"`selfright show {one.deployment_id}` has its story."
        raise AdviceError(f"There is nothing to draw: the judge never looked at {one.deployment_id}.", step)
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
    one = explanation.story.deployment
    return clean(f"{one.application} {one.version} → {one.environment_key}: {one.phase}")


class _Drawing:
    """Draws into three pictures, one above the other, with the same time."""

    def __init__(self, explanation: Explanation, rates: "Axes", evidence: "Axes", weight: "Axes") -> None:
        self._explanation, self._looks = explanation, explanation.looks
        self._rates, self._evidence, self._weight = rates, evidence, weight
        self.handles: list[Artist] = []
        self._start = explanation.story.deployment.upload.uploaded_at
        last = self._after(self._looks[-1].at)
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
        sides: Sequence[tuple[str, str, Callable[[Look], Counts]]] = (
            ("stable", STABLE, lambda look: look.stable),
            ("canary", CANARY, lambda look: look.canary),
        )
        top = 0.0
        for name, colour, side in sides:
            label: str | None = name
            for _, looks in groupby(
                (look for look in self._looks if side(look).requests), lambda look: bool(look.limit)
            ):
                top = max(top, self._draw_side(list(looks), side, colour, label))
                label = None
        highest = max(0.1, 1.1 * top)
        self._rates.set_ylim(-0.02 * highest, highest)
        self._rates.set_ylabel("failed requests, %")
        self._rates.set_title(
            "Error rate so far; bands: 95 %, at all looks at once",
            loc="left",
            fontsize=9,
        )
        self.handles += self._rates.get_legend_handles_labels()[0]

    def _draw_side(self, looks: list[Look], side: Callable[[Look], Counts], colour: str, label: str | None) -> float:
        """One side, compared or alone; how high it must be seen. Early bands are wide, and need not be seen whole."""
        times = [self._time(look.at) for look in looks]
        rates = [100 * side(look).error_rate for look in looks]
        bands = [band(side(look)) for look in looks]
        low, high = [100 * one for one, _ in bands], [100 * one for _, one in bands]
        if len(looks) == 1:
            self._rates.vlines(times, low, high, color=colour, alpha=0.4, linewidth=4)
        self._rates.fill_between(times, low, high, color=colour, alpha=0.18, linewidth=0)
        self._rates.plot(times, rates, color=colour, label=label, marker="o", markersize=2.5, linewidth=1.5)
        return max(*rates, high[-1])

    def _draw_evidence(self) -> None:
        axes, looks = self._evidence, [look for look in self._looks if look.limit]
        axes.set_ylabel("e-value")
        axes.set_title("Evidence that the canary is worse", loc="left", fontsize=9)
        if not looks:
            axes.text(0.5, 0.5, "nothing was compared", transform=axes.transAxes, ha="center", color=WEIGHT)
            axes.set_yticks([])
            return
        limit = looks[-1].limit
        axes.set_yscale("log")
        times, values = [self._time(look.at) for look in looks], [max(look.e_value, 1e-6) for look in looks]
        axes.plot(times, values, color=EVIDENCE, marker="o", markersize=2.5, linewidth=1.5)
        axes.axhline(limit, color=CANARY, linestyle="--", linewidth=1.2)
        axes.text(times[0], 1.15 * limit, f"{limit:.3g} rolls back", color=CANARY, fontsize=8)
        axes.set_ylim(min(0.1, 0.7 * min(values)), 5 * max(limit, *values))

    def _draw_weight(self) -> None:
        axes = self._weight
        times, weights = zip(*self._shifts(), strict=True)
        axes.step(times, weights, where="post", color=WEIGHT, linewidth=1.5)
        axes.plot(
            [self._time(look.at) for look in self._looks], [0] * len(self._looks), "|", color=WEIGHT, markersize=7
        )
        axes.set_ylim(-6, 108)
        axes.set_yticks([0, 50, 100])
        axes.set_ylabel("weight, %")
        axes.set_title("The canary's share of the visitors; ticks: the judge's looks", loc="left", fontsize=9)

    def _shifts(self) -> Iterator[tuple[float, int]]:
        """When each weight began: between the last look at the former one and the first at this one."""
        looks, restored = self._looks, self._explanation.story.deployment.traffic_restored_at
        gap = looks[1].at - looks[0].at if len(looks) > 1 else timedelta()
        yield self._time(looks[0].at - gap), looks[0].weight
        for before, look in pairwise(looks):
            if look.weight != before.weight:
                yield self._time(before.at), look.weight
        if restored:
            yield self._time(restored), 0
        yield self._time(max(looks[-1].at, restored or looks[-1].at)), 0 if restored else looks[-1].weight

    def _draw_moments(self, axes: "Axes") -> None:
        """What ended it, which alarms were firing, and when everybody was back."""
        one = self._explanation.story.deployment
        for look in self._looks:
            if look.firing:
                axes.axvline(self._time(look.at), color=ALARM, alpha=0.25, linewidth=1)
        if one.trip:
            moment, alarm = one.trip.fired_at or one.trip.at, one.trip.source == "alarm"
            self._mark(axes, moment, ALARM if alarm else CANARY, f"tripped by {TRIPS[one.trip.source]}")
        if one.traffic_restored_at:
            self._mark(axes, one.traffic_restored_at, STABLE, "everybody is back")

    def _mark(self, axes: "Axes", moment: datetime, colour: str, said: str) -> None:
        line = axes.axvline(self._time(moment), color=colour, linewidth=1.2, linestyle=":", label=said)
        if axes is self._rates:
            self.handles.append(line)

    def _time(self, moment: datetime) -> float:
        return self._after(moment) / self._scale

    def _after(self, moment: datetime) -> float:
        return (moment - self._start).total_seconds()
