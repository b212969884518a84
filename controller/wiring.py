"""The one composition root: which adapter stands behind which port.

An adapter is imported and made when it is first used, so that a cold start pays for no more than it needs.
"""

from collections.abc import Callable
from functools import cached_property, partial
from importlib import import_module
from typing import Any

from controller.ports.world import World
from controller.settings import Settings

AWS = "controller.aws"
ADAPTERS: dict[str, tuple[str, ...]] = {
    "alarms": (f"{AWS}.alarms", "CloudWatchAlarms"),
    "budget": (f"{AWS}.ledger.budget", "DynamoBudget", "table"),
    "bundles": (f"{AWS}.bundles", "S3Bundles"),
    "clock": ("controller.clock", "SystemClock"),
    "databases": (f"{AWS}.components.snapshots", "AwsSnapshots", "clients"),
    "deployments": (f"{AWS}.ledger.deployments", "DynamoDeployments", "table"),
    "environments": (f"{AWS}.environments", "SsmEnvironments"),
    "evaluations": (f"{AWS}.ledger.evaluations", "DynamoEvaluations", "table"),
    "exports": (f"{AWS}.components.exports", "AwsExports", "bucket", "clients"),
    "guards": (f"{AWS}.ledger.guards", "DynamoGuards", "table"),
    "hooks": (f"{AWS}.invocations", "LambdaHooks", "clients"),
    "inbox": (f"{AWS}.inbox", "S3Inbox", "bucket", "deploy_machine_arn"),
    "locks": (f"{AWS}.ledger.locks", "DynamoLocks", "table"),
    "markers": (f"{AWS}.markers", "EmfMarkers"),
    "metrics": (f"{AWS}.metrics", "CloudWatchMetrics"),
    "notifications": (f"{AWS}.notifications", "SnsNotifications", "notifications_topic_arn"),
    "open_deployments": (f"{AWS}.ledger.deployments", "DynamoDeployments", "table"),
    "probe": (f"{AWS}.probe", "HttpProbe"),
    "rehearsals": (f"{AWS}.invocations", "LambdaRehearsals", "on_alarm_function"),
    "restore_points": (f"{AWS}.restore_points", "S3RestorePoints", "bucket"),
    "secrets": (f"{AWS}.secrets", "SecretsManagerSecrets", "clients"),
    "tasks": (f"{AWS}.invocations", "LambdaTasks", "clients"),
    "versions": (f"{AWS}.ledger.locks", "DynamoVersions", "table"),
    "workflows": (f"{AWS}.workflows", "StepFunctionsWorkflows", "rollback_machine_arn"),
}
"""Port → the module and the class of its adapter, and what the class is made with: settings, by their names, and
`clients`, which gives those for an environment."""


def aws_world(settings: Settings) -> World:
    """The ports on AWS, with the resources that the settings name."""
    shared = _Shared(settings)
    made: dict[str, Callable[[World], Any]] = {name: partial(_adapter, shared, one) for name, one in ADAPTERS.items()}
    return World({**made, "components": partial(_components, shared)})


class _Shared:
    """What adapters are made with: the settings, and the clients for environments, which have one cache."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def clients(self) -> Any:  # noqa: ANN401 - imported when it is used
        roles = import_module(f"{AWS}.client.deploy_roles")
        return roles.DeployRoles(self.settings.deploy_roles, self.settings.function)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a setting, or the clients
        return self.clients if name == "clients" else getattr(self.settings, name)


def _adapter(shared: _Shared, entry: tuple[str, ...], _world: World) -> Any:  # noqa: ANN401 - each class has its port
    module, name, *given = entry
    return getattr(import_module(module), name)(*(shared[one] for one in given))


def _components(shared: _Shared, world: World) -> Any:  # noqa: ANN401 - the adapter is imported when it is used
    registry = import_module(f"{AWS}.components.registry")
    return registry.AwsComponents(shared.settings.bucket, shared.clients, budget=world.budget)
