"""The export of a REST API: what its stage serves, without values that may be secret."""

import io
import json
from typing import Any

import pytest

from controller.aws.client.clients import Clients
from controller.aws.components.function.apis import exported_api
from controller.aws.components.function.apis.rest_api import integrations_of
from controller.domain.components.function.target import FunctionTarget
from controller.domain.restore_point import LEFT_OUT
from controller.errors import AwsError, NotFoundError
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


@pytest.mark.parametrize(
    "added",
    [
        {"requestTemplates": {"application/json": f'{{"id": "$input.params(\'id\')", "key": "{SECRET}"}}'}},
        {"requestTemplates": {"application/json": f"#set($context.requestOverride.header.x-key = '{SECRET}')"}},
        {"requestTemplates": {"application/x-www-form-urlencoded": f"Action=SendMessage&Key={SECRET}"}},
        {"type": "HTTP_PROXY", "uri": f"https://backend.example/items?key={SECRET}"},
        {"type": "HTTP", "uri": f"https://any:{SECRET}@backend.example/items"},
    ],
)
def test_what_an_integration_adds_to_requests_is_left_out(added: dict[str, Any]) -> None:
    """Its template and its address may have a key in them; what kind of template there is stays."""
    api = FakeRestApi(a_definition(post=an_integration(**added)))
    found = integrations_of(exported(api)["definition"])["POST /generate"]
    assert SECRET not in json.dumps(found)
    assert LEFT_OUT in json.dumps(found)
    assert found.keys() == an_integration(**added).keys()


@pytest.mark.parametrize(
    "added",
    [
        {"type": "MOCK", "requestTemplates": {"application/json": "{ statusCode: 204 }"}},
        {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}},
        {"type": "AWS", "requestTemplates": {"application/json": "$input.json('$')", "text/plain": ""}},
        {"type": "HTTP_PROXY", "uri": "https://backend.example/items/{id}"},
    ],
)
def test_what_can_hold_no_secret_stays(added: dict[str, Any]) -> None:
    """So that the definition of an API with CORS can be written again."""
    api = FakeRestApi(a_definition(post=an_integration(**added)))
    assert integrations_of(exported(api)["definition"])["POST /generate"] == an_integration(**added)


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


def test_a_definition_that_is_cut_short_is_aws_s_fault() -> None:
    """So that it refuses no hotfix, as no failed export does."""
    api = FakeRestApi()
    api.get_export = lambda **_: {"body": io.BytesIO(b'{"paths":')}  # type: ignore[method-assign]
    with pytest.raises(AwsError, match="it is no JSON"):
        exported(api)
