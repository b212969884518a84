"""The export of a REST API: what its stage serves, without values that may be secret."""

import json
from typing import Any

import pytest

from controller.aws.client.clients import Clients
from controller.aws.components.function.apis import exported_api
from controller.aws.components.function.apis.rest_api import integrations_of
from controller.domain.components.function.target import FunctionTarget
from controller.domain.restore_point import LEFT_OUT
from controller.errors import NotFoundError
from tests.unit.aws.fake_rest_api import API, STAGE, FakeRestApi, a_definition, an_integration

SECRET = "hunter2-hunter2"


def the_target(stage: str = STAGE) -> FunctionTarget:
    """A function behind a stage of the API."""
    return FunctionTarget(kind="function", function_name="smartpack-api", rest_api_id=API, rest_api_stage=stage)


def exported(api: FakeRestApi, stage: str = STAGE) -> dict[str, Any]:
    """The export, as it is read back."""
    clients = Clients()
    clients.rest_gateway = api
    return dict(json.loads(json.dumps(exported_api(clients, the_target(stage)), default=str)))


def test_what_the_stage_serves_is_exported_not_what_is_being_edited() -> None:
    """Visitors get the deployment; an edit reaches them with the next one."""
    api = FakeRestApi()
    api.edited = a_definition(get=an_integration())
    found = exported(api)
    assert (found["rest_api_id"], found["stage"]["stageName"], found["stage"]["deploymentId"]) == (API, STAGE, "d1")
    assert sorted(integrations_of(found["definition"])) == ["OPTIONS /generate", "POST /generate"]


def test_cors_is_in_the_definition() -> None:
    """Its headers are static values of responses, which every visitor gets: they are no secrets."""
    found = integrations_of(exported(FakeRestApi())["definition"])["OPTIONS /generate"]
    header = found["responses"]["default"]["responseParameters"]
    assert header == {"method.response.header.Access-Control-Allow-Origin": "'https://shop.example'"}


def test_values_that_may_be_secret_are_left_out() -> None:
    """Static values that an integration adds to requests, and stage variables; mappings from the request stay."""
    added = {
        "integration.request.header.x-key": f"'{SECRET}'",
        "integration.request.path.id": "method.request.path.id",
    }
    api = FakeRestApi(a_definition(post=an_integration(requestParameters=added)))
    api.stages[STAGE] |= {
        "variables": {"KEY": SECRET},
        "canarySettings": {"percentTraffic": 10.0, "stageVariableOverrides": {"KEY": SECRET}},
    }
    found = exported(api)
    parameters = integrations_of(found["definition"])["POST /generate"]["requestParameters"]
    assert parameters == {**added, "integration.request.header.x-key": LEFT_OUT}
    assert found["stage"]["variables"] == {"KEY": LEFT_OUT}
    assert SECRET not in json.dumps(found)


def test_a_method_for_all_verbs_is_one_route() -> None:
    """OpenAPI has no word for it, so API Gateway has one of its own."""
    definition = a_definition(**{"x-amazon-apigateway-any-method": an_integration()})
    assert "ANY /generate" in integrations_of(definition)


def test_a_stage_that_does_not_exist_is_not_found() -> None:
    """The error names it."""
    with pytest.raises(NotFoundError, match="/restapis/rest1/stages/beta"):
        exported(FakeRestApi(), "beta")


def test_a_function_without_an_api_has_none() -> None:
    """Nothing is asked."""
    assert exported_api(Clients(), FunctionTarget(kind="function", function_name="smartpack-api")) is None
