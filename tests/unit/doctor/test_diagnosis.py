from collections.abc import Iterator

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from controller.aws.client.calls import calling
from controller.errors import AwsError, ChangedByOthersError, NotFoundError, SelfrightError
from selfright.components.examined import Examination, Finding, ok
from selfright.doctor.diagnosis import diagnose
from tests.examining import DENIED


def after(error: Exception) -> list[Finding]:
    """The findings of an examination that finds something, and then fails."""

    def look() -> Iterator[Finding]:
        yield ok("the first thing")
        with calling("lambda:GetAlias", "api:live"):
            raise error

    found = [one.finding for one in diagnose("the account", Examination("the alias", look))]
    assert found[0].found == "the first thing"
    return found[1:]


def test_a_denied_read_is_a_finding_with_the_action() -> None:
    """What the caller may not do is said, and is no crash."""
    (found,) = after(DENIED)
    assert (found.severity, found.action) == ("note", "lambda:GetAlias")
    assert found.found == "you may not call lambda:GetAlias"
    assert "credentials that may call lambda:GetAlias" in found.next_step


@pytest.mark.parametrize(
    ("error", "severity"),
    [
        (NotFoundError("it is not there"), "problem"),
        (ChangedByOthersError("somebody else moved it"), "problem"),
        (EndpointConnectionError(endpoint_url="https://here"), "note"),
        (SelfrightError("something else"), "note"),
        (KeyError("State"), "note"),
    ],
)
def test_what_goes_wrong_becomes_the_last_finding(error: Exception, severity: str) -> None:
    """The first findings stay, and each has something to do or to know."""
    (found,) = after(error)
    assert found.severity == severity
    assert found.found
    assert found.means


def test_without_credentials_nothing_can_be_examined() -> None:
    """So that is raised: a page of notes would look as if all were well."""
    with pytest.raises(AwsError, match="NoCredentialsError"):
        after(NoCredentialsError())
