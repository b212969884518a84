"""The page of a plan: pure functions from plain values to rich renderables."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import ceil

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from controller.aws.client.pacing import RATE
from selfright.cli.views import signs
from selfright.cli.views.facts import Fact, listed
from selfright.cli.views.outlook_page import outlooks
from selfright.components.planned import Change, ComponentPlan, Difference, Items, Package, Refusal
from selfright.planning.model import Plan, Timing
from selfright.wording import Commands, clean, duration, plural, size

SIGNS: dict[Change, tuple[str, str]] = {
    "new": ("●", signs.GOOD),
    "changed": ("●", signs.BUSY),
    "unchanged": ("○", signs.QUIET),
    "unknown": ("?", signs.CAREFUL),
}
SAID: dict[Change, str] = {
    "new": "new",
    "changed": "changes",
    "unchanged": "skipped: nothing changed",
    "unknown": "is compared when it is staged",
}
SHOWN = 60
UNITS = {"memory": " MB", "timeout": " s"}
"""The most characters of a value that are shown."""


def plan(one: Plan, source: str, commands: Commands, by_hand: Sequence[str] = ()) -> RenderableType:
    """The whole plan of the release in the file or folder `source`; `by_hand` are components changed by hand."""
    parts: list[RenderableType] = [_headline(one)]
    for number, wave in groupby(one.components, key=lambda component: component.wave):
        title = f"wave {number + 1}, after the one before" if number else ""
        parts += [
            Text(),
            *([Text(f"  {title}", signs.QUIET)] if title else []),
            _components(list(wave), "then" if one.waits_for else "now"),
        ]
    if one.components:
        parts += [Text(), listed(_figures(one))]
    if one.outlooks:
        parts += [Text(), outlooks(one.outlooks, one.unjudged)]
    if one.irreversible:
        parts += [Text(), _sentences("What a rollback would not restore", one.irreversible, commands)]
    if one.remarks:
        parts += [Text(), _sentences("What to know before", one.remarks, commands)]
    return Group(*parts, Text(), _verdict(one, source, commands, by_hand))


def _headline(one: Plan) -> Text:
    release = f"{one.application} {one.version}".strip() or "This bundle"
    live = f"({one.live_version} is live)" if one.live_version else "(nothing is live)" if one.components else ""
    return Text.assemble((clean(release), "bold"), f" → {one.environment_key}  ", (live, signs.QUIET))


def _components(components: list[ComponentPlan], when: str) -> RenderableType:
    """The table; what is live is so `when` the release begins: now, or after the one that it waits for."""
    table = Table.grid(padding=(0, 2))
    for style in ("", "bold", signs.QUIET):
        table.add_column(style=style, no_wrap=True)
    table.add_column(overflow="fold")
    for one in components:
        sign, style = SIGNS[one.change]
        table.add_row(Text(sign, style), one.name, one.kind, _change(one, when))
        details = list(_details(one))
        width = max((len(name) for name, _ in details), default=0)
        for name, said in details:
            table.add_row("", "", "", Text.assemble((f"{name:{width}}  ", signs.QUIET), said))
    return Padding(table, (0, 0, 0, 2))


def _change(one: ComponentPlan, when: str) -> Text:
    now = f" ({when} {one.live})" if one.live and one.change != "unchanged" else ""
    said = "cannot be released as it is" if one.refusal else SAID[one.change]
    style = signs.BAD if one.refusal else SIGNS[one.change][1]
    return Text.assemble((said, style), (now, signs.QUIET))


def _details(one: ComponentPlan) -> Iterator[tuple[str, str | Text]]:
    if one.at_once:
        why = one.indivisible or "it was never live, so there is nothing to compare it with"
        yield "traffic", f"all visitors at the first step: {clean(why)}"
    if one.package and (one.change != "unchanged" or not one.package.same):
        yield "code", _package(one.package)
    if one.items is not None:
        yield one.items.what, _items(one.items, names=one.items.listed)
    if one.transfer:
        moved = one.transfer
        yield "upload", f"{moved.count} of {plural(moved.total, moved.what.removesuffix('s'))}, {size(moved.size)}"
    for difference in one.differences:
        yield difference.name, _difference(difference)


def _package(package: Package) -> str:
    if package.same:
        return "the same"
    sizes = " → ".join(size(bytes_) for bytes_ in (package.before, package.after) if bytes_ is not None)
    if package.unpacked is None or not package.limit:
        return sizes
    share = max(1, ceil(100 * package.unpacked / package.limit))
    return f"{sizes}; unpacked {size(package.unpacked)}, {share} % of AWS's limit"


def _items(items: Items, *, names: bool) -> Text:
    kinds = (("+", items.added, signs.GOOD), ("~", items.changed, signs.CAREFUL), ("-", items.removed, signs.BAD))
    if names:
        return Text("  ").join(Text(f"{sign}{clean(name)}", style) for sign, which, style in kinds for name in which)
    counted = ((items.added, "added"), (items.changed, "changed"), (items.removed, "removed"))
    return Text(", ".join(f"{len(which):,} {what}" for which, what in counted if which) or "the same")


def _difference(one: Difference) -> Text:
    if one.secret:
        what = "comes" if one.before is None else "goes" if one.after is None else "changes"
        return Text(f"{what}; may be secret, so it is not shown", signs.QUIET)
    unit = UNITS.get(one.name, "")
    return Text(f"{_value(one.before, unit)} → {_value(one.after, unit)}")


def _value(value: str | None, unit: str) -> str:
    if value is None:
        return "not set"
    if value.isdecimal():
        return f"{value}{unit}"
    shown = clean(value)
    return f"{shown[:SHOWN]}…" if len(shown) > SHOWN else shown or '""'


def _figures(one: Plan) -> Iterator[Fact]:
    if one.waits_for:
        yield "waits", f"for deployment {one.waits_for}, which is on its way"
    yield "traffic", _steps(one.timing)
    if one.timing.steps or one.timing.tasks:
        yield "takes", f"about {duration(one.timing.seconds)}{_more(one.timing)}"
    if one.calls.total:
        seconds = duration(one.calls.total / RATE)
        said = f"about {one.calls.total} control-plane requests, {seconds} at {RATE} a second"
        yield "Lambda", f"{said}; a rollback makes {one.calls.rollback}"


def _more(timing: Timing) -> str:
    """What may be added to the time of a release, as far as that is bounded."""
    parts = (("for its tasks", timing.tasks), ("for hooks", timing.hooks), ("if visitors do not come", timing.extended))
    said = [f"{duration(seconds)} {why}" for why, seconds in parts if seconds]
    return f"; and at most {', '.join(said)}" if said else ""


def _steps(timing: Timing) -> str:
    if not timing.steps:
        return "no traffic moves: all of it is live already"
    *before, last = timing.steps
    watched = f"{last.weight} %, baked for {duration(last.bake)}" if last.bake else f"{last.weight} %"
    return " ▸ ".join([*(f"{step.weight} % for {duration(step.bake)}" for step in before), watched])


def _sentences(title: str, sentences: Sequence[str], commands: Commands) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(style=signs.CAREFUL)
    table.add_column(overflow="fold")
    for one in sentences:
        table.add_row("!", commands.said(one))
    return Group(Text(f"  {title}", "bold"), Padding(table, (0, 0, 0, 2)))


def _verdict(one: Plan, source: str, commands: Commands, by_hand: Sequence[str]) -> RenderableType:
    if not one.refusals:
        said = f"✔ It can be released. But look at {' and '.join(by_hand)} first: changed by hand, see below."
        release = commands(f"release {source} --environment {one.environment_key}")
        good = Text(said, signs.CAREFUL) if by_hand else Text("✔ It can be released.", signs.GOOD)
        return Group(good, listed([("release", release)]))
    refused = [part for refusal in one.refusals for part in _refused(refusal, commands)]
    return Group(Text("✘ It would be refused.", signs.BAD), listed(refused))


def _refused(refusal: Refusal, commands: Commands) -> Iterator[Fact]:
    yield "reason", commands.said(refusal.reason)
    if refusal.next_step:
        yield "next step", commands.said(refusal.next_step)
