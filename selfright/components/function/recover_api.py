"""Recovery of an HTTP API's configuration: CORS, integrations, routes and stages.

API Gateway has no conditional writes. So the first step reads the configuration again right before it writes, and
refuses if that has changed since the steps were shown. Values that the export left out, because they may be secret,
are neither compared nor written; where one is missing, that is said.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.apis.http_api import HttpApiExport
from controller.domain.restore_point import LEFT_OUT
from controller.errors import ChangedByOthersError, NotFoundError
from selfright.components.recovered import RecoveryStep, cannot, do

KEYS = {"integrations": "IntegrationId", "routes": "RouteKey", "stages": "StageName"}
NOT_WRITTEN = {"IntegrationId", "RouteId", "RouteKey", "StageName", "DeploymentId", "Target"}
Parts = Mapping[str, Mapping[str, Any]]


class ApiRecovery:
    """Implements `recovered.Recovery`."""

    def __init__(self, clients: Clients, name: str, document: Mapping[str, Any]) -> None:
        """`document` is the export of the API."""
        self._clients, self._name, self._had = clients, name, document
        self._id: str = document["api_id"]
        self._has: Mapping[str, Any] = {}
        self._renamed: dict[str, str] = {}

    def plan(self) -> list[RecoveryStep]:
        """Integrations come before the routes that lead to them; additional routes are deleted after that."""
        try:
            self._has = HttpApiExport(self._clients, self._id).document()
        except NotFoundError:
            text = f"the HTTP API {self._id} no longer exists: deploy the application's stack first."
            return [cannot(self._name, text)]
        return [*self._cors(), *self._integrations(), *self._routes(), *self._stages()]

    def _cors(self) -> list[RecoveryStep]:
        had, has = (one["settings"].get("CorsConfiguration") for one in (self._had, self._has))
        if had == has:
            return []
        write = partial(self._clients.gateway.update_api, ApiId=self._id, CorsConfiguration=had)
        remove = partial(self._clients.gateway.delete_cors_configuration, ApiId=self._id)
        return [self._step("restore CORS", write if had else remove)]

    def _integrations(self) -> list[RecoveryStep]:
        """A deleted integration gets a new id when it is created again, so settings identify it, too."""
        has = self._by_key(self._has, "integrations")
        steps: list[RecoveryStep] = []
        for key, had in self._by_key(self._had, "integrations").items():
            twin = key if key in has else next((one for one in has if _writable(has[one]) == _writable(had)), "")
            if not twin and had.get("IntegrationUri") == LEFT_OUT:
                text = f"the integration {key} is gone, and its address was not exported because it may be secret"
                steps.append(cannot(self._name, f"HTTP API {self._id}: {text}: deploy the application's stack again."))
            elif not twin:
                steps.append(self._step(f"create the integration {key} again", partial(self._create, had)))
                steps += [self._unknown(key, name) for name in _hidden(had)]
            elif _writable(had) != _writable(has[twin]):
                write = partial(self._clients.gateway.update_integration, ApiId=self._id, IntegrationId=key)
                steps.append(self._step(f"restore the integration {key}", partial(write, **_writable(had))))
            self._renamed[key] = twin or key
        return steps

    def _unknown(self, key: str, name: str) -> RecoveryStep:
        why = "its value was not exported because it may be secret: deploy the API's template"
        return RecoveryStep(self._name, f"HTTP API {self._id}: the integration {key} comes without {name}; {why}")

    def _create(self, had: Mapping[str, Any]) -> None:
        made = self._clients.gateway.create_integration(ApiId=self._id, **_writable(had))
        self._renamed[had["IntegrationId"]] = made["IntegrationId"]

    def _routes(self) -> list[RecoveryStep]:
        had, has = self._by_key(self._had, "routes"), self._by_key(self._has, "routes")
        steps = []
        for key, route in had.items():
            if key not in has:
                steps.append(self._step(f"create the route {key} again", partial(self._write_route, route, "")))
            elif (_writable(route), self._target(route)) != (_writable(has[key]), has[key].get("Target", "")):
                write = partial(self._write_route, route, has[key]["RouteId"])
                steps.append(self._step(f"restore the route {key}", write))
        for key in sorted(has.keys() - had.keys()):
            delete = partial(self._clients.gateway.delete_route, ApiId=self._id, RouteId=has[key]["RouteId"])
            steps.append(self._step(f"delete the route {key}, which did not exist then", delete))
        return steps

    def _target(self, route: Mapping[str, Any]) -> str:
        """The route's former target, with the integration's present id."""
        kind, _, integration = str(route.get("Target", "")).partition("/")
        return f"{kind}/{self._renamed.get(integration, integration)}" if integration else kind

    def _write_route(self, route: Mapping[str, Any], route_id: str) -> None:
        target = self._target(route)
        values = {**_writable(route), "RouteKey": route["RouteKey"], **({"Target": target} if target else {})}
        if route_id:
            self._clients.gateway.update_route(ApiId=self._id, RouteId=route_id, **values)
        else:
            self._clients.gateway.create_route(ApiId=self._id, **values)

    def _stages(self) -> list[RecoveryStep]:
        gateway, steps = self._clients.gateway, []
        has = self._by_key(self._has, "stages")
        for key, had in self._by_key(self._had, "stages").items():
            if key not in has:
                create = partial(gateway.create_stage, ApiId=self._id, StageName=key, **_writable_stage(had))
                steps.append(self._step(f"create the stage {key} again", create))
            elif _writable_stage(had) != _writable_stage(has[key]):
                update = partial(gateway.update_stage, ApiId=self._id, StageName=key, **_writable_stage(had))
                steps.append(self._step(f"restore the stage {key}", update))
        return steps

    def _by_key(self, document: Mapping[str, Any], part: str) -> Parts:
        return {one[KEYS[part]]: one for one in document[part]}

    def _step(self, text: str, write: Callable[[], object]) -> RecoveryStep:
        planned = self._has

        def act() -> None:
            if self._has is planned:  # Only before the first step: later changes are our own.
                if HttpApiExport(self._clients, self._id).document() != planned:
                    raise ChangedByOthersError(f"the HTTP API {self._id} was changed after the steps were shown.")
                self._has = {}
            with calling("apigateway:UpdateApi", self._id):
                write()

        return do(self._name, f"HTTP API {self._id}: {text}", act)


def _writable_stage(stage: Mapping[str, Any]) -> dict[str, Any]:
    """The writable settings of a stage, with its API deployment unless that is always the newest."""
    pinned = "DeploymentId" in stage and not stage.get("AutoDeploy")
    return {**_writable(stage), **({"DeploymentId": stage["DeploymentId"]} if pinned else {})}


def _hidden(integration: Mapping[str, Any]) -> list[str]:
    """The names of the values that an integration adds to requests and that the export left out."""
    return sorted(name for name, value in integration.get("RequestParameters", {}).items() if value == LEFT_OUT)


def _writable(part: Mapping[str, Any]) -> dict[str, Any]:
    """The writable settings of a part: without its keys and without values that the export left out."""
    found = {name: value for name, value in part.items() if name not in NOT_WRITTEN and value != LEFT_OUT}
    for name in ("RequestParameters", "StageVariables"):
        if name in found:
            found[name] = {key: value for key, value in found[name].items() if value != LEFT_OUT}
            if not found[name]:
                del found[name]
    return found
