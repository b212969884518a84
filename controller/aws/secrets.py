"""The application's secrets in Secrets Manager: whether they exist, and which keys they have.

A value is in memory for the time of one function call and never leaves it: not in a result, not in an error, and not
in the chain of errors behind one (which a log would show).
"""

import json
from typing import TYPE_CHECKING

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.errors import UnusableSecretError
from controller.ports.components import Secrets

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class SecretsManagerSecrets(Secrets):
    """Implements `ports.Secrets`."""

    def __init__(self, secrets: "SecretsManagerClient | None" = None) -> None:
        """`secrets` is the client to use (default: the process's own)."""
        self._secrets = secrets or client("secretsmanager")

    def keys(self, secret_id: str) -> frozenset[str]:
        """The keys that have a value; one call."""
        with calling("secretsmanager:GetSecretValue", secret_id):
            answer = self._secrets.get_secret_value(SecretId=secret_id)
        keys = _keys(answer.get("SecretString"))
        if keys is None:
            raise UnusableSecretError(f"{secret_id} does not hold a JSON object of keys and values.")
        return keys


def _keys(text: str | None) -> frozenset[str] | None:
    """The keys with a value in a JSON object; None for anything else: the parser's error would hold the text."""
    try:
        content = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    return frozenset(key for key, value in content.items() if value not in (None, ""))
