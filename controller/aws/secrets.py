"""The application's secrets in Secrets Manager: whether they exist, and which keys they have.

A value is in memory for the time of one function call and never leaves it: not in a result, not in an error, and not
in the chain of errors behind one (which a log would show).
"""

import json

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.client.deploy_roles import ClientsOf
from controller.domain.environment import Environment
from controller.errors import UnusableSecretError
from controller.ports.components import Secrets


class SecretsManagerSecrets(Secrets):
    """Implements `ports.Secrets`."""

    def __init__(self, clients: ClientsOf | None = None) -> None:
        """`clients` gives those for an environment (default: the process's own)."""
        self._clients = clients or Clients()

    def keys(self, environment: Environment, secret_id: str) -> frozenset[str]:
        """The keys that have a value; one call."""
        with calling("secretsmanager:GetSecretValue", secret_id):
            answer = self._clients.of(environment).secrets.get_secret_value(SecretId=secret_id)
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
