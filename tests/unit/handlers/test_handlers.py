"""The small translations at the edge: alarms in two forms, reasons of failed states, and names that must agree."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest

import controller.flow
import controller.handlers
from controller.domain.deployment import Overtaken
from controller.domain.phases import Phase
from controller.handlers.begin_rollback import UNSAID, by_whom, reason_of
from controller.handlers.entry import TASKS, run
from controller.handlers.on_alarm import CUT, firing
from tests.unit.flow.scenes import ALARM, RESTORED, a_world, at_weight, live, on_its_way

MACHINES = sorted((Path(controller.__file__ or "").parents[1] / "state_machine").glob("*.asl.json"))


def eventbridge(value: str = "ALARM") -> dict[str, Any]:
    """An alarm's state change as EventBridge sends it."""
    state = {"value": value, "reason": "Threshold crossed.", "timestamp": "2026-01-02T03:04:05.678+0000"}
    return {"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": ALARM, "state": state}}


def sns(*messages: str) -> dict[str, Any]:
    """Messages as SNS sends them to a function."""
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message}} for message in messages]}


def changed(value: str = "ALARM", name: str = ALARM) -> str:
    """An alarm's state change as it is written into an SNS message."""
    said = {"NewStateValue": value, "NewStateReason": "Threshold crossed."}
    return json.dumps({"AlarmName": name, "StateChangeTime": "2026-01-02T03:04:05.678+0000", **said})


@pytest.mark.parametrize("event", [eventbridge(), sns(changed())])
def test_an_alarm_that_fires_is_found_in_both_forms(event: dict[str, Any]) -> None:
    """Its name, its reason, and when it fired."""
    fired_at = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    assert firing(event) == [(ALARM, "Threshold crossed.", fired_at, fired_at + CUT, None)]


