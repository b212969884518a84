"""`judge-live`: bad and good canaries on the local AWS, without alarms: only the judge can roll one back.

Visitors send 20 requests a second, a tenth of them to the canary. 5 % of a bad release's requests fail. A good release
fails as often as the version before: one request in a thousand.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import urllib3

from benchmarks.figures import Table, median
from benchmarks.local import ENVIRONMENT, Aws, local_aws
from benchmarks.ways.selfright import Selfright
from benchmarks.workload import Build
from controller.aws.environments import SsmEnvironments
from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from selfright.local.edge.api import VERSION_HEADER
from selfright.local.installation import LocalPreference

RATE, WEIGHT = 20, 10
BAD, USUAL = 0.05, 0.001
BAD_BAKE, GOOD_BAKE = 180, 30
JUDGE = {"evaluate_every": "1s", "period": "1s", "minimum_requests": 10}
DEADLINE_SECONDS = 300
CODE = """\
import random
def handler(event, context):
    if event.get("rawPath") == "/generate" and random.random() < {share}:
        raise RuntimeError("a bad release")
    return {{"statusCode": 200, "headers": {{"content-type": "application/json"}}, "body": '{{"status":"ok"}}'}}
# {version}
"""


@dataclass
class Crowd:
    """Visitors of the API, and the time at which each version first answered one of them."""

    url: str
    first: dict[str, datetime] = field(default_factory=dict)
    sent: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def visit(self) -> None:
        """Send requests at a steady rate until the crowd is stopped."""
        pool, due = urllib3.PoolManager(maxsize=4, retries=False), time.monotonic()
        while not self.stopped.wait(max(0.0, due - time.monotonic())):
            due = max(due + AT_ONCE / RATE, time.monotonic() - 1)
            reply = pool.request("GET", f"{self.url}/generate")
            self.sent += 1
            self.first.setdefault(reply.headers.get(VERSION_HEADER, ""), datetime.now(UTC))


AT_ONCE = 4
"""Visitors at the same time."""


def run(rounds: int) -> list[Table]:
    """As many bad releases as good ones, one after the other, in one local AWS."""
    preference = LocalPreference(steps=({"weight": WEIGHT, "bake": f"{BAD_BAKE}s"},), final_bake="0s", judge=JUDGE)
    with local_aws(preference) as aws, TemporaryDirectory(prefix="selfright-bench-") as folder:
        selfright = Selfright(aws)
        selfright.release(_build(Path(folder), 0, USUAL))
        _without_alarms(aws, BAD_BAKE)
        began = time.monotonic()
        with _visited(aws.running.edge_url) as crowd:
            bad = [_round(selfright, crowd, _build(Path(folder), 1 + number, BAD)) for number in range(rounds)]
            _without_alarms(aws, GOOD_BAKE)
            good = [_round(selfright, crowd, _build(Path(folder), 1000 + n, USUAL))[0] for n in range(rounds)]
        rate = crowd.sent / (time.monotonic() - began)
    return [_table(bad, good, rate)]


def _table(bad: list[tuple[Deployment, float]], good: list[Deployment], rate: float) -> Table:
    table = Table("The judge alone, without alarms", ("releases", "rolled back", "median s", "slowest s", "goal"))
    caught = [seconds for ended, seconds in bad if _by_judge(ended)]
    wrongly = [ended for ended in good if ended.phase is not Phase.SUCCEEDED]
    table.rows.append(
        (
            f"{BAD:.0%} errors at {WEIGHT} %",
            f"{len(caught)} of {len(bad)}",
            median(caught),
            max(caught, default=0.0),
            "≤ 40 s",
        )
    )
    table.rows.append(("as good as before", f"{len(wrongly)} of {len(good)}", "", "", "0"))
    table.notes.append(f"From the canary's first request to all visitors on stable, at {rate:.1f} requests a second.")
    table.notes += [f"{ended.deployment_id}: {ended.phase}, {ended.reason}" for ended in wrongly]
    table.notes += [f"{one.deployment_id}: {one.phase}, {one.reason}" for one, _ in bad if not _by_judge(one)]
    return table


def _by_judge(ended: Deployment) -> bool:
    return ended.phase is Phase.ROLLED_BACK and ended.trip is not None and ended.trip.source == "judge"


def _round(selfright: Selfright, crowd: Crowd, build: Build) -> tuple[Deployment, float]:
    """The ended deployment, and the seconds from its first visitor to restored traffic (NaN if it was not restored)."""
    identity, deadline = selfright.upload(build), time.monotonic() + DEADLINE_SECONDS
    while not ((found := selfright.find(identity)) and found.is_told):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{identity} did not end: {found}")
        time.sleep(0.2)
    began = crowd.first.get(found.staged["api"].id) if "api" in found.staged else None
    restored = found.traffic_restored_at
    return found, (restored - began).total_seconds() if began and restored else float("nan")


def _without_alarms(aws: Aws, bake: int) -> None:
    """Give the environment this bake, and no guard but the judge."""
    document = SsmEnvironments(aws.ssm).document(*ENVIRONMENT.split("/"))
    document["deployment_preference"] |= {"alarms": [], "type": [{"weight": WEIGHT, "bake": bake}]}
    part = {"part": 1, "of": 1, "digest": "benchmark", "document": document}
    aws.ssm.put_parameter(Name=f"/selfright/{ENVIRONMENT}/1", Value=json.dumps(part), Type="String", Overwrite=True)


@contextmanager
def _visited(url: str) -> Iterator[Crowd]:
    crowd = Crowd(url)
    visitors = [threading.Thread(target=crowd.visit, daemon=True) for _ in range(AT_ONCE)]
    for one in visitors:
        one.start()
    try:
        yield crowd
    finally:
        crowd.stopped.set()
        for one in visitors:
            one.join(timeout=10)


def _build(folder: Path, number: int, share: float) -> Build:
    """An API that fails for this share of the requests, except on the path of its checks."""
    made = Build(folder / str(number), f"1.0.{number}")
    code = made.folder / "api"
    code.mkdir(parents=True)
    (code / "index.py").write_text(CODE.format(share=share, version=made.version))
    manifest = {
        "application": "smartpack",
        "version": made.version,
        "components": {"api": {"kind": "function", "artifact": "api", "handler": "index.handler"}},
        "verification": {"checks": [{"component": "api", "path": "/health", "contains": '"ok"'}]},
    }
    (made.folder / "release.yaml").write_text(json.dumps(manifest))
    make_bundle(made.folder, made.bundle)
    return made
