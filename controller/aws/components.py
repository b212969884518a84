"""Which class stands behind which kind of component. A new kind is one class and one line here."""

from controller.aws.calls import Clients
from controller.aws.functions import FunctionComponent
from controller.aws.images import ImageComponent
from controller.aws.parameters import ParametersComponent
from controller.aws.sites import SiteComponent
from controller.domain.environment import Environment, FunctionTarget, ImageTarget, ParametersTarget, SiteTarget
from controller.errors import NotFoundError
from controller.ports import Component, Errand


class AwsComponents:
    """Implements `ports.Components`."""

    def __init__(self, bucket: str, clients: Clients | None = None) -> None:
        """`bucket` is the controller's, with the staging area."""
        self._bucket = bucket
        self._clients = clients or Clients()

    def get(
        self,
        environment: Environment,
        name: str,
        *,
        urgent: bool = False,  # noqa: ARG002
        errand: Errand | None = None,  # noqa: ARG002
    ) -> Component:
        """The component; raises `NotFoundError` when the environment has none of that name."""
        target = environment.components.get(name)
        if target is None:
            known = ", ".join(sorted(environment.components))
            raise NotFoundError(f"Environment {environment.key} has no component '{name}'; it has: {known}.")
        match target:
            case FunctionTarget():
                return FunctionComponent(target, name, self._bucket, self._clients)
            case ImageTarget():
                return ImageComponent(target, name, self._clients)
            case SiteTarget():
                return SiteComponent(target, name, self._clients)
            case ParametersTarget():
                return ParametersComponent(target, name, self._clients)
