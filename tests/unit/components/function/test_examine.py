from typing import Any

import pytest

from controller.aws.client.clients import Clients
from tests.examining import ExaminedLambda, examined, severities
from tests.unit.aws.fake_lambda import NAME

TARGET = {"kind": "function", "function_name": NAME}


@pytest.fixture
def function() -> ExaminedLambda:
    """A function on version 1."""
    return ExaminedLambda()


def look(function: ExaminedLambda, subject: str, **how: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Severity and words of what is found."""
    clients = Clients()
    clients.functions = function  # type: ignore[assignment]
    return [(one.severity, one.found) for one in examined(TARGET, clients, subject, **how)]


def test_a_function_as_a_release_needs_it_is_well(function: ExaminedLambda) -> None:
    """The function, its alias and its role."""
    assert look(function, "the function") == [("ok", "Active, python3.13, 128 MB")]
    assert look(function, "the alias") == [("ok", "on version 1")]
    assert look(function, "the role") == [("ok", "there")]


@pytest.mark.parametrize(
    ("state", "severity", "found"),
    [
        ({"PackageType": "Image"}, "problem", "package type Image"),
        ({"Environment": {"Error": {"ErrorCode": "KMS"}}}, "problem", "variables that cannot be read"),
        ({"State": "Failed", "StateReason": "no subnet"}, "problem", "its last update failed: no subnet"),
        ({"LastUpdateStatus": "Failed"}, "problem", "its last update failed: AWS gives no reason"),
        ({"LastUpdateStatus": "InProgress"}, "note", "an update is in progress"),
        ({"State": "Pending"}, "note", "an update is in progress"),
    ],
)
def test_a_function_that_cannot_be_updated_is_found(
    function: ExaminedLambda, state: dict[str, Any], severity: str, found: str
) -> None:
    """Each reason in its own words."""
    function.polls = function.left = 9
    function.latest |= state
    assert (severity, found) in look(function, "the function")


def test_a_function_that_may_not_be_called_is_a_problem(function: ExaminedLambda) -> None:
    """Reserving nothing stops a function; some reserve and others do not."""
    function.reserved = 0
    assert ("problem", "its reserved concurrency is 0") in look(function, "the function")
    function.reserved = 5
    assert len(look(function, "the function")) == 1


@pytest.mark.parametrize(("version", "shares"), [("$LATEST", None), ("1", {"2": 0.1})])
def test_an_alias_that_no_release_may_begin_with_is_a_problem(
    function: ExaminedLambda, version: str, shares: dict[str, float] | None
) -> None:
    """With the command that puts it right."""
    function.point("live", version, shares)
    clients = Clients()
    clients.functions = function  # type: ignore[assignment]
    (found,) = examined(TARGET, clients, "the alias")
    assert found.severity == "problem"
    assert f"aws lambda update-alias --function-name {NAME} --name live" in found.next_step


@pytest.mark.parametrize(("runtime", "severities"), [("python3.6", ["ok", "problem"]), ("nodejs20.x", ["ok", "note"])])
def test_an_old_runtime_of_the_template_is_said(function: ExaminedLambda, runtime: str, severities: list[str]) -> None:
    """One that Lambda no longer updates refuses every release that sets no other."""
    function.latest["Runtime"] = runtime
    assert severities_of(look(function, "the function")) == severities


@pytest.mark.parametrize(
    "change", [{"Role": "arn:aws:iam::123456789012:role/new"}, {"DeadLetterConfig": {"TargetArn": "arn:queue"}}]
)
def test_versions_that_cannot_share_the_alias_are_a_problem_where_visitors_are_divided(
    function: ExaminedLambda, change: dict[str, Any]
) -> None:
    """Another role or dead-letter queue: AWS would refuse the first shift; all at once is possible."""
    function.latest |= change
    assert severities_of(look(function, "the alias")) == ["ok", "problem"]
    assert severities_of(look(function, "the alias", divides=False)) == ["ok", "note"]


def test_provisioned_concurrency_of_the_alias_itself_is_a_problem(function: ExaminedLambda) -> None:
    """A release is refused, whatever its steps are: AWS would decide who gets which version."""
    function.warm["live"] = {"RequestedProvisionedConcurrentExecutions": 2, "Status": "READY"}
    assert severities_of(look(function, "the alias")) == ["ok", "problem"]
    assert severities_of(look(function, "the alias", divides=False)) == ["ok", "problem"]


def severities_of(found: list[tuple[str, str]]) -> list[str]:
    """How severe they are."""
    return [severity for severity, _ in found]


def test_the_role_is_looked_for_by_its_arn(function: ExaminedLambda) -> None:
    """What that finds is passed on."""
    clients = Clients()
    clients.functions = function  # type: ignore[assignment]
    assert severities(examined(TARGET, clients, "the role", role=())) == []
