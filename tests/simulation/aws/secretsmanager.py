"""Secrets Manager in memory, as far as the controller reads it."""
# ruff: noqa: N803 - requests and answers are AWS's documents

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.simulation.aws.service import Refusal, Service, operation

PREFIX = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"


class SecretsManager(Service):
    """Secrets by name or ARN; only the present value of each."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self._secrets: dict[str, tuple[str, datetime]] = {}

    @operation
    def create_secret(self, *, Name: str, SecretString: str) -> dict[str, Any]:
        """A new secret."""
        if Name in self._secrets:
            raise Refusal("ResourceExistsException", f"The secret {Name} already exists.")
        self._secrets[Name] = (SecretString, self._now())
        return {"ARN": f"{PREFIX}{Name}", "Name": Name}

    @operation
    def put_secret_value(self, *, SecretId: str, SecretString: str) -> dict[str, Any]:
        """A new value."""
        name = self._name(SecretId)
        self._secrets[name] = (SecretString, self._now())
        return {"ARN": f"{PREFIX}{name}", "Name": name}

    @operation
    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:
        """The value."""
        name = self._name(SecretId)
        value, at = self._secrets[name]
        return {"ARN": f"{PREFIX}{name}", "Name": name, "SecretString": value, "CreatedDate": at}

    @operation
    def delete_secret(self, *, SecretId: str) -> dict[str, Any]:
        """Delete a secret."""
        del self._secrets[self._name(SecretId)]
        return {}

    def _name(self, id_: str) -> str:
        name = id_.removeprefix(PREFIX)
        if name not in self._secrets:
            raise Refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return name
