"""A REST API in memory: what is edited, the snapshots that were deployed, and the stages that serve these.

It knows what moto and the local AWS do not: the export of a stage is the export of its deployment.
"""

import io
import json
from copy import deepcopy
from typing import Any

from botocore.exceptions import ClientError

API = "rest1"
STAGE = "prod"
ALIAS_URI = (
    "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:eu-central-1:111122223333:function:{}/invocations"
)


def an_integration(calls: str = "smartpack-api:live", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A proxy integration that calls this function."""
    return {"type": "AWS_PROXY", "httpMethod": "POST", "uri": ALIAS_URI.format(calls), **more}


def a_definition(**routes: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI of an API with these methods of `/generate`, each with its integration, and with CORS."""
    cors = {"method.response.header.Access-Control-Allow-Origin": "'https://shop.example'"}
    preflight = {"type": "MOCK", "responses": {"default": {"statusCode": "204", "responseParameters": cors}}}
    methods = {"options": preflight, **(routes or {"post": an_integration()})}
    return {
        "openapi": "3.0.1",
        "info": {"title": "shop", "version": "2026-01-01T00:00:00Z"},
        "paths": {"/generate": {name: {"x-amazon-apigateway-integration": one} for name, one in methods.items()}},
    }


class FakeRestApi:
    """The calls of API Gateway's client that Selfright makes, for one API."""

    def __init__(self, definition: dict[str, Any] | None = None) -> None:
        """The API is deployed once, to the stage `prod`."""
        self.edited = definition or a_definition()
        self.deployments: dict[str, dict[str, Any]] = {}
        self.stages: dict[str, dict[str, Any]] = {}
        self.gone = False
        self.calls: list[str] = []
        self._numbers = iter(range(1, 100))
        self.deploy(STAGE)

    def deploy(self, stage: str) -> str:
        """Deploy what is edited, as a person would."""
        deployment = f"d{next(self._numbers)}"
        self.deployments[deployment] = deepcopy(self.edited)
        self.stages.setdefault(stage, {"stageName": stage, "methodSettings": {}})["deploymentId"] = deployment
        return deployment

    def get_rest_api(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - as botocore's client
        """The API's own settings."""
        self._require(asked["restApiId"] == API and not self.gone, "GetRestApi")
        return {"id": API}

    def get_stage(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        """A stage."""
        self._require(not self.gone and asked["stageName"] in self.stages, "GetStage")
        return deepcopy(self.stages[asked["stageName"]])

    def get_deployment(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        """A deployment."""
        self._require(asked["deploymentId"] in self.deployments, "GetDeployment")
        return {"id": asked["deploymentId"]}

    def get_export(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        """The definition that the stage serves; each export has a moment of its own."""
        assert (asked["exportType"], asked["parameters"]) == ("oas30", {"extensions": "apigateway,authorizers"})
        served = deepcopy(self.deployments[self.get_stage(**asked)["deploymentId"]])
        served["info"]["version"] = f"moment {next(self._numbers)}"
        return {"body": io.BytesIO(json.dumps(served).encode())}

    def put_rest_api(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        """Overwrite what is edited."""
        assert (asked["mode"], asked["failOnWarnings"]) == ("overwrite", True)
        self.calls.append("PutRestApi")
        self.edited = json.loads(asked["body"])
        return {"id": API}

    def create_deployment(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        """Deploy what is edited; this makes the stage, if it does not exist."""
        self.calls.append("CreateDeployment")
        return {"id": self.deploy(asked["stageName"])}

    def create_stage(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        """Make a stage of a deployment."""
        self.calls.append("CreateStage")
        made = {"stageName": asked["stageName"], "deploymentId": asked["deploymentId"], "methodSettings": {}}
        self.stages[asked["stageName"]] = made
        return made

    def update_stage(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        """Apply a patch, as far as Selfright makes them."""
        self.calls.append("UpdateStage")
        stage = self.stages[asked["stageName"]]
        for one in asked["patchOperations"]:
            _apply(stage, one)
        return stage

    def _require(self, there: bool, operation: str) -> None:
        if not there:
            raise ClientError({"Error": {"Code": "NotFoundException", "Message": "Invalid identifier"}}, operation)


KNOWN = {
    "throttling/rateLimit": ("throttlingRateLimit", float),
    "throttling/burstLimit": ("throttlingBurstLimit", int),
    "metrics/enabled": ("metricsEnabled", lambda text: text == "true"),
}
"""The end of a patch's path → the setting of a method, and what its text means."""


def _apply(stage: dict[str, Any], one: dict[str, str]) -> None:
    first, _, rest = one["path"].lstrip("/").partition("/")
    if first in {"variables", "accessLogSettings"} and rest:
        stage.setdefault(first, {})
        stage[first] = {**stage[first], rest: one.get("value", "")}
        if one["op"] == "remove":
            del stage[first][rest]
    elif rest:
        verb, _, end = rest.partition("/")
        _apply_to_methods(stage["methodSettings"], f"{first}/{verb}", end, one)
    elif one["op"] == "remove":
        del stage[first]
    else:
        stage[first] = one["value"] == "true" if one["value"] in {"true", "false"} else one["value"]


def _apply_to_methods(settings: dict[str, Any], key: str, end: str, one: dict[str, str]) -> None:
    if one["op"] == "remove":
        del settings[key]
    else:
        name, read = KNOWN[end]
        settings.setdefault(key, {})[name] = read(one["value"])