COMPOSITE_EVENT = {
    "version": "0",
    "id": "d3dfc86d-384d-24c8-0345-9f7986db0b80",
    "detail-type": "CloudWatch Alarm State Change",
    "source": "aws.cloudwatch",
    "account": "123456789012",
    "time": "2026-01-02T03:04:05Z",
    "region": "us-east-1",
    "resources": [f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{ALARM}"],
    "detail": {
        "alarmName": ALARM,
        "state": {
            "actionsSuppressedBy": "WaitPeriod",
            "actionsSuppressedReason": "Actions suppressed by WaitPeriod",
            "value": "ALARM",
            "reason": "shop-api-errors transitioned to ALARM at Friday 02 January, 2026 03:04:05 UTC",
            "reasonData": '{"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:us-east-1:123456789012:alarm:shop-api"'
            ',"state":{"value":"ALARM","timestamp":"2026-01-02T03:04:05.678+0000"}}]}',
            "timestamp": "2026-01-02T03:04:05.678+0000",
        },
        "previousState": {"value": "OK", "reason": "All are OK.", "timestamp": "2026-01-01T03:04:05.678+0000"},
        "configuration": {"alarmRule": "ALARM(shop-api-errors) OR ALARM(shop-api-latency)"},
    },
}
"""As EventBridge sends a composite alarm's change, whose actions a person has suppressed for a while."""

COMPOSITE_MESSAGE = {
    "AlarmName": ALARM,
    "AlarmDescription": "Anything is wrong",
    "AWSAccountId": "123456789012",
    "AlarmRule": "ALARM(shop-api-errors) OR ALARM(shop-api-latency)",
    "NewStateValue": "ALARM",
    "NewStateReason": "shop-api-errors transitioned to ALARM at Friday 02 January, 2026 03:04:05 UTC",
    "StateChangeTime": "2026-01-02T03:04:05.678+0000",
    "Region": "US East (N. Virginia)",
    "AlarmArn": f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{ALARM}",
    "OldStateValue": "OK",
    "TriggeringChildren": [{"Arn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:shop-api-errors"}],
}
"""As SNS carries it: no `Trigger`, because there is no metric."""


@pytest.mark.parametrize("event", [COMPOSITE_EVENT, sns(json.dumps(COMPOSITE_MESSAGE))])
def test_a_composite_alarm_that_fires_is_found_in_both_forms(event: dict[str, Any]) -> None:
    """Its form is another one; a suppressed notification to people does not keep a bad release live."""
    said = "shop-api-errors transitioned to ALARM at Friday 02 January, 2026 03:04:05 UTC"
    fired_at = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    assert firing(event) == [(ALARM, said, fired_at, fired_at + CUT, None)]


@pytest.mark.parametrize("value", ["OK", "INSUFFICIENT_DATA"])
def test_other_states_are_ignored(value: str) -> None:
    """An alarm that is OK again changes nothing."""
    assert firing(eventbridge(value)) == firing(sns(changed(value))) == []


@pytest.mark.parametrize("text", ["hello", "[]", '"ALARM"', "{}", ""])
def test_talk_on_the_topic_is_ignored(text: str) -> None:
    """Whatever else is published there, the alarms in the same event are not missed."""
    assert [name for name, *_ in firing(sns(text, changed(), text, changed(name="second")))] == [ALARM, "second"]


@pytest.mark.parametrize("moment", [None, "", "yesterday"])
def test_no_alarm_is_missed_for_its_date(moment: str | None) -> None:
    """An alarm without a readable time fires as well."""
    event = eventbridge()
    event["detail"]["state"]["timestamp"] = moment
    assert firing(event) == [(ALARM, "Threshold crossed.", None, None, None)]


@pytest.mark.parametrize("event", [eventbridge(), sns(changed()), sns(changed("OK"), changed())])
def test_an_alarms_event_restores_traffic(event: dict[str, Any]) -> None:
    """The whole path from the raw event to the visitors works."""
    world = a_world()
    on_its_way(world, Phase.BAKING, weight=10)
    at_weight(world, 10)
    world.guards.open("d2", [ALARM])
    assert run(world, "on_alarm", event).document()["tripped"] == ["d2"]
    assert live(world) == RESTORED


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, UNSAID),
        ({"reason": "I changed my mind."}, "I changed my mind."),
        ({"failed": {"reason": "Check failed."}}, "Check failed."),
        ({"failed": {"failure": {"Error": "States.Timeout"}}}, "States.Timeout"),
        ({"failed": {"failure": {"Error": "E", "Cause": "The canary is bad."}}}, "The canary is bad."),
        ({"failed": {"failure": {"Cause": '{"errorMessage": "denied", "stackTrace": ["s3cret"]}'}}}, "denied"),
        ({"failed": {"failure": {"Cause": '{"other": 1}'}}}, '{"other": 1}'),
        ({"failed": {"failure": None, "reason": ""}}, UNSAID),
        ({"reason": "1"}, "1"),
    ],
)
def test_the_reason_is_what_was_said(request_: dict[str, Any], said: str) -> None:
    """By a person, or by the state that failed; without a stack trace."""
    assert reason_of(request_) == said


@pytest.mark.parametrize(
    ("failed", "who"),
    [
        ({"hook": {"status": "Failed", "reason": "no"}}, "check"),
        ({"hook": {"status": "Succeeded"}, "failure": {"Error": "States.Timeout"}}, "fault"),
        ({"hook": {"status": "NotNow"}}, "fault"),
        ({"hook": {"status": ["Failed"]}}, "check"),
        ({"hook": "fine"}, "fault"),
        ({"failure": {"Error": "HookRefused", "Cause": "no"}}, "check"),
        ({"failure": {"Error": "Unhealthy", "Cause": "no"}}, "fault"),
        ({}, "fault"),
    ],
)
def test_a_refusal_is_evidence_however_the_hook_answers(failed: dict[str, Any], who: str) -> None:
    """By its token, too; a hook that fails its task, or gives no clear answer, has said nothing against the version."""
    assert by_whom({"by": "fault", "failed": failed}) == who


