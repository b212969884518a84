"""The states of CloudWatch's metric and composite alarms."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.ports.signals import Alarms

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

AT_ONCE = 100
"""DescribeAlarms takes and returns at most this many alarms."""


class CloudWatchAlarms(Alarms):
    """Implements `ports.Alarms`."""

    def __init__(self, cloudwatch: "CloudWatchClient | None" = None) -> None:
        """`cloudwatch` is the client to use (default: the process's own)."""
        self._cloudwatch = cloudwatch or client("cloudwatch")

    def states(self, names: Sequence[str]) -> Mapping[str, str]:
        """Name → `OK`, `ALARM` or `INSUFFICIENT_DATA`; a deleted alarm is absent. Raises when it cannot be read."""
        wanted = sorted(set(names))
        found: dict[str, str] = {}
        for start in range(0, len(wanted), AT_ONCE):
            found |= self._describe(wanted[start : start + AT_ONCE])
        return found

    def _describe(self, names: Sequence[str]) -> dict[str, str]:
        # Without AlarmTypes, CloudWatch leaves composite alarms out.
        with calling("cloudwatch:DescribeAlarms", ", ".join(names[:3])):
            answer = self._cloudwatch.describe_alarms(
                AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=AT_ONCE
            )
        alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}
