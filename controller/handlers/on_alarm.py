"""An alarm fires: the event comes from EventBridge, or from SNS where no alarm events reach EventBridge."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.domain.judging.alarm_data import measured, measured_in_words
from controller.domain.printable import LINE_BYTES, said
from controller.flow.on_alarm import on_alarm, rehearse
from controller.flow.rollback.emergency import emergency
from controller.flow.shared.results import Result
from controller.ports.world import World

CUT = timedelta(seconds=1)
"""An alarm may have fired so much later than its form says."""
UNSAID = "A person rolled it back."


@dataclass(frozen=True)
class AlarmHandled(Result):
    """The ids of the deployments that were `tripped`; none for a rehearsal."""

    tripped: list[str] = field(default_factory=list)


def handle(world: World, event: dict[str, Any]) -> Result:
    """An alarm's state change, in either form → the deployments that were tripped; or a rehearsal of that.

    Or a person's emergency rollback: `deployment_id` and `reason` → what was restored.
    """
    if event.get("emergency"):
        return emergency(world, event["deployment_id"], said(str(event.get("reason", "")), LINE_BYTES) or UNSAID)
    if event.get("rehearsal"):
        rehearse(world, event["deployment_id"])
        return AlarmHandled()
    return AlarmHandled([found for one in firing(event) for found in on_alarm(world, *one)])


Fired = tuple[str, str, datetime | None, datetime | None, datetime | None]
"""An alarm's name and reason, the time of the change, and the end and the beginning of its newest measurement."""


def firing(event: dict[str, Any]) -> list[Fired]:
    """Every alarm that fires by the event.

    Both forms of one alarm say the same. Data that it does not tell (a composite alarm's) are not newer than the last
    moment at which it may have fired.
    """
    if "Records" in event:
        changes = [_change(record["Sns"]["Message"]) for record in event["Records"]]
        return [_told(change) for change in changes if change.get("NewStateValue") == "ALARM"]
    detail = event["detail"]
    state = detail.get("state", {})
    if state.get("value") != "ALARM":
        return []
    fired_at = _moment(state.get("timestamp"))
    made = measured(state.get("reasonData"))
    reason = str(state.get("reason", ""))
    return [(detail["alarmName"], reason, fired_at, made.until or _at_the_latest(fired_at), made.since)]


def _told(change: dict[str, Any]) -> Fired:
    """The same by a message of SNS."""
    reason, fired_at = str(change.get("NewStateReason", "")), _moment(change.get("StateChangeTime"))
    made = measured_in_words(reason, change.get("Trigger"))
    return change["AlarmName"], reason, fired_at, made.until or _at_the_latest(fired_at), made.since


def _change(message: str) -> dict[str, Any]:
    """An alarm's state change; empty when the topic carries something else."""
    try:
        change = json.loads(message)
    except ValueError:
        return {}
    return change if isinstance(change, dict) else {}


def _at_the_latest(fired_at: datetime | None) -> datetime | None:
    """The last moment at which it may have fired: forms cut their times, and clocks differ by parts of a second.

    Otherwise an alarm of the second in which a release got its visitors would accuse the one before.
    """
    return fired_at and fired_at + CUT


def _moment(text: str | None) -> datetime | None:
    """A time as alarms write it; None when there is none, because an alarm counts without its date, too."""
    try:
        return datetime.fromisoformat(text or "").astimezone(UTC)
    except ValueError:
        return None
