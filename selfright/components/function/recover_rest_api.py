"""Recovery of a REST API: what its stage serves, and the stage's settings.

A stage serves a deployment, a snapshot that never changes. So what visitors got comes back by leading the stage to the
deployment of then. If somebody has deleted that, the definition of then is put into the API and deployed again; that is
not possible where the export left out values that may be secret.

API Gateway has no conditional writes. So the first step reads everything again right before it writes, and refuses if
that has changed since the steps were shown.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.apis.rest_api import RestApiExport, served
from controller.domain.restore_point import LEFT_OUT
from controller.errors import ChangedByOthersError, NotFoundError
from selfright.components.recovered import RecoveryStep, cannot, do

METHOD_SETTINGS = {
    "metricsEnabled": "metrics/enabled",
    "loggingLevel": "logging/loglevel",
    "dataTraceEnabled": "logging/dataTrace",
    "throttlingBurstLimit": "throttling/burstLimit",
    "throttlingRateLimit": "throttling/rateLimit",
    "cachingEnabled": "caching/enabled",
    "cacheTtlInSeconds": "caching/ttlInSeconds",
    "cacheDataEncrypted": "caching/dataEncrypted",
    "requireAuthorizationForCacheControl": "caching/requireAuthorizationForCacheControl",
    "unauthorizedCacheControlHeaderStrategy": "caching/unauthorizedCacheControlHeaderStrategy",
}
"""A setting of methods → the end of its path in a patch."""
PLAIN = ("description", "cacheClusterEnabled", "cacheClusterSize", "tracingEnabled", "clientCertificateId")
LOGS = ("destinationArn", "format")
Patch = list[dict[str, str]]


class RestApiRecovery:
    """Implements `recovered.Recovery`."""

    def __init__(self, clients: Clients, name: str, document: Mapping[str, Any]) -> None:
        """`document` is the export of the API."""
        self._gateway, self._name, self._had = clients.rest_gateway, name, document
        self._id: str = document["rest_api_id"]
        self._stage: str = document["stage"]["stageName"]
        self._export = RestApiExport(clients, self._id, self._stage)
        self._has: Mapping[str, Any] | None = None
        self._begun = False

    def plan(self) -> list[RecoveryStep]:
        """First what is served, then how."""
        self._begun = False
        try:
            with calling("apigateway:GET", f"/restapis/{self._id}"):
                self._gateway.get_rest_api(restApiId=self._id)
        except NotFoundError:
            text = f"the REST API {self._id} no longer exists: deploy the application's stack first."
            return [cannot(self._name, text)]
        self._has = self._read()
        return [*self._definition(), *self._settings(), *self._variables()]

    def _read(self) -> Mapping[str, Any] | None:
        """What is there now, as it can be compared; None when the stage is gone."""
        try:
            found = self._export.document()
        except NotFoundError:
            return None
        return {**found, "definition": served(found["definition"])}

    def _definition(self) -> Iterator[RecoveryStep]:
        deployment = self._had["stage"]["deploymentId"]
        if self._has and self._has["stage"].get("deploymentId") == deployment:
            return
        same = self._has is not None and self._has["definition"] == served(self._had["definition"])
        hidden = LEFT_OUT in json.dumps(self._had["definition"])
        if same and not hidden:
            return
        there = self._exists(deployment)
        if there and self._has:
            patch = [_replace("/deploymentId", deployment)]
            yield self._step(f"lead the stage {self._stage} back to the deployment {deployment}", self._patch(patch))
        elif there:
            create = partial(self._gateway.create_stage, stageName=self._stage, deploymentId=deployment)
            yield self._step(f"create the stage {self._stage} again", partial(create, restApiId=self._id))
        elif same:
            yield self._note(
                f"the deployment {deployment} is gone; the stage {self._stage} serves the definition of then,"
                " except perhaps for values that were not exported because they may be secret: compare those yourself"
            )
        elif hidden:
            yield cannot(
                self._name,
                f"the deployment {deployment} of the REST API {self._id} is gone, and the definition that it served has"
                " values that were not exported because they may be secret: deploy the application's stack again.",
            )
        else:
            yield self._step(f"put the definition of then, and deploy it to the stage {self._stage}", self._put)

    def _exists(self, deployment: str) -> bool:
        try:
            with calling("apigateway:GET", f"/restapis/{self._id}/deployments/{deployment}"):
                self._gateway.get_deployment(restApiId=self._id, deploymentId=deployment)
        except NotFoundError:
            return False
        return True

    def _put(self) -> None:
        """Overwrite the API with the definition; a deployment with the stage's name also makes the stage."""
        body = json.dumps(self._had["definition"]).encode()
        self._gateway.put_rest_api(restApiId=self._id, mode="overwrite", failOnWarnings=True, body=body)
        self._gateway.create_deployment(restApiId=self._id, stageName=self._stage, description="Recovered by Selfright")

    def _settings(self) -> Iterator[RecoveryStep]:
        had, has = self._had["stage"], self._has["stage"] if self._has else {}
        patch = [*_plain(had, has), *_logs(had, has), *_methods(had, has)]
        if patch:
            yield self._step(f"restore the settings of the stage {self._stage}", self._patch(patch))
        canary, now = (one.get("canarySettings") for one in (had, has))
        if now and not canary:
            remove = self._patch([{"op": "remove", "path": "/canarySettings"}])
            yield self._step(f"end the canary of the stage {self._stage}, which did not exist then", remove)
        elif canary != now:
            yield self._note(f"the stage {self._stage} had a canary then, which is not restored")

    def _variables(self) -> Iterator[RecoveryStep]:
        """Variables that were added are removed; what was removed cannot be restored, for its value was left out."""
        had, has = (one.get("variables", {}) for one in (self._had["stage"], self._has["stage"] if self._has else {}))
        if added := sorted(has.keys() - had.keys()):
            patch = [{"op": "remove", "path": f"/variables/{name}"} for name in added]
            yield self._step(f"remove the stage variables {', '.join(added)}, which did not exist", self._patch(patch))
        for name in sorted(had.keys() - has.keys()):
            yield self._note(
                f"the stage variable {name} is missing, and its value was not exported: deploy the API's template"
            )

    def _patch(self, operations: Patch) -> Callable[[], object]:
        return partial(
            self._gateway.update_stage, restApiId=self._id, stageName=self._stage, patchOperations=operations
        )

    def _note(self, text: str) -> RecoveryStep:
        return RecoveryStep(self._name, f"REST API {self._id}: {text}")

    def _step(self, text: str, write: Callable[[], object]) -> RecoveryStep:
        planned = self._has

        def act() -> None:
            if not self._begun:  # Later changes are our own.
                if self._read() != planned:
                    raise ChangedByOthersError(f"the REST API {self._id} was changed after the steps were shown.")
                self._begun = True
            with calling("apigateway:UpdateStage", f"/restapis/{self._id}/stages/{self._stage}"):
                write()

        return do(self._name, f"REST API {self._id}: {text}", act)


