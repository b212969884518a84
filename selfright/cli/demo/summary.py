"""The table at the end of the demo, and where to look next."""

from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from selfright.cli.demo.acts import Performed
from selfright.cli.demo.proof import Seen
from selfright.cli.views import signs
from selfright.wording import duration


@dataclass(frozen=True)
class Line:
    """One release in the summary: its end, what visitors then got, and its served and failed requests."""

    performed: Performed
    seen: Seen
    requests: int
    failed: int
    live: str

    @property
    def as_planned(self) -> bool:
        """Whether it ended as planned, and visitors got only the version that should be live."""
        return self.performed.as_planned and self.seen.is_only(self.live)

    def document(self) -> dict[str, Any]:
        """The document for `--output json`; times in seconds."""
        done = self.performed
        return {
            "release": done.act.version,
            "deployment_id": done.deployment.deployment_id,
            "phase": str(done.deployment.phase),
            "as_planned": self.as_planned,
            "seconds_from_upload": round(done.seconds, 2),
            "stopped_by": done.stopped_by,
            "seconds_from_trip_to_restored": _rounded(done.trip_to_restored),
            "seconds_from_trip_to_back": _rounded(done.trip_to_back),
            "requests_served": self.requests,
            "requests_failed": self.failed,
            "live_api": sorted(self.seen.api),
            "live_site": sorted(self.seen.site),
        }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def table(lines: list[Line]) -> Table:
    """All releases of the demo."""
    shown = Table(title="What happened", title_justify="left", title_style="bold", header_style=signs.QUIET)
    for title in (
        "release",
        "phase",
        "upload → live or restored",
        "trip → written, arrived",
        "served (failed)",
        "live now",
    ):
        shown.add_column(title, justify="right" if "→" in title or "(" in title else "left")
    for line in lines:
        done = line.performed
        shown.add_row(
            done.act.version,
            signs.phase(done.deployment.phase),
            duration(done.seconds),
            _tripped(done),
            f"{line.requests:,} ({line.failed:,})",
            _live(line),
        )
    return shown


def _tripped(done: Performed) -> str:
    if done.trip_to_restored is None:
        return "-"
    return f"{done.stopped_by}, {duration(done.trip_to_restored)}, {duration(done.trip_to_back) or 'not seen'}"


def _live(line: Line) -> Text:
    if line.seen.is_only(line.live):
        return Text(f"API and site {line.live} ✓", signs.GOOD)
    return Text(f"API {', '.join(sorted(line.seen.api))}; site {', '.join(sorted(line.seen.site))} ✗", signs.BAD)


def ending(lines: list[Line], where: RenderableType) -> RenderableType:
    """The table, one sentence, and where to look next."""
    good = all(line.as_planned for line in lines)
    sentence = (
        Text(
            "Version 1.2.0 was rolled back by itself; visitors get 1.1.0 again, API and site, checked from outside.",
            signs.GOOD,
        )
        if good
        else Text("Not everything ended as planned: see the lines marked ✗ and the events above.", signs.BAD)
    )
    return Group(Text(), table(lines), sentence, Text(), where)
