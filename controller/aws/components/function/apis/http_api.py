"""The export of an HTTP API: its settings with CORS, routes, integrations and stages.

Values that may be secrets are left out, and their names stay: stage variables, and what an integration adds to requests
of its own (static values, an address with a password or a query).
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.apis.rest_api import discreet_address
from controller.domain.restore_point import LEFT_OUT

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client

SETTINGS = ("Name", "ProtocolType", "Description", "CorsConfiguration", "DisableExecuteApiEndpoint")
ROUTE = (
    "RouteId", "RouteKey", "Target", "AuthorizationType", "AuthorizerId", "AuthorizationScopes", "ApiKeyRequired",
    "OperationName",
)  # fmt: skip
INTEGRATION = (
    "IntegrationId", "IntegrationType", "IntegrationUri", "IntegrationMethod", "PayloadFormatVersion", "ConnectionType",
    "ConnectionId", "CredentialsArn", "TimeoutInMillis", "Description", "TlsConfig", "RequestParameters",
)  # fmt: skip
STAGE = (
    "StageName", "AutoDeploy", "DeploymentId", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings",
    "StageVariables", "Description",
)  # fmt: skip


class HttpApiExport:
    """Exports one HTTP API."""

    def __init__(self, clients: Clients, api_id: str) -> None:
        self._clients, self._id = clients, api_id

    def document(self) -> dict[str, Any]:
        """Four calls; raises `NotFoundError` when there is no such API."""
        gateway = self._clients.gateway
        with calling("apigateway:GET", f"/apis/{self._id}"):
            api = gateway.get_api(ApiId=self._id)
        return {
            "api_id": self._id,
            "settings": _only(api, SETTINGS),
            "routes": [_only(one, ROUTE) for one in self._all(gateway, "get_routes")],
            "integrations": [_discreet(_only(one, INTEGRATION)) for one in self._all(gateway, "get_integrations")],
            "stages": [_discreet(_only(one, STAGE)) for one in self._all(gateway, "get_stages")],
        }

    def _all(self, gateway: "ApiGatewayV2Client", operation: str) -> Iterable[Mapping[str, Any]]:
        pages = gateway.get_paginator(operation)  # type: ignore[call-overload] # one of the three above
        with calling("apigateway:GET", f"/apis/{self._id}"):
            return [one for page in pages.paginate(ApiId=self._id) for one in page["Items"]]


def _only(found: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: found[name] for name in names if found.get(name) not in (None, "", {}, [])}


def _discreet(found: dict[str, Any]) -> dict[str, Any]:
    """The same without values that may be secret. A mapping from the request, which begins with `$`, is no secret."""
    if parameters := found.get("RequestParameters"):
        found["RequestParameters"] = {
            name: value if value.startswith("$") else LEFT_OUT for name, value in parameters.items()
        }
    if address := found.get("IntegrationUri"):
        found["IntegrationUri"] = discreet_address(address)
    if variables := found.get("StageVariables"):
        found["StageVariables"] = dict.fromkeys(variables, LEFT_OUT)
    return found
