"""What is kept of a round that violated something: all that is needed to understand it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from selfright.local.place import LocalFolder
from tests.chaos.place import Place
from tests.chaos.rounds import Result

LINES = 120


def keep(lab: Place, result: Result, folder: Path) -> Path:
    """Write the evidence into a folder of its own; returns it."""
    home = folder / f"seed-{result.plan.seed}-round-{result.plan.number}"
    home.mkdir(parents=True, exist_ok=True)
    assert lab.proxy
    (home / "report.txt").write_text(report(lab, result, lines=1_000_000))
    (home / "calls.txt").write_text("\n".join(lab.proxy.calls))
    (home / "ledger.json").write_text(json.dumps(list(lab.table()), default=str, indent=1))
    (home / "logs.txt").write_text("\n".join(f"{group}: {line}" for group, line in lab.logs_since(result.began)))
    (home / "executions.json").write_text(
        json.dumps(
            [
                {**one, "history": lab.history(one["executionArn"])}
                for one in lab.executions()
                if one["startDate"].timestamp() >= result.began - 1
            ],
            default=str,
            indent=1,
        )
    )
    log = LocalFolder(lab.folder / "local").log
    (home / "emulator.log").write_bytes(log.read_bytes()[-5_000_000:])
    return home


def report(lab: Place, result: Result, lines: int = LINES) -> str:
    """Violations, plan and timeline, for people."""
    told = sorted(timeline(lab, result))
    shown = [f"{datetime.fromtimestamp(at, UTC):%H:%M:%S.%f}"[:-3] + f"  {what}" for at, what in told]
    more = [f"… {len(shown) - lines} more lines in the evidence"] if len(shown) > lines else []
    ends = [f"  {one.deployment_id} {one.version}: {one.phase}. {one.reason}" for one in result.deployments]
    return "\n".join(
        [
            str(result.plan),
            "Violations:",
            *(f"  {one}" for one in result.violations),
            "Ends:",
            *ends,
            f"Visitors: {result.visitors.ok} good answers, {result.visitors.failed} failed",
            "Timeline:",
            *shown[:lines],
            *more,
            "",
        ]
    )


def timeline(lab: Place, result: Result) -> Iterator[tuple[float, str]]:
    """Everything that happened in the round, each with its time."""
    assert lab.proxy
    yield from result.notes
    yield from ((one.at, f"wire: {one.kind}: {one.call}") for one in lab.proxy.suffered)
    for upload in result.uploads:
        for event in lab.ledger.timeline(upload):
            yield event.at.timestamp(), f"{upload}: {event.kind}: {event.message}"
    for one in lab.executions():
        if one["startDate"].timestamp() >= result.began - 1:
            yield one["startDate"].timestamp(), f"execution {one['name']} begins"
            if "stopDate" in one:
                yield one["stopDate"].timestamp(), f"execution {one['name']}: {one['status']}"
