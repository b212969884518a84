"""The page of the judge's outlook."""

from collections.abc import Iterator, Sequence
from math import isfinite

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from controller.domain.durations import written
from controller.domain.judging.power import POWER, Detection
from controller.domain.printable import figure
from selfright.cli.views import signs
from selfright.planning.outlook import Outlook, Unjudged
from selfright.wording import duration

SURE = f"{100 * POWER:.0f} %"


def outlooks(all_of_them: Sequence[Outlook], missing: Unjudged | None = None) -> RenderableType:
    """The outlook of every component that is compared, and what follows if there are too few requests for a verdict."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for one in all_of_them:
        for number, said in enumerate(_lines(one)):
            table.add_row("" if number else one.component, said)
    if missing:
        for number, said in enumerate(_unjudged(missing)):
            table.add_row("" if number else "a verdict", said)
    return Group(Text("  What the judge will detect", "bold"), Padding(table, (0, 0, 0, 2)))


def _unjudged(one: Unjudged) -> Iterator[Text]:
    counted = f"about {one.expected:.0f} of at least {one.needed} requests"
    yield Text(f"at {one.weight} % the canary gets {counted}, although the bake is extended once", signs.CAREFUL)
    yield Text(_follows(one.then), signs.BAD if one.then == "roll_back" else signs.CAREFUL)
    if one.bake is not None:
        yield Text(f"what would do: {{weight: {one.weight}, bake: {written(one.bake)}}}, or `judge.synthetic`")


def _follows(then: str) -> str:
    match then:
        case "advance":
            return "so it is not judged: with nothing against it, alarms quiet and checks passed, it goes live"
        case "roll_back":
            return "so it is not judged, and is rolled back (`judge.when_inconclusive: roll_back`)"
    return f"so it is not judged, and stays at that weight until a person decides (`judge.when_inconclusive: {then}`)"


def _lines(one: Outlook) -> Iterator[Text]:
    if one.traffic is None or one.goal is None:
        yield Text("its usual traffic is unknown: add --requests-per-second for an outlook", signs.QUIET)
        return
    usual = _rate(one.traffic.error_rate)
    yield Text(f"usually {figure(one.traffic.per_second)} requests a second, {usual} of them fail")
    yield _smallest(one.smallest, usual)
    if not one.suffices:
        yield from _missed(one, one.goal, usual)


def _smallest(found: Detection | None, usual: str) -> Text:
    if found is None:
        return Text("not even a release that always fails would be caught: too few requests", signs.BAD)
    times = f"half of them within {duration(found.median)}, {SURE} within {duration(found.late)}"
    return Text(f"{usual} → {_rate(found.error_rate)} is caught with {SURE} probability; {times}")


def _missed(one: Outlook, goal: Detection, usual: str) -> Iterator[Text]:
    """The tolerance should be caught, and is not."""
    rate = _rate(goal.error_rate)
    at_least = f"; no test at all needs less than {duration(one.at_least)}" if isfinite(one.at_least) else ""
    chance = f"{100 * goal.chance:.0f} %"
    yield Text(f"{usual} → {rate}, the tolerance, is caught with {chance} probability only{at_least}", signs.CAREFUL)
    ways = []
    if one.bake is not None:
        ways.append(f"{{weight: {one.weight}, bake: {written(one.bake)}}}")
    if one.heavier is not None:
        ways.append(f"a first weight of {one.heavier}")
    instead = " or ".join(ways) if ways else "nothing within a day: guard it by alarms and checks"
    yield Text(f"what would: {instead}", signs.CAREFUL)


def _rate(share: float) -> str:
    return f"{figure(100 * share, 2)} %"
