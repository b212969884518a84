"""Makes the adapters of components. Each kind is a folder, imported when there is a component of that kind."""

from importlib import import_module
from typing import Any, cast

from controller.aws.client.clients import Clients
from controller.aws.client.pacing import FORWARD_PATIENCE, URGENT_PATIENCE, Pace, Time, paced
from controller.aws.components.kind import AwsKind, Tools
from controller.domain.environment import Environment
from controller.errors import NotFoundError
from controller.ports.components import Budget, Component, Components, Context

KINDS = {
    "database": "controller.aws.components.database",
    "function": "controller.aws.components.function",
    "image": "controller.aws.components.image",
    "parameters": "controller.aws.components.parameters",
    "site": "controller.aws.components.site",
    "stack": "controller.aws.components.stack",
}
"""Name → the package whose module `kind` defines the kind's `KIND`."""


def aws_kind_of(name: str) -> AwsKind[Any]:
    """The kind with this name; raises `KeyError`."""
    return cast("AwsKind[Any]", import_module(f"{KINDS[name]}.kind").KIND)


class AwsComponents(Components):
    """Implements `ports.Components`."""

    def __init__(
        self, bucket: str, clients: Clients | None = None, budget: Budget | None = None, time: Time | None = None
    ) -> None:
        """`bucket` is the controller's, with the staging area.

        Calls to AWS Lambda that go forward are taken from the `budget` (default: made at once); urgent calls are not.
        """
        self._bucket, clients = bucket, clients or Clients()
        self._urgent = paced(clients, Pace(time).take, URGENT_PATIENCE, time)
        self._forward = paced(clients, budget.take, FORWARD_PATIENCE, time) if budget else clients

    def get(
        self,
        environment: Environment,
        name: str,
        *,
        urgent: bool = False,
        context: Context | None = None,
    ) -> Component:
        """The component; raises `NotFoundError` when the environment has none with that name."""
        target = environment.components.get(name)
        if target is None:
            known = ", ".join(sorted(environment.components))
            raise NotFoundError(f"Environment {environment.key} has no component '{name}'; it has: {known}.")
        if not target.in_bundles:
            raise NotFoundError(f"'{name}' of {environment.key} is a {target.kind}: no release brings or moves it.")
        tools = Tools(self._urgent if urgent else self._forward, self._bucket, context)
        return aws_kind_of(target.kind).component(target, name, tools)
