"""Which gateway stands in front of a function, with its routes: as its environment names it, and as AWS has it."""

from collections.abc import Iterator

from controller.aws.client.clients import Clients
from controller.aws.components.function.apis import exported_api
from controller.aws.components.function.apis.routes import routes_in
from controller.aws.components.function.invoking.events import DEFAULT, FunctionGateway, GatewayRoute, Shape
from controller.domain.components.function.target import LambdaTarget
from controller.errors import SelfrightError, TransientError


def gateway_of(clients: Clients, target: LambdaTarget) -> FunctionGateway:
    """The gateway of a function; without an API, no call is made.

    An API that cannot be read makes events without path parameters; what it says for that is in `unread`.
    """
    if target.gateway == "load_balancer":
        return FunctionGateway("load_balancer")
    shape: Shape = "rest" if target.rest_api_id else "2.0"
    stage = target.rest_api_stage or DEFAULT
    try:
        return FunctionGateway(shape, tuple(_routes(clients, target)), stage)
    except TransientError:
        raise
    except SelfrightError as error:
        return FunctionGateway(shape, (), stage, unread=str(error))


def _routes(clients: Clients, target: LambdaTarget) -> Iterator[GatewayRoute]:
    """The routes that lead to the function."""
    document = exported_api(clients, target) or {}
    if not document:
        return
    formats = {one["IntegrationId"]: one.get("PayloadFormatVersion") for one in document.get("integrations", [])}
    leads = {one["RouteKey"]: one.get("Target", "").rpartition("/")[2] for one in document.get("routes", [])}
    for route in routes_in(document):
        if route.function in {target.function_name, target.function_name.rpartition(":")[2]} or not route.is_known:
            old = formats.get(leads.get(route.key)) == "1.0"
            yield GatewayRoute(route.key, "rest" if target.rest_api_id else "1.0" if old else "2.0")
