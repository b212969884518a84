"""The states of CloudWatch's metric and composite alarms."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.domain.judging.alarm_data import StateReason, measured
from controller.ports.signals import Alarms

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DescribeAlarmsOutputTypeDef

AT_ONCE = 100
"""DescribeAlarms takes and returns at most this many alarms."""
OF_A_COMPOSITE = timedelta(minutes=5)
"""A composite alarm follows others, of which its rule does not say how fast they are."""


class CloudWatchAlarms(Alarms):
    """Implements `ports.Alarms`."""

    def __init__(self, cloudwatch: "CloudWatchClient | None" = None) -> None:
        """`cloudwatch` is the client to use (default: the process's own)."""
        self._cloudwatch = cloudwatch or client("cloudwatch")

    def states(self, names: Sequence[str]) -> Mapping[str, str]:
        """Name → `OK`, `ALARM` or `INSUFFICIENT_DATA`; a deleted alarm is absent. Raises when it cannot be read."""
        return {
            alarm["AlarmName"]: alarm["StateValue"]
            for answer in self._described(names)
            for alarm in (*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", []))
        }

    def reaction(self, names: Sequence[str]) -> timedelta:
        """The longest period times the number of evaluations."""
        longest = timedelta()
        for answer in self._described(names):
            seconds = [_period(alarm) * alarm.get("EvaluationPeriods", 1) for alarm in answer.get("MetricAlarms", [])]
            followed = [OF_A_COMPOSITE for _ in answer.get("CompositeAlarms", [])]
            longest = max([longest, *(timedelta(seconds=one) for one in seconds), *followed])
        return longest

    def reason(self, name: str) -> StateReason:
        """As CloudWatch keeps it, in words and as data; a composite alarm's data are not of one measurement."""
        for answer in self._described([name]):
            for alarm in answer.get("MetricAlarms", []):
                made = measured(alarm.get("StateReasonData"))
                return StateReason(alarm.get("StateReason", ""), made.until, made.since)
            for composite in answer.get("CompositeAlarms", []):
                return StateReason(composite.get("StateReason", ""))
        return StateReason()

    def _described(self, names: Sequence[str]) -> "Iterator[DescribeAlarmsOutputTypeDef]":
        wanted = sorted(set(names))
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            # Without AlarmTypes, CloudWatch leaves composite alarms out.
            with calling("cloudwatch:DescribeAlarms", ", ".join(some[:3])):
                yield self._cloudwatch.describe_alarms(
                    AlarmNames=some, AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=AT_ONCE
                )


def _period(alarm: Mapping[str, Any]) -> int:
    """The period in seconds; of metric math, the longest of its metrics."""
    of_metrics = [one.get("MetricStat", {}).get("Period") or one.get("Period") or 0 for one in alarm.get("Metrics", [])]
    return max([int(alarm.get("Period") or 0), *of_metrics])
