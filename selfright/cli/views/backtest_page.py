"""The output of a back-test, for people and scripts."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from controller.domain.printable import figure
from controller.domain.strategy import ALL
from selfright.backtest.incidents import Incident
from selfright.backtest.report import Bad, Good, Report
from selfright.cli.views import signs
from selfright.cli.views.facts import Fact, listed
from selfright.wording import HOUR, clean, duration, percent, plural

TRIPS = {
    "alarm": "an alarm",
    "judge": "the judge",
    "inconclusive": "too little evidence",
    "check": "a check",
    "fault": "a fault",
}


def shown(one: Report) -> RenderableType:
    """The whole report."""
    days = f"{one.since.astimezone():%Y-%m-%d %H:%M} to {one.until.astimezone():%Y-%m-%d %H:%M}"
    parts: list[RenderableType] = [Text.assemble((one.environment_key, "bold"), "  ", (days, signs.QUIET)), Text()]
    parts.append(_lines(_traffic(one)))
    if one.good:
        parts += [Text(), Text(f"  {plural(one.good.releases, 'good release')}", "bold"), _lines(_good(one.good, one))]
    if one.bad:
        parts += [Text(), Text("  bad releases", "bold"), _bad(one.bad)]
    if one.good:
        parts += [Text(), Text("  deployments that were rolled back", "bold"), _incidents(one.incidents)]
    parts += [part for note in one.notes for part in (Text(), Text(f"  {note}", signs.CAREFUL))]
    return Group(*parts, *([Text(), _verdict(one)] if one.good else []))


def _traffic(one: Report) -> Iterator[Fact]:
    compared = ", ".join(f"{step.weight} % for {duration(step.bake)}" for step in one.steps if step.weight < ALL)
    yield "judged", f"{compared or 'nothing'}; at most {percent(one.alpha)} may be rolled back falsely"
    for name, counts in one.traffic.items():
        busy = duration(one.hours * HOUR)
        yield name, f"{plural(counts.requests, 'request')} in {busy} with traffic, {_rate(counts.error_rate)} failed"


def _good(good: Good, one: Report) -> Iterator[Fact]:
    style = signs.GOOD if one.keeps_its_promise else signs.BAD
    falsely = f"{good.rolled_back} ({percent(good.share)}; at most {percent(good.at_most)} with 95 % confidence)"
    yield "rolled back by the judge", Text(falsely, style)
    for reason in good.reasons:
        yield "", Text(clean(reason), signs.QUIET)
    if good.undecided:
        few = f"{good.undecided} ({percent(good.undecided / good.releases)}): too few requests, even after an extension"
        yield "not decided", Text(few, signs.CAREFUL)
    if good.firing is not None:
        yield "an alarm fired meanwhile", f"{good.firing} ({percent(good.firing / good.releases)})"


def _bad(bad: Iterable[Bad]) -> RenderableType:
    lines: list[Fact] = []
    for one in bad:
        soon = f"half of them within {duration(one.median)}" if one.median is not None else "fewer than half"
        share = one.caught / one.releases if one.releases else 0.0
        points = f"+{100 * one.worse:g} point{'' if 100 * one.worse == 1 else 's'}"
        lines.append((points, Text(f"{percent(share)} caught, {soon}")))
    return _lines(lines)


def _incidents(incidents: Iterable[Incident]) -> RenderableType:
    lines: list[Fact] = [
        (one.version or one.deployment_id, Text(f"{_with_alarms(one)}; {_alone(one)}")) for one in incidents
    ]
    return _lines(lines or [("", Text("none in this time", signs.QUIET))])


def _with_alarms(one: Incident) -> str:
    return f"ended after {duration(one.ended)} by {TRIPS.get(one.source, one.source)}"


def _alone(one: Incident) -> str:
    """What the judge would have done without alarms."""
    if not one.limit:
        return "its comparisons were not recorded"
    if one.judged is not None:
        return f"the judge alone: after {duration(one.judged)}"
    later = f", about {duration(one.forecast)} had it gone on" if one.forecast is not None else ""
    return f"the judge alone: not yet by then (e-value {figure(one.e_value)} of {figure(one.limit)}){later}"


def _verdict(one: Report) -> Text:
    if one.keeps_its_promise:
        return Text("✔ The result is consistent with the promised risk of a false rollback.", signs.GOOD)
    return Text(
        f"✘ More good releases are rolled back than the {percent(one.alpha)} that are allowed: see docs/judge.md for"
        " what can break the promise.",
        signs.BAD,
    )


def _lines(lines: Iterable[Fact]) -> RenderableType:
    return listed(lines, name_width=12, indent=4)


def _rate(share: float) -> str:
    return f"{figure(100 * share)} %"


def document(one: Report) -> dict[str, Any]:
    """All of it for scripts: shares and rates 0 to 1, times in seconds since the first shift."""
    good = one.good
    return {
        "environment": one.environment_key,
        "since": one.since.isoformat(),
        "until": one.until.isoformat(),
        "steps": [{"weight": step.weight, "bake": step.bake} for step in one.steps],
        "alpha": one.alpha,
        "traffic": {name: vars(counts) for name, counts in one.traffic.items()},
        "hours": one.hours,
        "good": {**vars(good), "share": good.share, "at_most": good.at_most, "at_least": good.at_least}
        if good
        else None,
        "bad": [{**vars(each), "share": each.caught / each.releases if each.releases else 0.0} for each in one.bad],
        "incidents": [vars(each) for each in one.incidents],
        "keeps_its_promise": one.keeps_its_promise,
        "notes": list(one.notes),
    }
