"""STS in memory: it knows who calls."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.simulation.aws.service import Service, operation


class Sts(Service):
    """One caller."""

    def __init__(self, now: Callable[[], datetime], arn: str = "arn:aws:iam::123456789012:user/person") -> None:
        """`arn` is the caller's."""
        super().__init__(now)
        self.arn = arn

    @operation
    def get_caller_identity(self) -> dict[str, Any]:
        """The caller."""
        return {"Arn": self.arn, "Account": "123456789012", "UserId": "AIDA"}
