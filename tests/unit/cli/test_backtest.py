import json
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from controller.aws.client.clients import client
from controller.aws.ledger.evaluations import DynamoEvaluations
from controller.domain.deployment import Trip
from selfright.backtest.incidents import Incident
from selfright.backtest.report import Bad, Good, Report
from selfright.cli.views.backtest_page import shown
from tests.cli_world import ID, ROLLED_BACK, START, TABLE, CliWorld
from tests.evaluations import FIRST, worse
from tests.registering import register, registered

FUNCTION = "smartpack-prod-api"
OPTIONS = ("backtest", "-e", "smartpack/prod", "--days", "1", "--releases", "40", "--worse", "5")


@pytest.fixture
def measured(world: CliWorld) -> CliWorld:
    """An API with ten requests a second in the last three hours, one in a thousand of which failed."""
    value = {
        "application": "smartpack",
        "environment": "prod",
        "components": {"api": {"kind": "function", "function_name": FUNCTION}},
        "deployment_preference": {"type": "Canary10Percent5Minutes"},
    }
    register(client("ssm"), value)
    dimensions = [
        {"Name": "FunctionName", "Value": FUNCTION},
        {"Name": "Resource", "Value": f"{FUNCTION}:live"},
    ]
    data = [
        {
            "MetricName": name,
            "Dimensions": dimensions,
            "Timestamp": START - timedelta(minutes=minute),
            "Value": amount,
        }
        for minute in range(1, 181)
        for name, amount in (("Invocations", 600.0), ("Errors", float(minute % 5 < 3)))
    ]
    client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=data)  # type: ignore[arg-type]
    return world


def test_the_policy_is_replayed(measured: CliWorld) -> None:
    """How many good releases would have been rolled back, how fast bad ones are caught, and what it means."""
    result = measured.run(*OPTIONS)
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "api 108,000 requests in 3 h with traffic, 0.1 % failed" in text
    assert "rolled back by the judge 0 (0.0 %; at most 7.2 % with 95 % confidence)" in text
    assert "+5 points 100.0 % caught, half of them within" in text
    assert "✔ The result is consistent with the promised risk" in text


def test_the_same_seed_gives_the_same_document(measured: CliWorld) -> None:
    """And another one does not."""
    documents = [
        json.loads(measured.run(*OPTIONS, "--worse", "1.1", "--output", "json", "--seed", seed).stdout)
        for seed in ("1", "1", "2")
    ]
    assert documents[0] == documents[1] != documents[2]
    assert documents[0]["traffic"] == {"api": {"requests": 108_000, "errors": 108}}
    assert documents[0]["good"]["releases"] == 40
    assert [one["worse"] for one in documents[0]["bad"]] == [pytest.approx(0.011), 0.05]


def test_deployments_that_were_rolled_back_are_judged_again(measured: CliWorld) -> None:
    """What ended them, and when the judge alone would have."""
    measured.write(
        replace(ROLLED_BACK, trip=Trip(FIRST + timedelta(seconds=100), "alarm", "Alarm x"), created_at=START),
        ("shifted", "10 % of the visitors get version 1.2.0."),
    )
    for evaluation in worse():
        DynamoEvaluations(TABLE).record(ID, evaluation)
    result = measured.run(*OPTIONS, "--output", "json")
    (incident,) = json.loads(result.stdout)["incidents"]
    assert (incident["deployment_id"], incident["source"], incident["evaluations"]) == (ID, "alarm", 13)
    assert incident["limit"] == pytest.approx(20)
    assert incident["judged"] is not None or incident["forecast"] is not None


def test_more_days_than_cloudwatch_keeps_are_told(measured: CliWorld) -> None:
    """Minutes are kept for 15 days."""
    result = measured.run(*OPTIONS[:3], "--days", "30", "--releases", "20", "--worse", "5")
    assert "CloudWatch keeps minutes for 15 days: virtual releases are made in the last 15, not in 30." in result.stdout


def test_without_traffic_that_is_told(measured: CliWorld) -> None:
    """There is nobody to release to, and no promise is broken."""
    measured.time.moment += timedelta(days=5)
    result = measured.run(*OPTIONS)
    assert result.exit_code == 0
    assert "No request was measured in this time" in result.stdout


def test_a_strategy_that_compares_nothing_is_told(measured: CliWorld) -> None:
    """All at once: there is no canary beside stable."""
    value = registered(client("ssm"), "smartpack/prod")
    value["deployment_preference"]["type"] = "AllAtOnce"
    register(client("ssm"), value)
    assert "This strategy compares nothing" in measured.run(*OPTIONS).stdout


def test_an_environment_without_functions_cannot_be_replayed(world: CliWorld) -> None:
    """A site is not measured by revision."""
    result = world.run(*OPTIONS)
    assert result.exit_code == 1
    assert "has no function whose traffic could be replayed" in result.stderr


def drawn(report: Report) -> str:
    """As it is shown."""
    console = Console(width=300, force_terminal=False)
    with console.capture() as capture:
        console.print(shown(report))
    return " ".join(capture.get().split())


def test_a_broken_promise_is_told_plainly() -> None:
    """When the counted share is beyond the risk beyond doubt."""
    good = Good(1000, 90, 12, 31, ("The canary is worse: api …",))
    report = Report("smartpack/prod", START, START, (), 0.05, {}, 3, good, (Bad(0.001, 200, 20, None),))
    assert not report.keeps_its_promise
    text = drawn(report)
    assert "✘ More good releases are rolled back than the 5.0 % that are allowed" in text
    assert "not decided 12 (1.2 %)" in text
    assert "an alarm fired meanwhile 31 (3.1 %)" in text
    assert "+0.1 points 10.0 % caught, fewer than half" in text
    assert replace(report, good=replace(good, rolled_back=60)).keeps_its_promise


def test_incidents_are_told_with_and_without_alarms() -> None:
    """And what would have come of them."""
    incidents = (
        Incident("a", "1.2.0", "alarm", 42, 7, 61, 30, 20),
        Incident("b", "1.3.0", "judge", 90, 7, None, 3.3, 20, 340),
        Incident("c", "1.4.0", "check", 5, 0),
    )
    text = drawn(Report("smartpack/prod", START, START, (), 0.05, {}, 3, Good(20, 0, 0), (), incidents))
    assert "1.2.0 ended after 42 s by an alarm; the judge alone: after 1 min 1 s" in text
    assert "not yet by then (e-value 3.3 of 20), about 5 min 40 s had it gone on" in text
    assert "1.4.0 ended after 5 s by a check; its comparisons were not recorded" in text
