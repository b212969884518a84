"""Which class stands behind which kind of component. A new kind is one class and one case here.

What serves one kind is imported when there is one: an alarm waits for no other kind's.
"""
# ruff: noqa: PLC0415 - see above

from controller.aws.client.clients import Clients
from controller.aws.client.pacing import FORWARD_PATIENCE, URGENT_PATIENCE, Pace, Time, paced
from controller.domain.environment import (
    DatabaseTarget,
    Environment,
    FunctionTarget,
    ImageTarget,
    ParametersTarget,
    SiteTarget,
    StackTarget,
)
from controller.errors import NotFoundError
from controller.ports.components import Budget, Component, Components, Context


class AwsComponents(Components):
    """Implements `ports.Components`."""

    def __init__(
        self, bucket: str, clients: Clients | None = None, budget: Budget | None = None, time: Time | None = None
    ) -> None:
        """`bucket` is the controller's, with the staging area.

        Calls of AWS Lambda that go forward are asked of the `budget` (default: made at once), urgent ones of nobody.
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
        """The component; raises `NotFoundError` when the environment has none of that name."""
        target = environment.components.get(name)
        if target is None:
            known = ", ".join(sorted(environment.components))
            raise NotFoundError(f"Environment {environment.key} has no component '{name}'; it has: {known}.")
        clients = self._urgent if urgent else self._forward
        match target:
            case FunctionTarget():
                from controller.aws.components.function.component import FunctionComponent

                return FunctionComponent(target, name, self._bucket, clients)
            case ImageTarget():
                from controller.aws.components.image.component import ImageComponent

                return ImageComponent(target, name, clients)
            case SiteTarget():
                from controller.aws.components.site.component import SiteComponent

                return SiteComponent(target, name, clients)
            case ParametersTarget():
                from controller.aws.components.parameters.component import ParametersComponent

                return ParametersComponent(target, name, clients)
            case DatabaseTarget():
                raise NotFoundError(f"'{name}' of {environment.key} is a database: no release brings or moves it.")
            case StackTarget():
                from controller.aws.components.stack.component import StackComponent

                return StackComponent(target, name, self._bucket, clients, context=context)
