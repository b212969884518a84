"""STS in memory: it knows who calls, and lends roles for an hour."""
# ruff: noqa: N803 - requests and answers are AWS's documents

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.aws.service import Service, operation


class Sts(Service):
    """One caller."""

    def __init__(self, now: Callable[[], datetime], arn: str = "arn:aws:iam::123456789012:user/person") -> None:
        """`arn` is the caller's."""
        super().__init__(now)
        self.arn = arn
        self.assumed: list[tuple[str, str, str, str]] = []

    @operation
    def get_caller_identity(self) -> dict[str, Any]:
        """The caller."""
        return {"Arn": self.arn, "Account": "123456789012", "UserId": "AIDA"}

    @operation
    def assume_role(
        self,
        RoleArn: str,
        RoleSessionName: str,
        ExternalId: str,
        Policy: str,
        DurationSeconds: int,
    ) -> dict[str, Any]:
        """Keys of the role."""
        self.assumed.append((RoleArn, ExternalId, RoleSessionName, Policy))
        until = self._now() + timedelta(seconds=DurationSeconds)
        keys = {"AccessKeyId": "ASIA", "SecretAccessKey": "secret", "SessionToken": RoleArn}
        return {"Credentials": {**keys, "Expiration": until}}
