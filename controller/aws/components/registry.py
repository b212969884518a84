"""Makes the adapters of components. Each kind is a folder, imported when there is a component of that kind."""

from importlib import import_module
from typing import Any, cast

from controller.aws.client.clients import Clients
from controller.aws.client.credentials import RoleCredentials
from controller.aws.client.deploy_roles import ClientsOf
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
    "state_machine": "controller.aws.components.state_machine",
}
"""Name → the package whose module `kind` defines the kind's `KIND`."""


def aws_kind_of(name: str) -> AwsKind[Any]:
    """The kind with this name; raises `KeyError`."""
    return cast("AwsKind[Any]", import_module(f"{KINDS[name]}.kind").KIND)


class AwsComponents(Components):
    """Implements `ports.Components`."""

    def __init__(
        self, bucket: str, clients: ClientsOf | None = None, budget: Budget | None = None, time: Time | None = None
    ) -> None:
        """`bucket` is the controller's, with the staging area; `clients` gives those for an environment.

        Calls to AWS Lambda that go forward are taken from the `budget` (default: made at once); urgent calls are not.
        """
        self._bucket, self._clients, self._budget = bucket, clients or Clients(), budget
        self._pace, self._time = Pace(time), time

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
        tools = Tools(self._paced(environment, urgent=urgent), self._bucket, context)
        return aws_kind_of(target.kind).component(target, name, tools)

    def make_ready(self, environment: Environment) -> None:
        """Renew the credentials for this environment, if they need it soon; see the port."""
        credentials = self._clients.of(environment).credentials
        if isinstance(credentials, RoleCredentials):
            credentials.make_ready()

    def _paced(self, environment: Environment, *, urgent: bool) -> Clients:
        clients = self._clients.of(environment)
        if urgent:
            return paced(clients, self._pace.take, URGENT_PATIENCE, self._time)
        return paced(clients, self._budget.take, FORWARD_PATIENCE, self._time) if self._budget else clients
