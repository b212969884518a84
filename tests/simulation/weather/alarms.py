"""Alarms that are evaluated now and then on what can be seen then, and whose events come late, twice and unordered."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from selfright.weather import Weather
from tests.simulation.aws.cloudwatch import CloudWatch, Wanted
from tests.simulation.engine.scheduler import Scheduler

CHANGE = "CloudWatch Alarm State Change"
LOOKS_BACK = 6
"""Periods in which an evaluation looks for data beyond those that it needs."""


class Evaluations:
    """Evaluates every alarm of CloudWatch that says which metric it is about; missing data are not breaching."""

    def __init__(
        self,
        scheduler: Scheduler,
        weather: Weather,
        cloudwatch: CloudWatch,
        deliver: Callable[[Mapping[str, Any], float], object],
    ) -> None:
        """`deliver` gets each event of an alarm that fires, and the seconds until it arrives."""
        self._scheduler, self._weather, self._cloudwatch, self._deliver = scheduler, weather, cloudwatch, deliver

    def watch(self, name: str, **definition: Any) -> None:  # noqa: ANN401 - as boto3 has it
        """Make an alarm that is OK, and evaluate it from now on."""
        self._cloudwatch.put_metric_alarm(AlarmName=name, **definition)
        self._cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK")
        self._scheduler.after(self._weather.late("alarm_evaluated"), lambda: self._evaluate(name))

    def _evaluate(self, name: str) -> None:
        self._scheduler.after(self._weather.late("alarm_evaluated"), lambda: self._evaluate(name))
        alarm, now = self._cloudwatch.alarm(name), self._scheduler.now()
        found = self._datapoints(alarm, now)
        fires = len(found) == alarm["EvaluationPeriods"] and all(value > alarm["Threshold"] for value in found.values())
        before, after = self._cloudwatch.state(name), "ALARM" if fires else "OK"
        if before != after:
            reason, data = _reason(alarm, found), _reason_data(alarm, found, now)
            self._cloudwatch.set_alarm_state(AlarmName=name, StateValue=after, StateReason=reason, StateReasonData=data)
            if fires:
                state = {"value": after, "reason": reason, "reasonData": data, "timestamp": _at(now)}
                self._send({"detail-type": CHANGE, "detail": {"alarmName": name, "state": state}})

    def _datapoints(self, alarm: Mapping[str, Any], now: datetime) -> dict[datetime, float]:
        """The newest data that can be seen, as many as the alarm needs, newest first."""
        period, count = timedelta(seconds=alarm["Period"]), alarm["EvaluationPeriods"]
        wanted = Wanted.of(alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"], alarm["Statistic"])
        last = now.replace(second=0, microsecond=0) - period
        moments = [last - number * period for number in range(count + LOOKS_BACK)]
        seen = {moment: self._cloudwatch.measured(wanted, moment, period) for moment in moments}
        return dict([(moment, value) for moment, value in seen.items() if value is not None][:count])

    def _send(self, event: Mapping[str, Any]) -> None:
        first = self._weather.late("event_delivered")
        self._deliver(event, first)
        if again := self._weather.late("event_repeated"):
            self._deliver(event, first + again)


def _reason(alarm: Mapping[str, Any], found: Mapping[datetime, float]) -> str:
    shown = ", ".join(f"{value} ({moment:%d/%m/%y %H:%M:%S})" for moment, value in found.items())
    count, threshold = len(found), alarm["Threshold"]
    return f"Threshold Crossed: {count} out of the last {count} datapoints [{shown}] compared with ({threshold})."


def _reason_data(alarm: Mapping[str, Any], found: Mapping[datetime, float], now: datetime) -> str:
    """The reason as data: the newest datapoint first, as CloudWatch keeps it and tells it in events."""
    data = {
        "version": "1.0",
        "queryDate": _at(now),
        "startDate": _at(min(found, default=now)),
        "statistic": alarm["Statistic"],
        "period": alarm["Period"],
        "recentDatapoints": list(reversed(found.values())),
        "threshold": alarm["Threshold"],
        "evaluatedDatapoints": [{"timestamp": _at(moment), "value": value} for moment, value in found.items()],
    }
    return json.dumps(data)


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}+0000"
