"""What the stacks cost at rest, by their templates and the price table."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.cost import GOAL, UnpricedError, bill, prices, total
from tests.infrastructure.templates import Template

ROOT = Path(__file__).parents[2]
ALARM = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}}


def counted(**resources: Any) -> dict[str, float]:  # noqa: ANN401 - of a template
    """What → dollars."""
    return {item.what: item.dollars for item in bill({"Resources": resources}, prices())}


def test_the_controller_costs_at_most_a_dollar_a_month_at_rest(controller: Template) -> None:
    """In us-east-1, without any free tier: alarms, the reconciler's schedule, a gigabyte of bundles."""
    items = bill(controller.document, prices())
    assert total(items) <= GOAL
    assert {item.what for item in items} >= {"CloudWatch::Alarm", "runs of the schedule, each with what it calls"}


def test_the_key_and_the_dashboard_are_what_costs_more(controller: Template, chosen: Template) -> None:
    """So both are settings."""
    assert total(bill(chosen.document, prices())) - total(bill(controller.document, prices())) == pytest.approx(4)


def test_smartpack_has_a_figure(smartpack: Template) -> None:
    """A secret, alarms and a dashboard; no key."""
    items = {item.what: item.dollars for item in bill(smartpack.document, prices())}
    assert sum(items.values()) < 5
    assert "KMS::Key" not in items


def test_the_documentation_has_the_counted_figures(controller: Template, smartpack: Template) -> None:
    """Whoever adds a resource corrects the pages."""
    at_rest, example = (total(bill(one.document, prices())) for one in (controller, smartpack))
    operations, readme = ((ROOT / name).read_text() for name in ("docs/operations.md", "README.md"))
    assert f"| **all of it** | **{at_rest:.2f}** | **{example:.2f}** |" in operations
    assert f"about {100 * at_rest:.0f} cents a month" in readme


def test_an_alarm_costs_as_much_as_its_metrics() -> None:
    """Metric math over eight functions would cost as much as eight alarms."""
    each = {"MetricStat": {}}
    several = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [{"Expression": "a+b"}, each, each]}}
    assert counted(one=ALARM)["CloudWatch::Alarm"] == pytest.approx(0.1)
    assert counted(several=several)["CloudWatch::Alarm"] == pytest.approx(0.2)


def test_a_schedule_costs_what_its_runs_use() -> None:
    """Twice as often, twice as much."""
    runs = "runs of the schedule, each with what it calls"
    rules = [
        {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": f"rate({rate})"}}
        for rate in ("5 minutes", "10 minutes", "1 hour")
    ]
    five, ten, hour = (counted(rule=rule)[runs] for rule in rules)
    assert (five / ten, five / hour) == (pytest.approx(2), pytest.approx(12))
    assert counted(event={"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {}}}) == {}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("AWS::EC2::NatGateway", {}), ("AWS::Events::Rule", {"ScheduleExpression": "cron(0 * * * ? *)"})],
)
def test_what_has_no_price_is_not_free(kind: str, properties: dict[str, Any]) -> None:
    """A new kind of resource needs a price before it is merged."""
    with pytest.raises(UnpricedError, match=r"add its price|How often"):
        counted(it={"Type": kind, "Properties": properties})


def test_every_price_has_its_source() -> None:
    """So that it can be checked and corrected."""
    table = prices()
    assert all(one["source"].startswith("https://") for group in ("resources", "run") for one in table[group].values())
