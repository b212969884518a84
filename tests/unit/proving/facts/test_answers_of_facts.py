"""Facts whose answer is a word, a number of AWS, or a message."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from selfright.proving.facts import alarms, metrics, preflight, qualified_arns, quotas, revisions
from selfright.proving.places import Address, Answered
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene
from selfright.weather import Weather
from tests.unit.proving.late_account import ARN, OUTPUTS, LateAccount, VirtualClock, refused


class Service:
    """One fake for the client of every service; a test defines the calls that it needs."""

    def __init__(self, **calls: Any) -> None:  # noqa: ANN401 - any call
        self.__dict__.update(calls)

    def scene(self, request: Any = None, clock: VirtualClock | None = None) -> Scene:  # noqa: ANN401
        """Where facts are measured with it."""
        return Scene(OUTPUTS, lambda _: self, clock or VirtualClock(), request=request or nobody)


def nobody(*_: object) -> Answered:
    """No answer comes."""
    return Answered(0, "NewConnectionError")


def said(findings: Iterator[Finding]) -> dict[str, str]:
    """What was found, or why not, by the findings' names."""
    return {one.what: one.said if isinstance(one, Measured) else f"not measured: {one.why}" for one in findings}


def test_the_preflights_headers_are_told() -> None:
    """For the origin that the API allows, and for another one."""

    def request(_: Address, __: str, headers: Mapping[str, str], method: str) -> Answered:
        if method == "GET":
            return Answered(200, "api 1.0.0")
        allowed = headers["origin"] == preflight.ORIGIN
        return Answered(204, "", {"access-control-allow-origin": preflight.ORIGIN} if allowed else {})

    found = said(preflight.measure(Service().scene(request)))
    assert found["the preflight of an allowed origin"] == (
        "status 204; access-control-allow-origin: https://pages.example"
    )
    assert found["the preflight of another origin"] == "status 204; no CORS headers"


def test_an_api_that_is_not_reached_has_no_preflight() -> None:
    """Whoever answers instead is not asked."""
    scene = Service().scene(lambda *_: Answered(200, "somebody else's page"))
    (finding,) = preflight.measure(scene)
    assert isinstance(finding, NotMeasured)
    assert "is not reached at its own domain" in finding.why


@pytest.mark.parametrize(
    ("rank", "answer"),
    [
        (99.5, "PR(:60000) is 99.5 %"),
        (None, "none: the metric has an average, and no rank"),
        (142.0, "not measured: PR(:60000) is answered with 142, which is no percentage: it is not understood here"),
    ],
)
def test_a_percentile_rank_is_a_percentage_or_no_rank(rank: float | None, answer: str) -> None:
    """A service that does not know the statistic may answer with another one."""

    def get_metric_data(*, MetricDataQueries: list[Any], **_: datetime) -> Mapping[str, Any]:  # noqa: N803
        value = 120.0 if MetricDataQueries[0]["MetricStat"]["Stat"] == "Average" else rank
        return {"MetricDataResults": [{"Values": [] if value is None else [value]}]}

    service = Service(get_metric_data=get_metric_data, get_alias=lambda **_: {"FunctionVersion": "2"})
    assert said(metrics.percentiles(service.scene())) == {"a percentile rank of a version's durations": answer}


@pytest.mark.parametrize("late", [30.0, 90.0])
def test_a_minute_is_visible_and_complete_when_cloudwatch_says_so(late: float) -> None:
    """At first a part of its calls, and all of them half a minute later; times are from the minute's end."""
    account = LateAccount(Weather("still"))
    clock, calls = account.clock, list[tuple[float, str]]()

    def request(*_: object) -> Answered:
        clock.sleep(0.02)
        version = "2" if len(calls) % 2 else "3"
        calls.append((clock.now(), version))
        return Answered(200, json.dumps({"version": version}))

    def get_metric_data(*, MetricDataQueries: list[Any], StartTime: datetime, EndTime: datetime) -> Mapping[str, Any]:  # noqa: N803
        dimensions = {one["Name"]: one["Value"] for one in MetricDataQueries[0]["MetricStat"]["Metric"]["Dimensions"]}
        begins, ends = StartTime.timestamp(), EndTime.timestamp()
        found = [version for at, version in calls if begins <= at < ends and version == dimensions["ExecutedVersion"]]
        age = clock.now() - ends
        count = len(found) if age >= late + 30 else len(found) // 2 if age >= late else 0
        return {"MetricDataResults": [{"Values": [float(count)] if count else []}]}

    account.get_metric_data = get_metric_data  # type: ignore[attr-defined]
    scene = account.scene()
    scene.request = request
    visible, complete, grown = metrics.measure(scene)
    assert isinstance(visible, Measured)
    assert isinstance(complete, Measured)
    # The first minutes end while calls are still made, and are read after that.
    assert visible.seconds[-1] == pytest.approx(late, abs=5.5)
    assert complete.seconds[-1] == pytest.approx(late + 30, abs=5.5)
    assert isinstance(grown, Measured)
    assert not grown.said.startswith("0 of")


