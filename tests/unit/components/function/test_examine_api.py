"""What the doctor says of the API in front of a function."""

from typing import Any

import pytest

from controller.aws.client.clients import Clients
from tests.examining import ExaminedLambda, examined
from tests.unit.aws.components.test_exports import an_api
from tests.unit.aws.conftest import World
from tests.unit.aws.fake_lambda import NAME
from tests.unit.aws.fake_rest_api import API, STAGE, FakeRestApi, a_definition, an_integration

BEHIND = {"kind": "function", "function_name": NAME, "rest_api_id": API, "rest_api_stage": STAGE}


def found(api: FakeRestApi) -> list[tuple[str, str]]:
    """Severity and words of what is found about the stage."""
    clients = Clients()
    clients.functions = ExaminedLambda()  # type: ignore[assignment]
    clients.rest_gateway = api
    return [(one.severity, one.found) for one in examined(BEHIND, clients, "the stage prod of the REST API rest1")]


def test_routes_that_lead_to_the_alias_are_well() -> None:
    """Those of other functions, and preflights that the API answers itself, do not matter."""
    api = FakeRestApi(a_definition(post=an_integration(f"{NAME}:live"), get=an_integration("another")))
    assert found(api) == [("ok", "POST /generate: by the alias live")]


@pytest.mark.parametrize("past", [NAME, f"{NAME}:7", f"{NAME}:old"])
def test_a_route_past_the_alias_is_a_problem(past: str) -> None:
    """Without an alias, to a version, or by another alias: no release moves its visitors."""
    api = FakeRestApi(a_definition(post=an_integration(f"{NAME}:live"), get=an_integration(past)))
    assert found(api) == [("problem", "GET /generate: not by the alias live")]


def test_many_routes_are_counted() -> None:
    """The first three are named."""
    verbs = ("get", "post", "put", "delete", "patch")
    api = FakeRestApi(a_definition(**{verb: an_integration(NAME) for verb in verbs}))
    ((_, words),) = found(api)
    assert words == "DELETE /generate, GET /generate, PATCH /generate and 2 more: not by the alias live"


def test_where_a_stage_variable_leads_is_not_known() -> None:
    """Its value is not read."""
    api = FakeRestApi(a_definition(post=an_integration("${stageVariables.function}")))
    assert found(api) == [("note", "POST /generate: a stage variable says where to")]


def test_an_api_of_another_function_is_said() -> None:
    """The environment may name the wrong one."""
    assert found(FakeRestApi(a_definition(post=an_integration("another")))) == [("note", f"no route leads to {NAME}")]


def test_a_canary_of_the_stage_is_said() -> None:
    """It divides visitors besides the alias."""
    api = FakeRestApi(a_definition(post=an_integration(f"{NAME}:live")))
    api.stages[STAGE]["canarySettings"] = {"percentTraffic": 10.0}
    assert ("note", "the stage has a canary of its own") in found(api)


def test_the_routes_of_an_http_api_are_examined_too(world: World) -> None:
    """Each route leads to an integration, which has the function's address."""
    clients = world.clients
    api_id = an_api(clients)
    gateway: Any = clients.gateway
    address = f"arn:aws:lambda:eu-central-1:111122223333:function:{NAME}"
    made = gateway.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=address)
    gateway.create_route(ApiId=api_id, RouteKey="POST /generate", Target=f"integrations/{made['IntegrationId']}")
    target = {"kind": "function", "function_name": NAME, "api_id": api_id}
    (one,) = examined(target, clients, f"the HTTP API {api_id}")
    assert (one.severity, one.found) == ("problem", "POST /generate: not by the alias live")
