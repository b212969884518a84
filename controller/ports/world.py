"""Everything outside that the flow may use, in one place: the ports by name."""

from collections.abc import Callable, Mapping
from typing import Any

from controller.ports.components import (
    Budget,
    Bundles,
    Components,
    Databases,
    Environments,
    Exports,
    Inbox,
    RestorePoints,
    Secrets,
)
from controller.ports.ledger import Deployments, Evaluations, Guards, Locks, OpenDeployments, Versions
from controller.ports.signals import (
    Alarms,
    Clock,
    Hooks,
    Markers,
    Metrics,
    Notifications,
    Probe,
    Rehearsals,
    Tasks,
    Workflows,
)


class World:
    """The ports. Each adapter is made when it is first used, so a handler pays only for what it needs.

    This is the only list of the ports; `controller.wiring` says which adapter stands behind each.
    """

    alarms: Alarms
    budget: Budget
    bundles: Bundles
    clock: Clock
    components: Components
    databases: Databases
    deployments: Deployments
    environments: Environments
    evaluations: Evaluations
    exports: Exports
    guards: Guards
    hooks: Hooks
    inbox: Inbox
    locks: Locks
    markers: Markers
    metrics: Metrics
    notifications: Notifications
    open_deployments: OpenDeployments
    probe: Probe
    rehearsals: Rehearsals
    restore_points: RestorePoints
    secrets: Secrets
    tasks: Tasks
    versions: Versions
    workflows: Workflows

    def __init__(self, adapters: Mapping[str, Callable[["World"], Any]]) -> None:
        """`adapters` makes the adapter of each port, by the port's name."""
        self._adapters = adapters

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - each port has its type above
        """Make the adapter of this port; from then on it is a plain attribute."""
        if name.startswith("_") or name not in self._adapters:
            raise AttributeError(name)
        adapter = self._adapters[name](self)
        setattr(self, name, adapter)
        return adapter
