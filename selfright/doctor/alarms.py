"""Whether each alarm that guards releases exists, can be heard by the controller, and has data."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.domain.advice import ALARM_ADVICE
from selfright.components.examined import Examination, Finding, note, ok, problem

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

DAY = timedelta(days=1)
CHILD = re.compile(r'(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*"?([^")]+?)"?\s*\)')
"""An alarm in the rule of a composite one."""
NOT_HEARD = "It would fire, and no deployment would be rolled back by it."


@dataclass
class AlarmExaminer:
    """Looks at alarms. `on_alarm` is the ARN of the controller's function that acts on them.

    `cloudwatch` is the client to use (default: the process's own).
    """

    on_alarm: str
    now: datetime
    cloudwatch: "CloudWatchClient" = field(default_factory=lambda: client("cloudwatch"))
    _rule: str | None = field(default=None, init=False)

    def examinations(self, names: Sequence[str]) -> list[Examination]:
        """One for each alarm; without any, what that means."""
        if not names:
            return [Examination("guarding alarms", self._none)]
        return [Examination(f"the alarm {name}", partial(self._alarm, name)) for name in names]

    def _none(self) -> Iterator[Finding]:
        means = "Only the judge, checks and hooks see a bad release; what they do not measure is not rolled back."
        yield note("the environment has none", means, "Name some in `deployment_preference.alarms`.")

    def _alarm(self, name: str) -> Iterator[Finding]:
        found = self._described([name]).get(name)
        if found is None:
            means = "A release would be refused, because nobody would hear that it fails."
            yield problem("it does not exist", means, "Create it, or correct its name in the environment.")
            return
        if found["StateValue"] == "ALARM":
            yield problem("it is firing", "A release would be refused.", ALARM_ADVICE)
        children = CHILD.findall(found.get("AlarmRule", ""))
        yield from self._children(children) if children else self._data(found)
        yield from self._heard(found)

    def _children(self, names: Sequence[str]) -> Iterator[Finding]:
        known = self._described([one.rpartition(":")[2] for one in names])
        if missing := sorted({one.rpartition(":")[2] for one in names} - known.keys()):
            means = "What it is made of does not exist, so that part of it never fires."
            yield note(f"its rule names {', '.join(missing)}", means, "Correct the rule.")
        else:
            yield ok(f"made of {len(known)} alarms, all of which exist")

    def _data(self, alarm: Mapping[str, Any]) -> Iterator[Finding]:
        """Whether its metrics have had data in the last day, whatever it takes missing data for."""
        queries = alarm.get("Metrics") or [_metric(alarm)]
        with calling("cloudwatch:GetMetricData", alarm["AlarmName"]):
            answer = self.cloudwatch.get_metric_data(
                MetricDataQueries=queries, StartTime=self.now - DAY, EndTime=self.now
            )
        if any(one["Values"] for one in answer["MetricDataResults"]):
            yield ok(f"{alarm['StateValue']}; its metric had data in the last day")
        else:
            means = "Without data it does not fire. That is right only if there was no traffic."
            step = "Compare its namespace, metric and dimensions with what the application publishes."
            yield note(f"{alarm['StateValue']}; its metric had no data in the last day", means, step)

    def _heard(self, alarm: Mapping[str, Any]) -> Iterator[Finding]:
        """By the controller's own rule, which gets every alarm of the region; or else by a topic of its actions."""
        if rule := self._listening():
            yield ok(f"heard by the rule {rule}")
            return
        topics = [arn for arn in alarm.get("AlarmActions", []) if ":sns:" in arn]
        topic = next((arn for arn in topics if self._is_subscribed(arn)), "")
        if topic and alarm.get("ActionsEnabled", True):
            yield ok(f"heard by the topic {topic.rpartition(':')[2]}")
        elif topic:
            yield problem("its actions are disabled", NOT_HEARD, "Enable the alarm's actions.")
        else:
            step = "Deploy the controller's stack again, which has the rule; or give the environment a `topic`."
            yield problem("neither a rule nor a topic brings it to the controller", NOT_HEARD, step)

    def _listening(self) -> str:
        """The enabled rule that brings alarms to the controller; "" if there is none."""
        if self._rule is None:
            self._rule = next((name for name in rules_of(self.on_alarm) if _is_on(name)), "")
        return self._rule

    def _is_subscribed(self, topic: str) -> bool:
        return any(one["Endpoint"] == self.on_alarm for one in subscriptions_of(topic))

    def _described(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        with calling("cloudwatch:DescribeAlarms", ", ".join(names[:3])):
            answer = self.cloudwatch.describe_alarms(
                AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=100
            )
        alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
        return {one["AlarmName"]: dict(one) for one in alarms}


def subscriptions_of(topic: str) -> list[dict[str, str]]:
    """A topic's subscriptions, each with its `Endpoint` and `SubscriptionArn`."""
    pages = client("sns").get_paginator("list_subscriptions_by_topic")
    with calling("sns:ListSubscriptionsByTopic", topic.rpartition(":")[2]):
        found = [one for page in pages.paginate(TopicArn=topic) for one in page["Subscriptions"]]
    return [{key: str(one.get(key, "")) for key in ("Endpoint", "SubscriptionArn")} for one in found]


def rules_of(target: str) -> list[str]:
    """The names of the rules that start this function or state machine."""
    with calling("events:ListRuleNamesByTarget", target):
        return list(client("events").list_rule_names_by_target(TargetArn=target)["RuleNames"])


def _is_on(rule: str) -> bool:
    with calling("events:DescribeRule", rule):
        found = client("events").describe_rule(Name=rule)
    return found.get("State") == "ENABLED" and "CloudWatch Alarm State Change" in found.get("EventPattern", "")


def _metric(alarm: Mapping[str, Any]) -> dict[str, Any]:
    metric = {name: alarm[name] for name in ("Namespace", "MetricName", "Dimensions") if name in alarm}
    stat = alarm.get("Statistic") or alarm.get("ExtendedStatistic") or "Sum"
    return {"Id": "m", "MetricStat": {"Metric": metric, "Period": alarm.get("Period", 60), "Stat": stat}}
