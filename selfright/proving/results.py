"""What a fact's measurement finds: measured, or not measured and why. Nothing is ever guessed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeAlias

from selfright.weather import Climate, figures


@dataclass(frozen=True)
class Measured:
    """One finding: in words (`said`), in `seconds` for each time that it was measured, or both.

    `tries` is how often it was tried, when it happened only in some cases. `figures` are the names of the weather's
    figures whose sum is assumed for it.
    """

    what: str
    said: str = ""
    seconds: tuple[float, ...] = ()
    tries: int | None = None
    figures: tuple[str, ...] = ()

    @property
    def middle(self) -> float | None:
        """The median in seconds; None if no time was measured."""
        return median(self.seconds) if self.seconds else None

    @property
    def worst(self) -> float | None:
        """The longest time in seconds; None if no time was measured."""
        return max(self.seconds, default=None)

    def assumed(self, climate: Climate, factor: float = 1) -> tuple[float, float] | None:
        """Median and worst in seconds that this climate has for it; None if no figure of the weather belongs to it."""
        found = [figures()[name].lateness(climate) for name in self.figures]
        if not found:
            return None
        return factor * sum(one.median for one in found), factor * sum(one.worst for one in found)


@dataclass(frozen=True)
class NotMeasured:
    """Something that could not be measured in this account, with the reason."""

    what: str
    why: str


Finding: TypeAlias = Measured | NotMeasured


@dataclass(frozen=True)
class FactReport:
    """All findings of one fact."""

    name: str
    question: str
    how: str
    findings: tuple[Finding, ...]

    @property
    def is_complete(self) -> bool:
        """Whether everything of it was measured."""
        return bool(self.findings) and all(isinstance(one, Measured) for one in self.findings)


def happened(what: str, times: Iterable[float | None], figure: str = "") -> Measured:
    """A finding about something that happens in some cases only; None: it did not happen this time."""
    tried = list(times)
    seconds = tuple(one for one in tried if one is not None)
    return Measured(what, f"{len(seconds)} of {len(tried)} times", seconds, len(tried), (figure,) if figure else ())


def document(finding: Finding, factor: float = 1) -> Mapping[str, Any]:
    """The finding for a machine, with what each climate assumes beside it; times in seconds."""
    if isinstance(finding, NotMeasured):
        return {"what": finding.what, "measured": False, "why": finding.why}
    beside = {
        climate: dict(zip(("median", "worst"), assumed, strict=True))
        for climate in ("aws", "storm")
        if (assumed := finding.assumed(climate, factor))
    }
    return {
        "what": finding.what,
        "measured": True,
        "said": finding.said,
        "seconds": [round(one, 3) for one in finding.seconds],
        "median": finding.middle,
        "worst": finding.worst,
        "tries": finding.tries,
        "figures": list(finding.figures),
        "assumed": beside,
    }
