"""`alarm`: from the alarm's message to traffic set back and arrived, API and site, in the middle of a canary."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Table, median
from benchmarks.local import Aws, local_aws
from benchmarks.ways.selfright import Selfright
from benchmarks.workload import KB, MB, Work, build
from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from selfright.local.installation import LocalPreference

WORK = Work(20, 1 * MB, 100 * KB)
CANARY = LocalPreference(steps=({"weight": 10, "bake": "10m"},), final_bake="0s")
DEADLINE_SECONDS = 60


def run(rounds: int) -> list[Table]:
    """Release, wait for the canary's bake, send the alarm's message, and read the ledger and the traffic."""
    with local_aws(CANARY) as aws, TemporaryDirectory(prefix="selfright-bench-") as folder:
        selfright = Selfright(aws)
        selfright.reset()
        stable = build(WORK, Path(folder) / "stable", 0)
        selfright.release(stable)
        times, wrong = [], []
        for number in range(1, rounds + 2):
            times.append(_round(aws, selfright, Path(folder), number))
            wrong += selfright.wrong(stable)
    table = Table("Alarm → all traffic back, API and site", ("milliseconds", "median", "fastest", "slowest", "goal"))
    first = round(times[0][0] * 1000)
    written, arrived, ended = ([round(one[which] * 1000) for one in times[1:]] for which in range(3))
    table.rows.append(("first alarm of a new function", first, "", "", ""))
    table.rows.append(("alarm → change written", round(median(written)), min(written), max(written), "≤ 100"))
    table.rows.append(("alarm → change arrived", round(median(arrived)), min(arrived), max(arrived), ""))
    table.rows.append(("alarm → rolled back, verified, closed", round(median(ended)), min(ended), max(ended), ""))
    table.notes.append(f"{rounds} rounds after the first ({first} ms); traffic checked after each: {_summary(wrong)}")
    table.notes.append(
        "The end waits for the judge's next evaluation: the emulator's Parallel does not stop its other branch."
    )
    return [table]


def _summary(wrong: list[str]) -> str:
    return f"{len(wrong)} wrong, {wrong[0]}" if wrong else "right every time"


def _round(aws: Aws, selfright: Selfright, folder: Path, number: int) -> tuple[float, float, float]:
    """Seconds from the message until the change was written, had arrived, and the rollback had ended."""
    identity = selfright.upload(build(WORK, folder / "canary", number))
    _wait(selfright, identity, lambda found: found.phase is Phase.BAKING and bool(found.guard_tokens))
    alarm, sns, topic = aws.environment.deployment_preference.alarms[0], aws.client("sns"), _topic(aws)
    fired = datetime.now(UTC)
    message = {
        "AlarmName": alarm,
        "NewStateValue": "ALARM",
        "NewStateReason": "The benchmark says so.",
        "StateChangeTime": fired.isoformat(),
    }
    sns.publish(TopicArn=topic, Message=json.dumps(message))
    ended = _wait(selfright, identity, lambda found: found.phase is Phase.ROLLED_BACK and found.is_told)
    arrived = ended.written.arrived_at if ended.written else None
    if ended.traffic_restored_at is None or arrived is None or ended.closed_at is None:
        raise RuntimeError(f"{identity} was not restored, or that was not seen")
    moments = (ended.traffic_restored_at, arrived, ended.closed_at)
    first, second, third = ((moment - fired).total_seconds() for moment in moments)
    return first, second, third


def _wait(selfright: Selfright, identity: str, reached: Callable[[Deployment], bool]) -> Deployment:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found = selfright.find(identity)
        if found and reached(found):
            return found
        time.sleep(0.1)
    raise RuntimeError(f"{identity} did not reach the wanted state: {selfright.find(identity)}")


def _topic(aws: Aws) -> str:
    """The topic through which the application's alarms reach the controller."""
    subscriptions = aws.client("sns").list_subscriptions()["Subscriptions"]
    return next(str(one["TopicArn"]) for one in subscriptions if one["Endpoint"].endswith("selfright-on-alarm"))
