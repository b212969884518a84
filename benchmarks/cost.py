"""`cost`: what the stacks cost while nothing is released and nobody visits, counted from their templates."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.figures import Table

PRICES = Path(__file__).parent / "prices.toml"
GOAL = 1.00
"""Dollars a month for the controller at rest."""
ALARM, ACL = "AWS::CloudWatch::Alarm", "AWS::WAFv2::WebACL"
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0}


class UnpricedError(Exception):
    """A resource has no price; the message says what to do."""


@dataclass(frozen=True)
class Item:
    """One line of a bill: how many of what, and their dollars a month."""

    what: str
    count: float
    dollars: float


def prices(path: Path = PRICES) -> Mapping[str, Any]:
    """The price table."""
    return tomllib.loads(path.read_text())


def bill(template: Mapping[str, Any], table: Mapping[str, Any]) -> list[Item]:
    """What the resources of a template cost in a month at rest; the dearest first, nothing that is free.

    Raises:
        UnpricedError: a type is not in the table, or a schedule is not understood.
    """
    counted: Counter[str] = Counter()
    runs = 0.0
    for name, resource in template["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind.startswith("Custom::") or kind in table["month"]["free"]:
            continue
        if kind not in table["resources"]:
            raise UnpricedError(
                f"{name} is an {kind}, which {PRICES.name} does not know: add its price and its source."
            )
        counted[kind] += _metrics(properties) if kind == ALARM else 1
        counted[f"{ACL}.Rule"] += len(properties.get("Rules", [])) if kind == ACL else 0
        runs += table["month"]["hours"] / _hours_between(properties.get("ScheduleExpression"))
    items = [
        Item(_words(kind, table), count, count * table["resources"][kind]["month"]) for kind, count in counted.items()
    ]
    each = sum(one["price"] * one["count"] for one in table["run"].values())
    items.append(Item("runs of the schedule, each with what it calls", round(runs), runs * each))
    return sorted((item for item in items if item.dollars), key=lambda item: -item.dollars)


def total(items: Sequence[Item]) -> float:
    """Dollars a month."""
    return sum(item.dollars for item in items)


def _metrics(properties: Mapping[str, Any]) -> int:
    """An alarm costs as much as the metrics that it reads: those of metric math one by one."""
    if "Metrics" not in properties:
        return 1
    return sum("MetricStat" in one for one in properties["Metrics"])


def _hours_between(schedule: str | None) -> float:
    if schedule is None:
        return float("inf")
    found = _RATE.fullmatch(schedule)
    if not found:
        raise UnpricedError(f"How often is {schedule}? Teach benchmarks/cost.py to read it.")
    return int(found[1]) * _HOURS[found[2]]


def _words(kind: str, table: Mapping[str, Any]) -> str:
    assumed = table["resources"][kind].get("assumed")
    return f"{kind.removeprefix('AWS::')} ({assumed} each)" if assumed else kind.removeprefix("AWS::")


def run(_rounds: int) -> list[Table]:
    """The controller and SmartPack as they are deployed, and what their settings add."""
    table = prices()
    with TemporaryDirectory(prefix="selfright-bench-") as folder:
        usual = _templates(Path(folder) / "usual", {}, {})
        chosen = _templates(Path(folder) / "chosen", {"topic_key": True, "dashboard": True}, {"topic_key": True})
    return [
        _shown("The controller at rest", bill(usual["SelfrightController"], table), GOAL),
        _shown("SmartPack without visitors", bill(usual["SmartPack"], table), None),
        _added("With the settings that cost", usual, chosen, table),
    ]


def _shown(title: str, items: Sequence[Item], goal: float | None) -> Table:
    made = Table(title, ("", "number", "dollars a month", "goal"))
    made.rows += [(item.what, round(item.count), item.dollars, "") for item in items]
    made.rows.append(("all of it", "", total(items), f"≤ {goal:.2f}" if goal else ""))
    return made


def _added(title: str, usual: Mapping[str, Any], chosen: Mapping[str, Any], table: Mapping[str, Any]) -> Table:
    made = Table(title, ("", "as it is", "with all of them"))
    for name, settings in (("SelfrightController", "`topic_key`, `dashboard`"), ("SmartPack", "`topic_key`")):
        made.rows.append((f"{name}: {settings}", total(bill(usual[name], table)), total(bill(chosen[name], table))))
    made.notes.append("us-east-1, no free tier; counted from the templates with benchmarks/prices.toml, not measured.")
    made.notes.append("Not counted: what releases and visitors use (requests, traffic, transitions, logs).")
    return made


def _templates(folder: Path, controller: Mapping[str, Any], smartpack: Mapping[str, Any]) -> dict[str, Any]:
    """Stack → template, with something in place of the Lambda package: code costs nothing."""
    from bootstrap_cdk.app import build_app  # noqa: PLC0415 - CDK takes long to import
    from bootstrap_cdk.settings import ControllerSettings, SmartPackSettings  # noqa: PLC0415

    package = folder / "package"
    (package / "controller" / "handlers").mkdir(parents=True)
    (package / "controller" / "handlers" / "entry.py").touch()
    app = build_app(ControllerSettings(package, **controller), [SmartPackSettings(**smartpack)], outdir=folder / "out")
    app.synth()
    found = (folder / "out").glob("*.template.json")
    return {path.name.removesuffix(".template.json"): json.loads(path.read_text()) for path in found}