@pytest.mark.parametrize(
    "failed",
    [
        {"failure": {"Error": "HookRefused", "Cause": "password=hunter2 at db"}},
        {"failure": {"Error": "Refused", "Cause": "password=hunter2 at db"}},
        {"failure": {"Cause": '{"errorMessage": "password=hunter2 at db"}'}},
        {"hook": {"status": "Failed", "reason": "password=hunter2 at db"}},
    ],
)
def test_no_secret_is_in_the_reason_of_what_failed(failed: dict[str, Any]) -> None:
    """What a hook says is the application's, and a failure may quote it."""
    assert reason_of({"by": "fault", "failed": failed}) == "password=[redacted] at db"


def test_a_reason_has_an_end() -> None:
    """A long error is cut, however it is wrapped."""
    assert reason_of({"reason": "x" * 5000}) == "x" * 997 + "…"
    assert reason_of({"reason": json.dumps({"errorMessage": "x" * 5000})}) == "x" * 997 + "…"


@pytest.mark.parametrize(
    ("by", "who"),
    [("fault", "fault"), ("reconciler", "reconciler"), ("person", "person"), ("me", "person"), (7, "person")],
)
def test_an_unknown_source_is_a_person(by: object, who: str) -> None:
    """What is written into the ledger can be read again, whatever was typed into the console."""
    assert by_whom({"by": by}) == who
    assert by_whom({}) == "person"


