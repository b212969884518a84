import pytest

from controller.aws.client.clients import Clients, client
from controller.domain.components.parameters.values import Parameters
from controller.errors import ChangedByOthersError
from tests.examining import examined

PREFIX = "/smartpack/prod/settings"
TARGET = {"kind": "parameters", "prefix": PREFIX}


def put(name: str, value: str) -> None:
    """Write a parameter below the prefix."""
    client("ssm").put_parameter(Name=f"{PREFIX}/{name}", Value=value, Type="String", Overwrite=True)


def test_settings_that_no_release_brought_yet_are_well(account: None) -> None:
    """The pointer need not exist."""
    assert examined(TARGET, Clients(), "the settings")[0].found == "no release has brought any yet"


def test_a_revision_must_be_complete(account: None) -> None:
    """With exactly the values that its name says."""
    values = {"greeting": "hello"}
    revision = Parameters(values).revision
    put("current", revision)
    (found,) = examined(TARGET, Clients(), "the settings")
    assert (found.severity, found.found) == ("problem", f"revision {revision} is not complete")
    put(f"revisions/{revision}/greeting", "hello")
    assert examined(TARGET, Clients(), "the settings")[0].severity == "ok"


def test_a_pointer_to_anything_else_is_somebody_elses(account: None) -> None:
    """Which is a problem, in the adapter's words."""
    put("current", "what is this?")
    with pytest.raises(ChangedByOthersError, match="somebody else has edited it"):
        examined(TARGET, Clients(), "the settings")
