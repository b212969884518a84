"""`selfright logs`: what was written during a deployment, and only that."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from controller.aws.client.clients import client
from selfright.account.logs import LATE, POLL_SECONDS, LogReader, LogSource
from selfright.cli import main
from selfright.cli.commands.logs import Since
from tests.cli_logs import ALARM, API, STAGE, FakeLogs
from tests.cli_world import BAKING, ID, LIVE_ID, START, SUCCEEDED, CliWorld
from tests.registering import register

ENVIRONMENT = {
    "application": "smartpack",
    "environment": "prod",
    "components": {
        "api": {"kind": "function", "function_name": "smartpack-prod-api"},
        "site": {"kind": "site", "bucket": "some-bucket", "routing_function": "routing"},
    },
}


def at(seconds: float) -> datetime:
    """So long after the upload."""
    return START + timedelta(seconds=seconds)


def done(task: str, deployment: str = ID) -> str:
    """The controller's line about a task."""
    record = {"level": "INFO", "message": "done", "service": "selfright", "task": task, "outcome": "staged"}
    return json.dumps({**record, "deployment_id": deployment})


@pytest.fixture
def logs() -> FakeLogs:
    """Some lines of the deployment, and some that are none of it."""
    logs = FakeLogs()
    logs.write(API, at(-5), "before it began", "6")
    logs.write(STAGE, at(2), done("stage"))
    logs.write(STAGE, at(2.5), done("stage", LIVE_ID))
    logs.write(STAGE, at(2.6), "START RequestId: 1 Version: $LATEST")
    logs.write(API, at(10), '{"level": "INFO", "message": "request answered", "status": 200}\n', "6")
    logs.write(API, at(11), "[ERROR] KeyError: 'weather'\nTraceback (most recent call last):\n  boom", "7")
    logs.write(API, at(12), "by a version of long ago", "3")
    logs.write(API, at(12), '{"_aws": {"CloudWatchMetrics": []}, "Requests": 1}', "7")
    logs.write(API, at(13), "REPORT RequestId: 1\tDuration: 3 ms", "7")
    logs.write(ALARM, at(20), json.dumps({"level": "INFO", "message": "done", "deployments": [ID]}))
    logs.write(API, at(900), "long after its end", "7")
    return logs


@pytest.fixture
def run(world: CliWorld, logs: FakeLogs) -> Callable[..., Result]:
    """The command line, with a deployment that has ended and these logs."""
    register(client("ssm"), ENVIRONMENT)
    world.write(SUCCEEDED)
    world.time.moment = at(1000)

    def run(*arguments: str) -> Result:
        tools = world.tools()
        tools.account.__dict__["logs"] = logs
        return CliRunner().invoke(main, ["logs", *arguments], obj=tools, catch_exceptions=False)

    return run


