"""Alarms that CloudWatch evaluates from time to time, and whose changes people and programs hear of later.

The emulator evaluates an alarm when a metric is put, and acts at once. So its actions are disabled, and this stands in:
at every evaluation it takes over what the alarms' states have become, shows them, and tells of each change.
"""

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from selfright.local.place import ACCOUNT
from selfright.local_state import REGION

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
STATE = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp")
NEW = "INSUFFICIENT_DATA"
TOPIC = ":sns:"

Alarm = Mapping[str, Any]


class SeenAlarms:
    """The alarms' states as of the last evaluation."""

    def __init__(
        self,
        client: "CloudWatchClient",
        publish: Callable[[str, str], object],
        send: Callable[[dict[str, object]], object],
    ) -> None:
        """`publish` takes a topic's ARN and a message, `send` an event of EventBridge."""
        self._client, self._publish, self._send = client, publish, send
        self._lock = threading.Lock()
        self._seen: dict[str, Alarm] = {}
        self._acting: set[str] = set()

    def evaluate(self) -> list[str]:
        """Take over the states of now, and tell of what has changed; returns the names of those that have."""
        found = [
            one for page in self._client.get_paginator("describe_alarms").paginate() for one in page["MetricAlarms"]
        ]
        if awake := [one["AlarmName"] for one in found if one["ActionsEnabled"]]:
            self._client.disable_alarm_actions(AlarmNames=awake)
        changed = []
        with self._lock:
            self._acting |= set(awake)
            for alarm in found:
                before = self._seen.get(alarm["AlarmName"])
                self._seen[alarm["AlarmName"]] = alarm
                if alarm["StateValue"] != (before["StateValue"] if before else NEW):
                    changed.append((alarm, before["StateValue"] if before else NEW))
        for alarm, former in changed:
            self._tell(alarm, former)
        return [alarm["AlarmName"] for alarm, _ in changed]

    def shown(self, answer: bytes) -> bytes:
        """The body of DescribeAlarms' answer: states as of the last evaluation, and actions as they were set."""
        body = json.loads(answer)
        with self._lock:
            for alarm in body.get("MetricAlarms", []):
                name = alarm["AlarmName"]
                alarm["ActionsEnabled"] = alarm["ActionsEnabled"] or name in self._acting
                if seen := self._seen.get(name):
                    alarm |= {key: _plain(seen[key]) for key in STATE if key in seen}
        return json.dumps(body).encode()

    def _tell(self, alarm: Alarm, former: str) -> None:
        """By EventBridge, and by the topics that the alarm names for its new state."""
        at = alarm["StateUpdatedTimestamp"].astimezone(UTC).isoformat(timespec="milliseconds")
        self._send(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": "CloudWatch Alarm State Change",
                "source": "aws.cloudwatch",
                "account": ACCOUNT,
                "region": REGION,
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "resources": [alarm["AlarmArn"]],
                "detail": {
                    "alarmName": alarm["AlarmName"],
                    "state": {"value": alarm["StateValue"], "reason": alarm["StateReason"], "timestamp": at},
                    "previousState": {"value": former},
                },
            }
        )
        if alarm["AlarmName"] in self._acting:
            for topic in alarm.get(ACTIONS[alarm["StateValue"]], []):
                if TOPIC in topic:
                    self._publish(topic, json.dumps(_message(alarm, former, at)))


def _message(alarm: Alarm, former: str, at: str) -> dict[str, object]:
    """What CloudWatch publishes on a topic."""
    trigger = ("MetricName", "Namespace", "Statistic", "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator")
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription", ""),
        "AWSAccountId": ACCOUNT,
        "AlarmArn": alarm["AlarmArn"],
        "Region": REGION,
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "StateChangeTime": at,
        "OldStateValue": former,
        "Trigger": {
            **{key: alarm[key] for key in trigger if key in alarm},
            "Dimensions": [{"name": one["Name"], "value": one["Value"]} for one in alarm.get("Dimensions", [])],
        },
    }


def _plain(value: object) -> object:
    """A time as JSON of AWS has it: in seconds since the epoch."""
    return value.timestamp() if isinstance(value, datetime) else value
