"""EventBridge with its Scheduler and its Pipes: nobody has made a rule, a schedule or a pipe."""

# ruff: noqa: N803 - the names are AWS's

from typing import Any

from tests.simulation.aws.service import Service, operation


class Schedules(Service):
    """Nobody has made any."""

    @operation
    def list_schedules(self, *, NextToken: str | None = None, MaxResults: int = 100) -> dict[str, Any]:
        """None."""
        return {"Schedules": []}


class Events(Service):
    """The bus that every account has."""

    @operation
    def list_event_buses(self, *, Limit: int = 100) -> dict[str, Any]:
        """The one."""
        return {"EventBuses": [{"Name": "default"}]}

    @operation
    def list_rule_names_by_target(
        self, *, TargetArn: str, EventBusName: str, NextToken: str | None = None, Limit: int = 100
    ) -> dict[str, Any]:
        """None."""
        return {"RuleNames": []}


class Pipes(Service):
    """Nobody has made any."""

    @operation
    def list_pipes(self, *, NextToken: str | None = None, Limit: int = 100) -> dict[str, Any]:
        """None."""
        return {"Pipes": []}
