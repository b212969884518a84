"""CloudWatch in memory: its alarms, and metrics as far as a simulation answers for them (`measured`)."""
# ruff: noqa: ANN401, N803 - requests and answers are AWS's documents

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.aws.service import Refusal, Service, operation, page

MOST = 100
METRIC, COMPOSITE = "MetricAlarm", "CompositeAlarm"


@dataclass(frozen=True)
class Wanted:
    """One statistic of one metric."""

    namespace: str
    metric: str
    dimensions: frozenset[tuple[str, str]]
    statistic: str

    @classmethod
    def of(cls, namespace: str, metric: str, dimensions: Sequence[Mapping[str, str]], statistic: str) -> "Wanted":
        """As requests name it."""
        return cls(namespace, metric, frozenset((one["Name"], one["Value"]) for one in dimensions), statistic)


Measured = Callable[[Wanted, datetime, timedelta], float | None]
"""What can be seen now of a statistic in the period that begins then; None when there is nothing."""


class CloudWatch(Service):
    """Metric and composite alarms by name."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self._alarms: dict[str, dict[str, Any]] = {}
        self._kinds: dict[str, str] = {}
        self.measured: Measured = lambda *_: None

    def state(self, name: str) -> str:
        """An alarm's state."""
        return str(self._alarms[name]["StateValue"])

    def alarm(self, name: str) -> Mapping[str, Any]:
        """An alarm as it is stored; do not change it."""
        return self._alarms[name]

    @operation
    def put_metric_alarm(self, *, AlarmName: str, **given: Any) -> dict[str, Any]:
        """An alarm without data."""
        return self._put(METRIC, AlarmName, given)

    @operation
    def put_composite_alarm(self, *, AlarmName: str, **given: Any) -> dict[str, Any]:
        """A composite alarm without data."""
        return self._put(COMPOSITE, AlarmName, given)

    @operation
    def set_alarm_state(
        self, *, AlarmName: str, StateValue: str, StateReason: str = "", StateReasonData: str = ""
    ) -> dict[str, Any]:
        """Set the state of an alarm: `OK`, `ALARM` or `INSUFFICIENT_DATA`."""
        if AlarmName not in self._alarms:
            raise Refusal("ResourceNotFound", "The alarm does not exist.", 404)
        if StateValue not in {"OK", "ALARM", "INSUFFICIENT_DATA"}:
            raise Refusal("ValidationError", f"{StateValue} is no state.")
        self._alarms[AlarmName].pop("StateReasonData", None)
        told = {"StateReasonData": StateReasonData} if StateReasonData else {}
        self._alarms[AlarmName] |= self._at(StateValue, StateReason) | told
        return {}

    @operation
    def describe_alarms(
        self,
        *,
        AlarmNames: Sequence[str] = (),
        AlarmTypes: Sequence[str] = (METRIC,),
        MaxRecords: int = MOST,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        """Alarms by name; without `AlarmTypes` the composite ones are left out. Names that do not exist are ignored."""
        if len(AlarmNames) > MOST or not 1 <= MaxRecords <= MOST:
            raise Refusal("ValidationError", "At most 100 alarms.")
        chosen = sorted(AlarmNames) if AlarmNames else sorted(self._alarms)
        found = [name for name in chosen if self._kinds.get(name) in AlarmTypes]
        shown, following = page(found, NextToken, MaxRecords)
        by_kind = {
            f"{kind}s": [dict(self._alarms[name]) for name in shown if self._kinds[name] == kind]
            for kind in (METRIC, COMPOSITE)
        }
        return {**by_kind, **({"NextToken": following} if following else {})}

    @operation
    def get_metric_data(
        self, *, MetricDataQueries: Sequence[Mapping[str, Any]], StartTime: datetime, EndTime: datetime, **_: Any
    ) -> dict[str, Any]:
        """Statistics of whole periods, the newest first. There are no expressions."""
        return {"MetricDataResults": [self._result(one, StartTime, EndTime) for one in MetricDataQueries]}

    @operation
    def delete_alarms(self, *, AlarmNames: Sequence[str]) -> dict[str, Any]:
        """Delete alarms."""
        for name in AlarmNames:
            self._alarms.pop(name, None)
            self._kinds.pop(name, None)
        return {}

    def _result(self, query: Mapping[str, Any], start: datetime, end: datetime) -> dict[str, Any]:
        metric, period = query["MetricStat"]["Metric"], timedelta(seconds=query["MetricStat"]["Period"])
        wanted = Wanted.of(metric["Namespace"], metric["MetricName"], metric["Dimensions"], query["MetricStat"]["Stat"])
        moments = [start + number * period for number in range(-(-(end - start) // period))]
        values = {moment: self.measured(wanted, moment, period) for moment in reversed(moments)}
        found = {moment: value for moment, value in values.items() if value is not None}
        told = {"Timestamps": list(found), "Values": list(found.values())}
        return {"Id": query["Id"], "Label": wanted.metric, "StatusCode": "Complete", **told}

    def _put(self, kind: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
        before = self._alarms.get(name, self._at("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"))
        arn = f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{name}"
        self._alarms[name] = {**before, **given, "AlarmName": name, "AlarmArn": arn}
        self._kinds[name] = kind
        return {}

    def _at(self, state: str, reason: str) -> dict[str, Any]:
        return {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": self._now()}