def documents(result: Result) -> list[dict[str, object]]:
    """The lines, as they are printed for programs."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_both_versions_and_the_controller_are_merged_in_order_of_time(run: Callable[..., Result]) -> None:
    """Lines of other deployments, other versions, and of Lambda itself are left out."""
    lines = documents(run(ID, "--output", "json"))
    assert [(one["source"], one["side"], one["version"]) for one in lines] == [
        ("controller", None, None),
        ("api", "stable", "6"),
        ("api", "canary", "7"),
        ("controller", None, None),
    ]
    assert lines == sorted(lines, key=lambda one: str(one["at"]))


def test_a_line_is_a_document_with_what_was_written(run: Callable[..., Result]) -> None:
    """As text always, and as an object when it was one."""
    first, stable, canary, _ = documents(run(ID, "--output", "json"))
    assert first["record"] == json.loads(done("stage"))
    assert (stable["level"], stable["at"]) == ("INFO", "2026-01-02T10:00:10+00:00")
    assert (canary["level"], canary["record"]) == ("ERROR", None)
    assert str(canary["message"]).startswith("[ERROR] KeyError: 'weather'\nTraceback")
    assert (canary["log_group"], canary["log_stream"]) == (API, "2026/01/02/[7]0f0f")


def test_people_see_when_who_and_what(run: Callable[..., Result]) -> None:
    """A line is a line, whatever control characters it has."""
    controller, stable, canary, alarm = run(ID).stdout.splitlines()
    assert controller.split()[1:] == ["controller", "stage", "done", "task=stage", "outcome=staged"]
    assert stable.split()[1:] == ["api", "stable", "6", "request", "answered", "status=200"]
    assert canary.split()[1:6] == ["api", "canary", "7", "[ERROR]", "KeyError:"]
    assert canary.endswith("Traceback (most recent call last):   boom")
    assert alarm.split()[1:3] == ["controller", "on-alarm"]


@pytest.mark.parametrize(
    ("options", "sources"),
    [
        (["--component", "api"], ["api", "api"]),
        (["--component", "controller"], ["controller", "controller"]),
        (["--component", "api", "--component", "controller"], ["controller", "api", "api", "controller"]),
        (["--since", "990s"], ["api", "api", "controller"]),
        (["--since", "2026-01-02T10:00:11+00:00"], ["api", "controller"]),
        (["--filter", "KeyError"], ["api"]),
        (["--filter", '"outcome": "staged"'], ["controller"]),
        (["--filter", "keyerror"], []),
    ],
)
def test_one_can_ask_for_less(run: Callable[..., Result], options: list[str], sources: list[str]) -> None:
    """By component, by time, by text (exactly as it is written)."""
    assert [one["source"] for one in documents(run(ID, "--output", "json", *options))] == sources


def test_a_text_is_looked_for_by_cloudwatch(run: Callable[..., Result], logs: FakeLogs) -> None:
    """Not all lines are fetched to throw them away; a quote within the text does not end it."""
    run(ID, "--filter", 'a "b"')
    patterns = {one["logGroupName"]: one.get("filterPattern") for one in logs.asked}
    assert patterns == {STAGE: f'"{ID}" "a \\"b\\""', ALARM: f'"{ID}" "a \\"b\\""', API: '"a \\"b\\""'}


def test_lines_after_the_end_are_not_asked_for(run: Callable[..., Result], logs: FakeLogs) -> None:
    """From the upload to a minute after the deployment has closed."""
    run(ID)
    assert {(one["startTime"], one["endTime"]) for one in logs.asked} == {
        (int(START.timestamp() * 1000), int(at(150).timestamp() * 1000))
    }


def test_since_ages_ago_means_from_the_beginning(run: Callable[..., Result], logs: FakeLogs) -> None:
    """Even where no calendar goes."""
    run(ID, "--since", "999999d")
    assert {one["startTime"] for one in logs.asked} == {int(START.timestamp() * 1000)}


def test_since_a_time_after_the_end_there_is_nothing(run: Callable[..., Result], logs: FakeLogs) -> None:
    """CloudWatch would refuse the question, so it is not asked."""
    result = run(ID, "--since", "1m")
    assert result.exit_code == 0
    assert "There are no such lines." in result.stderr
    assert logs.asked == []


def test_a_component_without_logs_is_an_error(run: Callable[..., Result]) -> None:
    """The message lists those that have some."""
    result = run(ID, "--component", "site")
    assert result.exit_code == 1
    assert "site has no logs in smartpack/prod." in result.stderr
    assert "Those with logs are: controller, api." in result.stderr


def test_who_may_not_read_a_group_hears_which_policies_do(run: Callable[..., Result], logs: FakeLogs) -> None:
    """The right is one of two managed policies."""
    logs.trouble = ["AccessDeniedException"]
    result = run(ID)
    assert result.exit_code == 1
    assert f"You may not read {STAGE}." in result.stderr
    assert "SelfrightReleaser" in result.stderr


def test_a_group_that_is_not_there_has_no_lines(run: Callable[..., Result], logs: FakeLogs) -> None:
    """The function has never run, or its logs have expired."""
    logs.groups.clear()
    result = run(ID)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "There are no such lines." in result.stderr


def test_a_controller_that_does_not_say_where_its_logs_are_must_be_deployed_again(run: Callable[..., Result]) -> None:
    """It is of an older version than the command line."""
    place = client("ssm").get_parameter(Name="/selfright/controller")["Parameter"]["Value"]
    old = {key: value for key, value in json.loads(place).items() if key != "log_groups"}
    client("ssm").put_parameter(Name="/selfright/controller", Value=json.dumps(old), Type="String", Overwrite=True)
    assert "Deploy the controller's stack of this version of Selfright again." in run(ID).stderr


def test_an_unknown_deployment_is_an_error(run: Callable[..., Result]) -> None:
    """As with every command."""
    assert "The ledger has no deployment nobody." in run("nobody").stderr


@pytest.mark.parametrize("text", ["soon", "10", "10 m", "-5m", "99999999d"])
def test_what_is_no_time_is_wrong_usage(run: Callable[..., Result], text: str) -> None:
    """The message has examples."""
    result = run(ID, "--since", text)
    assert result.exit_code == 2
    assert "use 10m, 2h, 1d" in result.stderr


def test_a_duration_has_a_unit() -> None:
    """Seconds, minutes, hours, days."""
    durations = [Since().convert(text, None, None) for text in ("90s", "10m", "2h", "1d")]
    assert durations == [timedelta(seconds=90), timedelta(minutes=10), timedelta(hours=2), timedelta(days=1)]


@pytest.fixture
def going(world: CliWorld, run: Callable[..., Result], logs: FakeLogs) -> str:
    """The id of a deployment that is still going on, of which nothing is written yet; it ends after 12 seconds."""
    name = f"{ID}-t"
    world.time.moment = START
    world.write(replace(BAKING, deployment_id=name))
    world.time.plan(12, lambda: world.write(replace(SUCCEEDED, deployment_id=name, closed_at=at(12))))
    for group in logs.groups.values():
        group.clear()
    return name


def followed(result: Result) -> list[object]:
    """What was written in the lines that were shown."""
    return [one["message"] for one in documents(result)]


def test_following_shows_every_line_once_until_it_is_over(
    world: CliWorld, logs: FakeLogs, run: Callable[..., Result], going: str
) -> None:
    """What is read again is not shown again, a line that comes late is not missed, and the end is waited for."""
    world.time.plan(1, lambda: logs.write(API, at(1), "first", "6"))
    world.time.plan(5, lambda: logs.write(API, at(5), "second", "7"))
    world.time.plan(9, lambda: logs.write(API, at(4), "late", "6"))
    world.time.plan(70, lambda: logs.write(API, at(69), "last", "7"))
    assert followed(run(going, "--follow", "--output", "json")) == ["first", "second", "late", "last"]
    assert at(72) <= world.time.now() <= at(72 + 2 * POLL_SECONDS)


def test_following_does_not_read_everything_again(
    world: CliWorld, logs: FakeLogs, run: Callable[..., Result], going: str
) -> None:
    """After the first evaluation, only the last seconds are asked for, in which lines may still arrive."""
    run(going, "--follow")
    starts = [one["startTime"] / 1000 for one in logs.asked if one["logGroupName"] == API]
    assert starts[0] == START.timestamp()
    assert starts[-1] >= (world.time.now() - LATE).timestamp() - POLL_SECONDS
    assert starts == sorted(starts)


def test_following_waits_out_what_passes(logs: FakeLogs, run: Callable[..., Result], going: str) -> None:
    """A throttled question is asked again, and nothing is lost."""
    logs.write(API, at(0), "first", "6")
    logs.trouble = ["ThrottlingException"] * 2
    assert followed(run(going, "--follow", "--output", "json")) == ["first"]


def test_ctrl_c_ends_the_following_quietly(
    world: CliWorld, logs: FakeLogs, run: Callable[..., Result], going: str
) -> None:
    """What was shown stays, and there is no traceback."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    logs.write(API, at(0), "first", "6")
    world.time.plan(5, interrupt)
    result = run(going, "--follow")
    assert result.exit_code == 130
    assert len(result.stdout.splitlines()) == 1
    assert "Traceback" not in result.stderr


def test_the_real_client_is_asked_in_words_that_it_knows(account: None) -> None:
    """The names of parameters and answers are those of CloudWatch Logs, here moto's."""
    logs, stream = client("logs"), "2026/01/02/[7]0f0f"
    now = datetime.now(UTC).replace(microsecond=0)
    logs.create_log_group(logGroupName=API)
    logs.create_log_stream(logGroupName=API, logStreamName=stream)
    lines = [("a deployment", 1), ("else", 2), ("the deployment again", 3)]
    events = [{"timestamp": int(now.timestamp() * 1000) + more, "message": text} for text, more in lines]
    logs.put_log_events(logGroupName=API, logStreamName=stream, logEvents=events)
    source = LogSource("api", API, {"7": "canary"}, ("deployment",))
    found = list(LogReader(logs).read([source], now - timedelta(seconds=1), now + timedelta(seconds=1)))
    assert [(one.text, one.side) for one in found] == [("a deployment", "canary"), ("the deployment again", "canary")]
    assert len({one.id for one in found}) == 2
