"""The application's secrets: only the names of their keys are ever returned."""

import json
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from controller.aws.client.clients import Clients
from controller.aws.secrets import SecretsManagerSecrets
from controller.errors import AwsError, NotFoundError, SelfrightError, TransientError, UnusableSecretError
from tests.unit.aws.fake_lambda import refuse
from tests.unit.aws.ledger_table import client
from tests.unit.flow.scenes import an_environment

NAME, VALUE = "smartpack/prod/config", "hunter2"


@pytest.fixture
def manager() -> Iterator[Any]:
    """A Secrets Manager without secrets."""
    with mock_aws():
        yield client("secretsmanager")


def keys_by(manager: Any, secret_id: str) -> frozenset[str]:  # noqa: ANN401 - a client
    """The keys of this secret of an environment."""
    clients = Clients()
    clients.secrets = manager
    return SecretsManagerSecrets(clients).keys(an_environment(), secret_id)


def keys(manager: Any, text: str) -> frozenset[str]:  # noqa: ANN401 - a client
    """The keys of a secret that holds this text."""
    manager.create_secret(Name=NAME, SecretString=text)
    return keys_by(manager, NAME)


def test_the_keys_with_a_value_are_returned(manager: Any) -> None:  # noqa: ANN401 - a client
    """A key that is not filled in counts as missing; zero and false are values."""
    text = json.dumps({"OPENAI_KEY": VALUE, "EMPTY": "", "NULL": None, "PORT": 0, "DEBUG": False})
    assert keys(manager, text) == {"OPENAI_KEY", "PORT", "DEBUG"}


def test_a_secret_is_found_by_its_arn_too(manager: Any) -> None:  # noqa: ANN401 - a client
    """CDK knows the ARN of a secret that it creates."""
    arn = manager.create_secret(Name=NAME, SecretString='{"A": "1"}')["ARN"]
    assert keys_by(manager, arn) == {"A"}


def test_a_missing_secret_is_reported(manager: Any) -> None:  # noqa: ANN401 - a client
    """The message has its id."""
    with pytest.raises(NotFoundError, match=NAME):
        keys_by(manager, NAME)


def test_a_secret_that_is_being_deleted_cannot_be_read(manager: Any) -> None:  # noqa: ANN401 - a client
    """It exists for some more days, and AWS says so."""
    manager.create_secret(Name=NAME, SecretString="{}")
    manager.delete_secret(SecretId=NAME)
    with pytest.raises(AwsError, match="InvalidRequestException"):
        keys_by(manager, NAME)


@pytest.mark.parametrize(
    "text", [VALUE, f'"{VALUE}"', f'["{VALUE}"]', f'{{"OPENAI_KEY": {VALUE}}}', "[" * 99_999 + VALUE]
)
def test_a_secret_without_keys_is_reported_without_its_value(manager: Any, text: str) -> None:  # noqa: ANN401 - a client
    """The value is neither in the error nor in its causes or its traceback."""
    if len(text) > 65_536:
        manager = _Answers(text)
    else:
        manager.create_secret(Name=NAME, SecretString=text)
    with pytest.raises(UnusableSecretError) as caught:
        keys_by(manager, NAME)
    assert VALUE not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_binary_secret_has_no_keys(manager: Any) -> None:  # noqa: ANN401 - a client
    """Only a text can have keys."""
    manager.create_secret(Name=NAME, SecretBinary=b'{"A": "1"}')
    with pytest.raises(UnusableSecretError):
        keys_by(manager, NAME)


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [("AccessDeniedException", 400, AwsError), ("InternalServiceError", 500, TransientError)],
)
def test_a_refusal_by_aws_is_reported(code: str, status: int, error: type[SelfrightError]) -> None:
    """The message names the missing permission, or the error is transient."""
    with pytest.raises(error, match="secretsmanager:GetSecretValue"):
        keys_by(_Answers(refuse(code, status)), NAME)


class _Answers:
    """A Secrets Manager with one answer."""

    def __init__(self, answer: str | ClientError) -> None:
        self._answer = answer

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Return the text, or raise the refusal."""
        if isinstance(self._answer, ClientError):
            raise self._answer
        return {"SecretString": self._answer}
