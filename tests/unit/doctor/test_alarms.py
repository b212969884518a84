import json
from datetime import timedelta
from typing import Any

import pytest

from controller.aws.client.clients import client
from selfright.doctor.alarms import AlarmExaminer
from tests.examining import NOW, found_in

ON_ALARM = "arn:aws:lambda:us-east-1:123456789012:function:selfright-on-alarm"
NAME = "api-errors"
DIMENSIONS = [{"Name": "FunctionName", "Value": "api"}]


def look(subject: str = f"the alarm {NAME}", names: tuple[str, ...] = (NAME,)) -> list[tuple[str, str]]:
    """Severity and words of what is found."""
    return [(one.severity, one.found) for one in found_in(AlarmExaminer(ON_ALARM, NOW).examinations(names), subject)]


def make_alarm(**more: object) -> None:
    """An alarm on a function's errors."""
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": DIMENSIONS, "Statistic": "Sum"}
    rule = {"Period": 60, "EvaluationPeriods": 1, "Threshold": 3, "ComparisonOperator": "GreaterThanThreshold"}
    client("cloudwatch").put_metric_alarm(AlarmName=NAME, **metric, **rule, **more)  # type: ignore[arg-type]


def make_data() -> None:
    """A request an hour ago."""
    datum = {"MetricName": "Errors", "Dimensions": DIMENSIONS, "Value": 0.0, "Timestamp": NOW - timedelta(hours=1)}
    client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[datum])  # type: ignore[list-item]


def make_rule(state: str = "ENABLED") -> None:
    """The controller's rule."""
    pattern = json.dumps({"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]})
    client("events").put_rule(Name="alarms", EventPattern=pattern, State=state)  # type: ignore[arg-type]
    client("events").put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": ON_ALARM}])


def test_an_alarm_with_data_that_is_heard_is_well(account: None) -> None:
    """By the controller's own rule, which gets every alarm."""
    make_alarm()
    make_data()
    make_rule()
    assert look() == [("ok", "OK; its metric had data in the last day"), ("ok", "heard by the rule alarms")]


def test_an_alarm_without_data_is_a_note(account: None) -> None:
    """It cannot fire: a wrong dimension, or no traffic."""
    make_alarm(TreatMissingData="notBreaching")
    make_rule()
    assert ("note", "OK; its metric had no data in the last day") in look()


def test_an_alarm_of_metric_math_is_asked_for_its_own_expression(account: None) -> None:
    """As the alarm has it."""
    make_data()
    stat = {"Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": DIMENSIONS}}
    query = {"Id": "errors", "MetricStat": {**stat, "Period": 60, "Stat": "Sum"}, "ReturnData": True}
    rule = {"EvaluationPeriods": 1, "Threshold": 3.0, "ComparisonOperator": "GreaterThanThreshold"}
    client("cloudwatch").put_metric_alarm(AlarmName=NAME, Metrics=[query], **rule)  # type: ignore[arg-type,list-item]
    make_rule()
    assert look()[0] == ("ok", "OK; its metric had data in the last day")


def test_a_missing_alarm_is_a_problem(account: None) -> None:
    """A release would be refused."""
    assert look() == [("problem", "it does not exist")]


def test_a_firing_alarm_is_a_problem(account: None) -> None:
    """And so would this one be."""
    make_alarm()
    make_rule()
    client("cloudwatch").set_alarm_state(AlarmName=NAME, StateValue="ALARM", StateReason="a drill")
    assert look()[0] == ("problem", "it is firing")


@pytest.mark.parametrize("rule", ["none", "DISABLED"])
def test_an_alarm_that_nobody_brings_to_the_controller_is_a_problem(account: None, rule: str) -> None:
    """It would fire, and nothing would be rolled back."""
    make_alarm()
    if rule != "none":
        make_rule(rule)
    assert ("problem", "neither a rule nor a topic brings it to the controller") in look()


def test_without_the_rule_a_topic_will_do(account: None) -> None:
    """If the controller is subscribed to it, and the alarm's actions are enabled."""
    topic = client("sns").create_topic(Name="alarms")["TopicArn"]
    make_alarm(AlarmActions=[topic])
    assert look()[-1][0] == "problem"
    client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ON_ALARM)
    assert look()[-1] == ("ok", "heard by the topic alarms")
    make_alarm(AlarmActions=[topic], ActionsEnabled=False)
    assert look()[-1] == ("problem", "its actions are disabled")


class Composite:
    """CloudWatch with the composite alarm `both`, which moto cannot make; the others are moto's."""

    def describe_alarms(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        """AWS's answer for both types."""
        rule = f'ALARM("{NAME}") OR ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:gone)'
        both = {"AlarmName": "both", "AlarmRule": rule, "StateValue": "OK"}
        found = dict(client("cloudwatch").describe_alarms(**asked))
        return {**found, "CompositeAlarms": [both] if "both" in asked["AlarmNames"] else []}


def look_at_both() -> list[tuple[str, str]]:
    """What is found about the composite alarm."""
    cloudwatch: Any = Composite()
    examinations = AlarmExaminer(ON_ALARM, NOW, cloudwatch).examinations(["both"])
    return [(one.severity, one.found) for one in found_in(examinations, "the alarm both")]


def test_a_composite_alarm_needs_its_children(account: None) -> None:
    """Of those that do not exist, none fires."""
    make_rule()
    assert look_at_both()[0] == ("note", f"its rule names {NAME}, gone")
    make_alarm()
    assert look_at_both() == [("note", "its rule names gone"), ("ok", "heard by the rule alarms")]


def test_an_environment_without_alarms_is_told_what_that_means(account: None) -> None:
    """Only the judge, checks and hooks are left."""
    assert look("guarding alarms", ()) == [("note", "the environment has none")]