def lambda_tasks(states: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The states that invoke a function, with those inside of Maps and Parallels."""
    for name, state in states.items():
        if "lambda:invoke" in state.get("Resource", ""):
            yield name, state["Parameters"]
        for inner in [state.get("ItemProcessor"), *state.get("Branches", [])]:
            if inner:
                yield from lambda_tasks(inner["States"])


ASKED = [
    pytest.param(parameters, id=f"{path.name.split('.')[0]}: {name}")
    for path in MACHINES
    for name, parameters in lambda_tasks(json.loads(path.read_text())["States"])
]


@pytest.mark.parametrize("parameters", ASKED)
def test_a_state_asks_the_function_that_has_its_task(parameters: dict[str, Any]) -> None:
    """A task that was moved to another function, or misspelt, is found here."""
    group = parameters["FunctionName"].removeprefix("${").removesuffix("FunctionArn}").lower()
    assert parameters["Payload"]["task"] in TASKS[group]


def test_every_task_is_asked_for_and_has_its_module() -> None:
    """No handler is left over, and none is missing."""
    tasks = [task for group in TASKS.values() for task in group]
    asked = {parameters.values[0]["Payload"]["task"] for parameters in ASKED}  # type: ignore[index]
    assert len(MACHINES) == 2
    assert asked == set(tasks) - {"on_alarm", "reconcile"}
    folder = Path(controller.handlers.__file__ or "").parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__", "entry"} == set(tasks)
    assert len(tasks) == len(set(tasks))
    assert all(import_module(f"controller.handlers.{task}").handle for task in tasks)


def flow_of(task: str) -> set[str]:
    """The functions of the flow that a task's handler imports, as `module.function`."""
    source = (Path(controller.handlers.__file__ or "").parent / f"{task}.py").read_text()
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return {
        f"{node.module.rpartition('.')[2]}.{name.name}"
        for node in imports
        if node.module and node.module.startswith("controller.flow.")
        for name in node.names
    }


def test_the_map_of_the_flow_leads_from_every_state_to_its_code() -> None:
    """One page says where each state of both machines is written, in their order."""
    mapped = re.findall(r"^    ((?:\S| \S)+) {2,}(\w+\.\w+)", controller.flow.__doc__ or "", re.MULTILINE)
    states = [
        (name, parameters["Payload"]["task"])
        for path in MACHINES
        for name, parameters in lambda_tasks(json.loads(path.read_text())["States"])
    ]
    assert [name for name, _ in mapped] == [name for name, _ in states]
    assert [code for (_, code), (_, task) in zip(mapped, states, strict=True) if code not in flow_of(task)] == []


def test_the_docs_lead_from_every_state_to_its_handler_and_its_flow() -> None:
    """The table has every state of both machines, in their order, with files that exist and belong to it."""
    page = (MACHINES[0].parents[1] / "docs" / "flow.md").read_text()
    listed = re.findall(r"^\| ([^|`]+) \| `handlers/(\w+)\.py` \| `flow/([\w/]+)\.py` \|$", page, re.MULTILINE)
    states = [
        (name, parameters["Payload"]["task"])
        for path in MACHINES
        for name, parameters in lambda_tasks(json.loads(path.read_text())["States"])
    ]
    assert [(name, handler) for name, handler, _ in listed] == states
    flow = Path(controller.flow.__file__ or "").parent
    assert [module for *_, module in listed if not (flow / f"{module}.py").is_file()] == []
    assert [module for _, handler, module in listed if module not in modules_of(handler)] == []


def test_a_handler_is_named_like_its_module_of_the_flow() -> None:
    """A state's handler and the module that does its work share one name."""
    tasks = [task for group in TASKS.values() for task in group]
    assert [task for task in tasks if task not in {module.rpartition("/")[2] for module in modules_of(task)}] == []


def modules_of(task: str) -> set[str]:
    """The modules of the flow that a task's handler imports, as paths without their ending."""
    source = (Path(controller.handlers.__file__ or "").parent / f"{task}.py").read_text()
    return {
        name.replace(".", "/") for name in re.findall(r"^from controller\.flow\.([\w.]+) import", source, re.MULTILINE)
    }


def test_an_alarm_of_the_second_in_which_a_release_got_its_visitors_may_be_about_it() -> None:
    """Times are cut to seconds in some forms: the release before must not be accused for that."""
    led = datetime(2026, 1, 2, 3, 4, 5, 2259, UTC)
    event = sns(json.dumps({**json.loads(changed()), "StateChangeTime": "2026-01-02T03:04:05.000+0000"}))
    assert Overtaken(led).covers(cast("datetime", firing(event)[0][3]))


def test_an_alarm_says_until_when_its_data_were_measured() -> None:
    """It fires minutes later."""
    event = eventbridge()
    points = [{"timestamp": f"2026-01-02T03:0{minute}:00.000+0000", "value": 5.0} for minute in (1, 0)]
    event["detail"]["state"]["reasonData"] = json.dumps({"period": 60, "evaluatedDatapoints": points})
    assert firing(event)[0][3] == datetime(2026, 1, 2, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("data", ["", "soon", "[]", "{}", '{"period": 60, "evaluatedDatapoints": []}'])
def test_data_without_a_date_are_not_newer_than_the_alarm(data: str) -> None:
    """An alarm that fired before visitors could get a release is not about it, whatever its form leaves out."""
    event = eventbridge()
    event["detail"]["state"]["reasonData"] = data
    assert firing(event)[0][3] == datetime(2026, 1, 2, 3, 4, 6, 678000, UTC)


DATED = "Threshold Crossed: 2 out of the last 2 datapoints [5.0 (02/01/26 03:01:00), 7.0 (02/01/26 03:00:00)] was above"
STAT = {"Id": "m", "MetricStat": {"Period": 60, "Stat": "Sum"}}


@pytest.mark.parametrize("trigger", [{"Period": 60}, {"Metrics": [{"Id": "e", "Expression": "m"}, STAT]}])
def test_an_alarms_message_says_the_same_in_words(trigger: dict[str, Any]) -> None:
    """A topic gets the alarm, too, and may be first: both must lead to the same release."""
    message = {**json.loads(changed()), "NewStateReason": DATED, "Trigger": trigger}
    assert firing(sns(json.dumps(message)))[0][3] == datetime(2026, 1, 2, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("reason", ["", "By hand.", "[5.0 (31/02/26 03:01:00)]", DATED])
@pytest.mark.parametrize("trigger", [None, [], "soon", {}, {"Period": "x"}, {"Metrics": 5}])
def test_a_message_without_that_is_about_what_was_before_it(reason: str, trigger: Any) -> None:  # noqa: ANN401 - JSON
    """Whatever is missing or odd."""
    message = {**json.loads(changed()), "NewStateReason": reason, "Trigger": trigger}
    assert firing(sns(json.dumps(message)))[0][3] == datetime(2026, 1, 2, 3, 4, 6, 678000, UTC)