def _replace(path: str, value: object) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": str(value).lower() if isinstance(value, bool) else str(value)}


def _plain(had: Mapping[str, Any], has: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for name in PLAIN:
        before, now = had.get(name), has.get(name)
        if before != now and (before or now):  # An absent switch and one that is off are the same.
            yield _replace(f"/{name}", before if before is not None else False if now is True else "")


def _logs(had: Mapping[str, Any], has: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    before, now = (one.get("accessLogSettings", {}) for one in (had, has))
    if now and not before:
        yield {"op": "remove", "path": "/accessLogSettings"}
    else:
        yield from (
            _replace(f"/accessLogSettings/{one}", before[one]) for one in LOGS if before.get(one) != now.get(one)
        )


def _methods(had: Mapping[str, Any], has: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Settings by method: `*/*`, or a path with its slashes as `~1`, and a verb."""
    before, now = (one.get("methodSettings", {}) for one in (had, has))
    for key in sorted(now.keys() - before.keys()):
        yield {"op": "remove", "path": _path(key)}
    for key, settings in sorted(before.items()):
        there = now.get(key, {})
        for name, end in METHOD_SETTINGS.items():
            if name in settings and settings[name] != there.get(name):
                yield _replace(f"{_path(key)}/{end}", settings[name])


def _path(key: str) -> str:
    resource, _, verb = key.rpartition("/")
    return f"/{resource.replace('/', '~1')}/{verb}"
