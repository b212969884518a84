"""The export of a REST API: its stage's settings, and the definition that the stage serves, as OpenAPI.

A stage serves a deployment, a snapshot of the API that never changes; what is changed in the API is served only after
the next deployment. So what visitors get is exported, not the API as it is being edited. CORS is in the definition: it
is made of methods `OPTIONS`, of headers in responses, and of the API's own responses.

Values that may be secrets are left out, and their names stay: stage variables, and what an integration adds to requests
of its own (static values, templates, an address with a password or a query).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.restore_point import LEFT_OUT
from controller.errors import AwsError

STAGE = (
    "stageName", "deploymentId", "description", "cacheClusterEnabled", "cacheClusterSize", "methodSettings",
    "variables", "accessLogSettings", "canarySettings", "tracingEnabled", "clientCertificateId",
)  # fmt: skip
FORMAT = "oas30"
EXTENSIONS = {"extensions": "apigateway,authorizers"}
"""Integrations, authorizers, the API's own responses, its policy: all that API Gateway adds to OpenAPI."""
INTEGRATION = "x-amazon-apigateway-integration"
MADE_UP = ("info", "servers")
"""Members that API Gateway fills in for each export: the moment, and the address."""
PLAIN_TEMPLATE = re.compile(
    r"""\s*(?:\{\s*["']?statusCode["']?\s*:\s*\d{3}\s*\}|\$input\.body|\$input\.json\((["'])\$\1\))?\s*"""
)
"""The templates that can hold no secret: the status of a preflight's own answer, and the request's body as it came."""


class RestApiExport:
    """Exports one stage of one REST API."""

    def __init__(self, clients: Clients, api_id: str, stage: str) -> None:
        self._gateway, self._id, self._stage = clients.rest_gateway, api_id, stage

    def document(self) -> dict[str, Any]:
        """Two calls; raises `NotFoundError` when there is no such API, or no such stage of it."""
        return {"rest_api_id": self._id, "stage": self.stage(), "definition": self.definition()}

    def stage(self) -> dict[str, Any]:
        """The stage's settings, and which deployment it serves."""
        with calling("apigateway:GET", f"/restapis/{self._id}/stages/{self._stage}"):
            found = self._gateway.get_stage(restApiId=self._id, stageName=self._stage)
        stage = {name: found[name] for name in STAGE if found.get(name) not in (None, "", {}, [])}
        if variables := stage.get("variables"):
            stage["variables"] = dict.fromkeys(variables, LEFT_OUT)
        if overrides := stage.get("canarySettings", {}).get("stageVariableOverrides"):
            overrides = dict.fromkeys(overrides, LEFT_OUT)
            stage["canarySettings"] = {**stage["canarySettings"], "stageVariableOverrides": overrides}
        return stage

    def definition(self) -> dict[str, Any]:
        """The definition that the stage serves, without secrets."""
        with calling("apigateway:GET", f"/restapis/{self._id}/stages/{self._stage}/exports/{FORMAT}"):
            answer = self._gateway.get_export(
                restApiId=self._id,
                stageName=self._stage,
                exportType=FORMAT,
                parameters=EXTENSIONS,
                accepts="application/json",
            )
            body = answer["body"].read()
        try:
            definition: dict[str, Any] = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise AwsError(f"the definition of the REST API {self._id} cannot be read: it is no JSON.") from error
        for integration in integrations_of(definition).values():
            _hide(integration)
        return definition


def integrations_of(definition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The integration of each route, such as `GET /items/{id}`; `ANY` stands for all methods."""
    return {
        f"{method} {path}": operation[INTEGRATION]
        for path, method, operation in _operations(definition)
        if isinstance(operation.get(INTEGRATION), dict)
    }


def served(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What can be compared of a definition: without what API Gateway makes up for each export."""
    return {name: value for name, value in definition.items() if name not in MADE_UP}


def _operations(definition: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in definition.get("paths", {}).items():
        for name, operation in methods.items():
            if isinstance(operation, dict):
                yield path, "ANY" if name == "x-amazon-apigateway-any-method" else name.upper(), operation


def discreet_address(address: str) -> str:
    """The address without what may be secret: one with a password or a query is left out as a whole."""
    parts = address.partition("://")[2] if address.startswith(("http://", "https://")) else ""
    return LEFT_OUT if "@" in parts.partition("/")[0] or "?" in parts else address


def _hide(integration: dict[str, Any]) -> None:
    """Leave out static values, which API Gateway writes in single quotes; a mapping from the request is no secret."""
    if parameters := integration.get("requestParameters"):
        integration["requestParameters"] = {
            name: LEFT_OUT if str(value).startswith("'") else value for name, value in parameters.items()
        }
    if templates := integration.get("requestTemplates"):
        integration["requestTemplates"] = {
            kind: text if PLAIN_TEMPLATE.fullmatch(str(text)) else LEFT_OUT for kind, text in templates.items()
        }
    if address := integration.get("uri"):
        integration["uri"] = discreet_address(str(address))