def test_each_alarms_message_is_looked_for_behind_its_topic() -> None:
    """One whose message is lost is said by name; the others are measured."""
    waiting: list[str] = []
    clock = VirtualClock()

    def set_alarm_state(*, AlarmName: str, StateValue: str, StateReason: str) -> None:  # noqa: N803
        if AlarmName != alarms.ERRORS and StateValue == "ALARM":
            waiting.append(json.dumps({"AlarmName": AlarmName, "NewStateValue": StateValue}))

    def receive_message(**_: object) -> Mapping[str, Any]:
        clock.sleep(0.1)
        found = [{"Body": body, "ReceiptHandle": "r"} for body in waiting]
        waiting.clear()
        return {"Messages": found}

    service = Service(set_alarm_state=set_alarm_state, receive_message=receive_message, delete_message=lambda **_: None)
    found = list(alarms._by_hand(service.scene(clock=clock)))
    assert [type(one) for one in found] == [Measured, NotMeasured, Measured]
    assert alarms.ERRORS in found[1].what


@pytest.mark.parametrize("enveloped", [True, False])
def test_an_alarms_message_is_read_with_and_without_an_envelope(enveloped: bool) -> None:
    """A queue gets it raw if its subscription says so, and some emulators do not know that."""
    own = {"AlarmName": "a", "NewStateValue": "ALARM"}
    body = json.dumps({"Type": "Notification", "Message": json.dumps(own)} if enveloped else own)
    assert alarms._told(body) == own


def test_what_changes_a_revision_id_is_told_and_a_refused_write_says_so() -> None:
    """A new account's concurrency may not suffice for a provisioned instance."""
    account = LateAccount(Weather("still"))
    account.add_permission = lambda **_: None  # type: ignore[attr-defined]
    account.remove_permission = lambda **_: None  # type: ignore[attr-defined]

    def refuse(**_: object) -> None:
        raise refused("InvalidParameterValueException")

    def gone(**_: object) -> None:
        raise refused("ProvisionedConcurrencyConfigNotFoundException")

    account.put_provisioned_concurrency_config = refuse  # type: ignore[attr-defined]
    account.delete_provisioned_concurrency_config = gone  # type: ignore[attr-defined]
    assert said(revisions.of_alias(account.scene())) == {
        "after an identical UpdateAlias": "the revision id is new",
        "after a policy on the alias": "the revision id is the same",
        "after provisioned concurrency on the alias": "not measured: it was refused: InvalidParameterValueException",
    }


def test_a_service_without_quotas_does_not_hide_the_others() -> None:
    """Each is asked on its own."""

    def paginate(*, ServiceCode: str) -> Iterator[Mapping[str, Any]]:  # noqa: N803 - AWS's name
        if ServiceCode != "lambda":
            raise refused("AccessDeniedException")
        quota = {"QuotaName": "Concurrent executions", "Value": 10.0, "Unit": "None"}
        yield {"Quotas": [quota, {**quota, "QuotaName": "Something else"}]}

    limits = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
    service = Service(
        get_account_settings=lambda: {"AccountLimit": limits}, get_paginator=lambda _: Service(paginate=paginate)
    )
    found = said(quotas.measure(service.scene()))
    assert found["lambda: Concurrent executions"] == "10"
    assert "lambda: Something else" not in found
    assert found["quotas of ssm"].startswith("not measured: ")


def sessions(account: LateAccount, allowed: Callable[[str], bool]) -> Scene:
    """A scene whose sessions may do what their policy allows on the ARNs of which `allowed` says so."""
    policies: list[str] = []

    def assume_role(*, Policy: str, **_: str) -> Mapping[str, Any]:  # noqa: N803 - AWS's name
        policies.append(json.loads(Policy)["Statement"][0]["Resource"])
        return {"Credentials": {}}

    def call(**_: str) -> None:
        if not allowed(policies[-1]):
            raise refused("AccessDeniedException")

    account.assume_role = assume_role  # type: ignore[attr-defined]
    account.meta = Service(region_name="eu-west-1")  # type: ignore[attr-defined]
    scene = account.scene()
    scene.caller = lambda *_: Service(get_alias=call, get_function_configuration=call, delete_function=call)
    return scene


def test_a_policy_that_is_not_enforced_says_nothing_about_arns() -> None:
    """A session without the right could read: then whatever follows would be a guess."""
    (finding,) = qualified_arns.measure(sessions(LateAccount(Weather("still")), lambda _: True))
    assert isinstance(finding, NotMeasured)
    assert "not enforced" in finding.why


@pytest.mark.parametrize("form", ["qualified", "unqualified"])
def test_the_arn_that_a_policy_must_name_is_found(form: str) -> None:
    """An AWS that looks at one of the two forms only."""

    def allowed(arn: str) -> bool:
        return arn == ARN if form == "unqualified" else arn.startswith(f"{ARN}:")

    found = said(qualified_arns.measure(sessions(LateAccount(Weather("still")), allowed)))
    words = {True: "allowed", False: "denied"}
    expected = (
        f"policy on the qualified ARN: {words[form == 'qualified']}; on the function's own: "
        f"{words[form == 'unqualified']}"
    )
    assert found == {
        f"lambda:{name} with a qualifier": expected
        for name in ("GetAlias", "GetFunctionConfiguration", "DeleteFunction")
    }
