"""Everything the flow may use, in one place: the ports, made by the composition root or by a test."""

from typing import Protocol

from controller import ports


class World(Protocol):
    """The ports by name. On AWS each is made when it is first used, so a handler pays only for what it needs."""

    @property
    def clock(self) -> ports.Clock:
        """Tells the time."""

    @property
    def environments(self) -> ports.Environments:
        """The registered environments."""

    @property
    def bundles(self) -> ports.Bundles:
        """The uploaded bundles."""

    @property
    def deployments(self) -> ports.Deployments:
        """The ledger's deployments."""

    @property
    def open_deployments(self) -> ports.OpenDeployments:
        """The deployments that the reconciler looks after."""

    @property
    def evaluations(self) -> ports.Evaluations:
        """What the judge has seen."""

    @property
    def locks(self) -> ports.Locks:
        """Who holds the lock."""

    @property
    def versions(self) -> ports.Versions:
        """What became of each version."""

    @property
    def guards(self) -> ports.Guards:
        """Which alarm guards which deployment."""

    @property
    def components(self) -> ports.Components:
        """The components of an environment."""

    @property
    def budget(self) -> ports.Budget:
        """The requests to AWS Lambda's control plane."""

    @property
    def exports(self) -> ports.Exports:
        """The configuration of what is live."""

    @property
    def restore_points(self) -> ports.RestorePoints:
        """Where exported restore points are kept."""

    @property
    def databases(self) -> ports.Databases:
        """Snapshots of databases."""

    @property
    def secrets(self) -> ports.Secrets:
        """The keys of the application's secrets."""

    @property
    def probe(self) -> ports.Probe:
        """Requests from outside."""

    @property
    def hooks(self) -> ports.Hooks:
        """The application's own functions that may say no."""

    @property
    def rehearsals(self) -> ports.Rehearsals:
        """Keeps the function that acts on alarms ready."""

    @property
    def metrics(self) -> ports.Metrics:
        """What was measured."""

    @property
    def markers(self) -> ports.Markers:
        """Marks releases on the graphs."""

    @property
    def alarms(self) -> ports.Alarms:
        """The states of alarms."""

    @property
    def workflows(self) -> ports.Workflows:
        """The state machines' executions."""

    @property
    def notifications(self) -> ports.Notifications:
        """Tells people."""
