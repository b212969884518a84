"""The registered environments in SSM."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.environments import SsmEnvironments
from controller.errors import InvalidEnvironmentError, UnknownEnvironmentError
from tests.unit.aws.ledger_table import client

WRITTEN = {
    "application": "smartpack",
    "environment": "prod",
    "components": {"api": {"kind": "function", "function_name": "f", "variables": {"KEY": "s3cret"}}},
}


@pytest.fixture
def ssm() -> Iterator[Any]:
    """A parameter store without parameters."""
    with mock_aws():
        yield client("ssm")


def written(ssm: Any, value: str) -> SsmEnvironments:  # noqa: ANN401 - a client
    """The environments, with this as `smartpack/prod`."""
    ssm.put_parameter(Name="/selfright/smartpack/prod", Value=value, Type="String")
    return SsmEnvironments(ssm)


def test_an_environment_is_read_by_application_and_name(ssm: Any) -> None:  # noqa: ANN401 - a client
    """The upload's key has both names."""
    assert written(ssm, json.dumps(WRITTEN)).get("smartpack", "prod").key == "smartpack/prod"


def test_an_unknown_environment_is_named(ssm: Any) -> None:  # noqa: ANN401 - a client
    """The message names the parameter in which it should be."""
    with pytest.raises(UnknownEnvironmentError, match="/selfright/smartpack/test"):
        SsmEnvironments(ssm).get("smartpack", "test")


@pytest.mark.parametrize("value", ["not json", "[]", json.dumps({**WRITTEN, "final_bake": "soon"})])
def test_a_broken_environment_says_what_is_wrong(ssm: Any, value: str) -> None:  # noqa: ANN401 - a client
    """The message has the place and the fault, but no values, because they may be secrets."""
    with pytest.raises(InvalidEnvironmentError, match="SSM parameter /selfright/smartpack/prod") as caught:
        written(ssm, value).get("smartpack", "prod")
    assert "s3cret" not in str(caught.value)
