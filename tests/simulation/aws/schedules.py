"""EventBridge Scheduler, without schedules."""

# ruff: noqa: N803 - the names are AWS's

from typing import Any

from tests.simulation.aws.service import Service, operation


class Schedules(Service):
    """Nobody has made any."""

    @operation
    def list_schedules(self, *, NextToken: str | None = None, MaxResults: int = 100) -> dict[str, Any]:
        """None."""
        return {"Schedules": []}
