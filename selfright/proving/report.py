"""The report of a run: one document for machines, and the same as Markdown for people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from selfright.proving.results import FactReport, Finding, Measured, NotMeasured, document
from selfright.weather import figures


@dataclass(frozen=True)
class ProveReport:
    """A whole run: where, when, by which version of Selfright, and every answer."""

    account: str
    region: str
    version: str
    began: datetime
    ended: datetime
    answers: Sequence[FactReport]
    factor: float = 1
    elsewhere: Mapping[str, Any] = field(default_factory=dict)
    """What was measured instead of AWS itself: the `endpoint`, and of a local AWS its `weather`; empty on AWS."""

    @property
    def name(self) -> str:
        """The beginning of the names of the run's files."""
        return file_name(self.account, self.region, self.began)

    @property
    def place(self) -> str:
        """Where it was measured, if that is not AWS itself; in words, with the factor of its times."""
        if not self.elsewhere:
            return ""
        weather = self.elsewhere.get("weather")
        what = f"a local AWS, with the weather {weather}" if weather else "another endpoint"
        times = f"its times are multiplied by {self.factor:g}"
        return f"This is not AWS: {what}, at {self.elsewhere['endpoint']}, where {times}."

    def document(self) -> dict[str, Any]:
        """The report for a machine; times in seconds."""
        return {
            "account": self.account,
            "region": self.region,
            "selfright": self.version,
            "began": self.began.isoformat(timespec="seconds"),
            "ended": self.ended.isoformat(timespec="seconds"),
            "factor": self.factor,
            "not_aws": dict(self.elsewhere) or None,
            "facts": [
                {
                    "name": one.name,
                    "question": one.question,
                    "how": one.how,
                    "findings": [document(finding, self.factor) for finding in one.findings],
                }
                for one in self.answers
            ],
            "figures_without_a_measurement": self.missing,
        }

    @property
    def missing(self) -> list[str]:
        """The weather's figures that this run says nothing about."""
        findings = [finding for one in self.answers for finding in one.findings]
        measured = {name for one in findings if isinstance(one, Measured) and one.seconds for name in one.figures}
        return sorted(set(figures()) - measured)

    def markdown(self) -> str:
        """The report for a person."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        minutes = (self.ended - self.began).total_seconds() / 60
        what = "a stand-in for AWS" if self.elsewhere else "AWS"
        yield f"# What {what} is like in {self.region}, account {self.account}"
        yield ""
        if self.place:
            yield f"**{self.place}**"
            yield ""
        began = f"{self.began:%Y-%m-%d %H:%M} UTC"
        yield f"Measured by `selfright prove` {self.version}, {began}, in {minutes:.0f} minutes."
        yield "Times are seconds. *Assumed* is what the weather of Selfright's simulator and local AWS has:"
        yield "*aws* is what AWS's documentation leads one to expect, *storm* the worst that it allows."
        if self.factor != 1:
            yield f"The times of AWS were scaled by {self.factor:g} here, and so are those that are assumed."
        for answer in self.answers:
            yield from _fact(answer, self.factor)
        yield ""
        yield "## Not measured by this run"
        yield ""
        yield f"Figures of the weather: {', '.join(f'`{name}`' for name in self.missing) or 'none'}."


def _fact(answer: FactReport, factor: float) -> Iterator[str]:
    yield ""
    yield f"## {answer.question}"
    yield ""
    yield f"`{answer.name}`: {answer.how}"
    yield ""
    yield "| what | median | worst | assumed: aws | assumed: storm | in words |"
    yield "|---|---|---|---|---|---|"
    for finding in answer.findings:
        yield f"| {' | '.join(_cell(cell) for cell in _row(finding, factor))} |"


def _row(finding: Finding, factor: float) -> tuple[str, ...]:
    if isinstance(finding, NotMeasured):
        return (finding.what, "", "", "", "", f"not measured: {finding.why}")
    assumed = [_pair(finding.assumed("aws", factor)), _pair(finding.assumed("storm", factor))]
    return (finding.what, _seconds(finding.middle), _seconds(finding.worst), *assumed, finding.said)


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"  # noqa: PLR2004


def _pair(assumed: tuple[float, float] | None) -> str:
    return "" if assumed is None else f"{_seconds(assumed[0])}, at most {_seconds(assumed[1])}"


def _cell(text: str) -> str:
    """One cell: what AWS has said is text, and never markup of the table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def file_name(account: str, region: str, began: datetime) -> str:
    """The beginning of the names of a run's files."""
    return f"prove-{account}-{region}-{began:%Y%m%dT%H%M%S}"


def files(report: ProveReport) -> Mapping[str, str]:
    """File name → text."""
    return {
        f"{report.name}.md": report.markdown(),
        f"{report.name}.json": json.dumps(report.document(), indent=2, ensure_ascii=False) + "\n",
    }
