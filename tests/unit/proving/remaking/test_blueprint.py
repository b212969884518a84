"""What the controller was made from is read in full, or it is not made anew."""

import pytest

from selfright.errors import AdviceError
from selfright.proving.remaking.blueprint import read
from tests.unit.proving.remaking.controlled_account import ControlledAccount, body


def test_the_template_is_the_one_that_was_given() -> None:
    """Whether the client has parsed it or not."""
    assert read(ControlledAccount().controller).template == body()
    assert read(ControlledAccount(template=body()).controller).template == body()


def test_what_the_stack_does_not_have_is_not_given() -> None:
    """CloudFormation refuses empty values."""
    account = ControlledAccount()
    assert account.stack is not None
    account.stack |= {"Tags": [], "EnableTerminationProtection": False}
    blueprint = read(account.controller)
    assert {"Tags", "NotificationARNs", "EnableTerminationProtection"} & blueprint.arguments.keys() == set()
    assert not blueprint.is_protected


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS", "DELETE_FAILED", ""])
def test_only_a_whole_stack_is_made_anew(status: str) -> None:
    """The message says how it is."""
    account = ControlledAccount()
    account.stack = {**(account.stack or {}), "StackStatus": status} if status else None
    with pytest.raises(AdviceError, match=status or "does not exist"):
        read(account.controller)


def test_a_secret_parameter_forbids_it() -> None:
    """CloudFormation does not tell its value."""
    account = ControlledAccount()
    assert account.stack is not None
    account.stack["Parameters"] = [{"ParameterKey": "Token", "ParameterValue": "****"}]
    with pytest.raises(AdviceError, match="Token"):
        read(account.controller)


def test_a_template_that_is_not_json_shows_no_resources() -> None:
    """So nobody takes for granted that its bucket stays."""
    assert read(ControlledAccount(template="Resources: {}").controller).resources("AWS::S3::Bucket") == {}
