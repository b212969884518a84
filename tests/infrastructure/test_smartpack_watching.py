"""SmartPack's alarms, and its dashboard with the releases on every graph."""

import json
from typing import Any

from controller.aws import markers
from controller.domain.phases import Phase
from selfright.cdk.markers import METRIC, NAMESPACE, SHOWN
from tests.infrastructure.templates import Template
from tests.infrastructure.test_smartpack import environment_of

PROD = "smartpack-prod"


def alarm(template: Template, name: str) -> dict[str, Any]:
    """The alarm of this name."""
    return template.named("AWS::CloudWatch::Alarm", "AlarmName", name)


def graphs(template: Template) -> list[dict[str, Any]]:
    """The graphs of the dashboard, with values for what only AWS knows."""
    body = template.text(template.only("AWS::CloudWatch::Dashboard")["DashboardBody"])
    widgets = json.loads(body)["widgets"]
    return [one["properties"] for one in widgets if one["properties"].get("view") == "timeSeries"]


def test_slow_answers_are_an_alarm(smartpack: Template) -> None:
    """The p99 of all versions of the alias, in two periods of three, unless there are only a few requests."""
    latency = alarm(smartpack, f"{PROD}-api-latency")
    assert (latency["MetricName"], latency["ExtendedStatistic"], latency["Threshold"]) == ("Duration", "p99", 3000)
    assert (latency["DatapointsToAlarm"], latency["EvaluationPeriods"]) == (2, 3)
    assert latency["EvaluateLowSampleCountPercentile"] == "ignore"
    assert {one["Name"] for one in latency["Dimensions"]} == {"FunctionName", "Resource"}


def test_throttling_notifies_people_and_guards_nothing(smartpack: Template) -> None:
    """A rollback would not help: the account has no more concurrency before the release either."""
    throttles = alarm(smartpack, f"{PROD}-api-throttles")
    (topic,) = smartpack.of_type("AWS::SNS::Topic")
    assert throttles["MetricName"] == "Throttles"
    assert throttles["AlarmActions"] == [{"Ref": topic}]
    guards = environment_of(smartpack).deployment_preference.alarms
    assert not [name for name in guards if "throttles" in name]


def test_one_alarm_says_whether_the_environment_is_well(smartpack: Template) -> None:
    """The composite alarm names every alarm of the stack, and has no action."""
    composite = smartpack.only("AWS::CloudWatch::CompositeAlarm")
    rule = smartpack.text(composite["AlarmRule"])
    assert composite["AlarmName"] == PROD
    assert all(f"<{name}.Arn>" in rule for name in smartpack.of_type("AWS::CloudWatch::Alarm"))
    assert "AlarmActions" not in composite


def test_latency_and_composite_alarm_can_be_left_out(staging: Template) -> None:
    """Where CloudWatch is not the real one, they have no meaning or no place."""
    names = {one["AlarmName"] for one in staging.of_type("AWS::CloudWatch::Alarm").values()}
    assert names == {f"smartpack-staging-api-{what}" for what in ("errors", "5xx", "throttles")}
    assert not staging.of_type("AWS::CloudWatch::CompositeAlarm")


def test_every_graph_shows_the_releases(smartpack: Template) -> None:
    """On the right axis, for exactly this environment."""
    shown = graphs(smartpack)
    assert len(shown) >= 5
    for graph in shown:
        metrics = [one for one in graph["metrics"] if one[:2] == [NAMESPACE, METRIC]]
        dimensions = [dict(zip(one[2:8:2], one[3:8:2], strict=True)) for one in metrics]
        assert {one["Phase"] for one in dimensions} == set(SHOWN)
        assert {(one["Application"], one["Environment"]) for one in dimensions} == {("smartpack", "prod")}
        filled = [one[0] for one in graph["metrics"] if "expression" in one[0]]
        marks = [one for one in filled if one["expression"].startswith("FILL(")]
        assert {one["yAxis"] for one in marks} == {"right"}


def test_the_marks_are_those_that_the_controller_makes() -> None:
    """Namespace, metric, dimensions and phases are defined twice, because CDK may not import the controller."""
    assert (NAMESPACE, METRIC) == (markers.NAMESPACE, markers.METRIC)
    assert markers.DIMENSIONS == ("Application", "Environment", "Phase")
    assert set(SHOWN) < set(Phase)


def test_the_dashboard_has_alarms_versions_and_the_site(smartpack: Template) -> None:
    """Everything that a person looks for during a release is on one page."""
    board = smartpack.only("AWS::CloudWatch::Dashboard")
    body = smartpack.text(board["DashboardBody"])
    alarms = [*smartpack.of_type("AWS::CloudWatch::Alarm"), *smartpack.of_type("AWS::CloudWatch::CompositeAlarm")]
    assert smartpack.text(board["DashboardName"]) == f"{PROD}-<AWS::Region>"
    assert all(f"<{name}.Arn>" in body for name in alarms)
    assert "ExecutedVersion" in body
    assert '"5xxErrorRate"' in body
    assert '"region":"us-east-1"' in body
