"""The events that gateways make of requests."""

import base64
import json
from copy import copy
from typing import Any

import pytest

from controller.aws.components.function.component import FunctionComponent
from controller.aws.components.function.invoking.events import FunctionGateway, GatewayRoute, parameters
from controller.aws.components.function.invoking.gateways import gateway_of
from controller.domain.checks.check import Check
from controller.domain.checks.verification import read_check
from controller.domain.components.function.target import FunctionTarget
from controller.domain.deployment import Revision
from controller.errors import AwsError
from tests.unit.aws.conftest import World
from tests.unit.aws.fake_lambda import NAME, refuse

ITEM = Check(component="api", path="/items/a%20b?day=1&day=2&x=", headers={"Cookie": "a=1; b=2", "Origin": "https://x"})
ORDER = Check(component="api", method="POST", path="/orders", body={"trip": "Rome"})
ROUTES = ("ANY /items/{id}", "GET /items/{id}", "GET /items/all", "ANY /{proxy+}", "$default")


def event(check: Check, *keys: str, shape: Any = "2.0", stage: str = "$default") -> dict[str, Any]:  # noqa: ANN401
    """The event of this request behind a gateway with these routes."""
    gateway = FunctionGateway(shape, tuple(GatewayRoute(key, shape) for key in keys), stage)
    made: dict[str, Any] = json.loads(gateway.event(check))
    return made


def test_format_2_has_the_routes_parameters_and_cookies() -> None:
    """Repeated parameters are joined, cookies are a list of their own and no header."""
    made = event(ITEM, *ROUTES)
    assert (made["version"], made["routeKey"], made["pathParameters"]) == ("2.0", "GET /items/{id}", {"id": "a b"})
    assert made["requestContext"]["routeKey"] == "GET /items/{id}"
    assert made["requestContext"]["http"]["method"] == "GET"
    assert (made["rawPath"], made["rawQueryString"]) == ("/items/a%20b", "day=1&day=2&x=")
    assert made["queryStringParameters"] == {"day": "1,2", "x": ""}
    assert (made["cookies"], "cookie" in made["headers"]) == (["a=1", "b=2"], False)
    assert made["headers"]["origin"] == "https://x"
    assert "body" not in made


@pytest.mark.parametrize(
    ("keys", "route", "lacked"),
    [
        (("GET /items/{id}",), "/items/{id}", ""),
        (("ANY /items/{id}",), "/items/{id}", ""),
        (("POST /items/{id}",), "/items/{id}", "GET /items/{id}"),
        (("GET /health",), None, "GET /items/1"),
        (("GET /items/{id}",), None, ""),
        (("$default",), None, ""),
        (("$default",), "/items/{id}", "GET /items/{id}"),
        ((), "/items/{id}", ""),
    ],
)
def test_a_route_that_the_gateway_lacks(keys: tuple[str, ...], route: str | None, lacked: str) -> None:
    """A declared one must be there as it is written; of an API that nobody could read, nothing is known."""
    gateway = FunctionGateway(routes=tuple(map(GatewayRoute, keys)))
    assert gateway.lacks(Check(component="api", path="/items/1?full=1", route=route)) == lacked


@pytest.mark.parametrize(("shape", "version"), [("1.0", "1.0"), ("rest", None)])
def test_format_1_and_rest_have_several_values(shape: str, version: str | None) -> None:
    """What is missing is null there, and the last of several values is the single one."""
    made = event(ITEM, *ROUTES, shape=shape, stage="prod")
    assert (made.get("version"), made["resource"], made["pathParameters"]) == (version, "/items/{id}", {"id": "a b"})
    assert made["queryStringParameters"] == {"day": "2", "x": ""}
    assert made["multiValueQueryStringParameters"] == {"day": ["1", "2"], "x": [""]}
    assert made["multiValueHeaders"]["cookie"] == ["a=1; b=2"]
    assert made["requestContext"]["path"] == "/prod/items/a%20b"
    assert (made["body"], made["stageVariables"]) == (None, None)
    assert event(ORDER, *ROUTES, shape=shape)["body"] == '{"trip": "Rome"}'


def test_a_load_balancer_decodes_nothing() -> None:
    """It has no routes and no parameters of paths."""
    made = event(ITEM, shape="load_balancer")
    assert "elb" in made["requestContext"]
    assert (made["path"], made["queryStringParameters"]) == ("/items/a%20b", {"day": "2", "x": ""})
    assert (made["httpMethod"], made["body"], made["headers"]["cookie"]) == ("GET", "", "a=1; b=2")


@pytest.mark.parametrize(
    ("shape", "kind", "encoded"),
    [
        ("2.0", "application/json", False),
        ("2.0", "application/x-www-form-urlencoded", True),
        ("1.0", "multipart/form-data", True),
        ("load_balancer", "application/octet-stream", True),
        ("rest", "application/octet-stream", False),
    ],
)
def test_bodies_that_are_no_text_come_in_base64(shape: str, kind: str, encoded: bool) -> None:
    """A REST API leaves them as they are, unless it declares the type binary."""
    check = Check(component="api", method="POST", path="/", body="a=1", headers={"content-type": kind})
    made = event(check, shape=shape)
    assert made["isBase64Encoded"] is encoded
    assert made["body"] == (base64.b64encode(b"a=1").decode() if encoded else "a=1")


@pytest.mark.parametrize(
    ("path", "route"),
    [("/items/all", "GET /items/all"), ("/items/4", "GET /items/{id}"), ("/x/y", "ANY /{proxy+}"), ("/", "$default")],
)
def test_the_most_specific_route_takes_a_request(path: str, route: str) -> None:
    """As gateways choose it: fixed parts, then parameters, then greedy ones, then the default."""
    assert event(Check(component="api", path=path), *ROUTES)["routeKey"] == route


def test_a_greedy_parameter_takes_the_rest() -> None:
    """With its slashes; a plain one takes one part, and at least a letter."""
    assert parameters("/files/{path+}", "/files/a/b") == {"path": "a/b"}
    assert parameters("/files/{name}", "/files/a/b") is None
    assert parameters("/files/{name}", "/files/") is None


def test_a_check_may_name_the_route_itself() -> None:
    """Where the environment names no API."""
    made = event(Check(component="api", path="/items/42", route="/items/{id}"))
    assert (made["routeKey"], made["pathParameters"]) == ("GET /items/{id}", {"id": "42"})


class Api:
    """An HTTP API with one route to the function's alias, in format 1.0, and one to another function."""

    def __init__(self) -> None:
        self._items = ""
        self.read = 0

    def get_api(self, ApiId: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Its settings."""
        self.read += 1
        return {"Name": ApiId}

    def get_paginator(self, operation: str) -> "Api":
        """Itself, for this operation."""
        self._items = operation
        return self

    def paginate(self, ApiId: str) -> list[dict[str, Any]]:  # noqa: N803 - AWS's name
        """One page."""
        arn = "arn:aws:lambda:eu-central-1:123456789012:function:"
        integrations = [
            {"IntegrationId": "i1", "IntegrationUri": f"{arn}{NAME}:live", "PayloadFormatVersion": "1.0"},
            {"IntegrationId": "i2", "IntegrationUri": f"{arn}other", "PayloadFormatVersion": "2.0"},
        ]
        routes = [
            {"RouteKey": "GET /items/{id}", "Target": "integrations/i1"},
            {"RouteKey": "GET /other/{id}", "Target": "integrations/i2"},
        ]
        return [{"Items": {"get_integrations": integrations, "get_routes": routes}.get(self._items, [])}]


def test_the_routes_are_those_of_the_api_in_front(world: World) -> None:
    """Those that lead to this function, each in the format of its integration."""
    clients = world.clients
    clients.gateway = Api()  # type: ignore[assignment]
    gateway = gateway_of(clients, FunctionTarget(kind="function", function_name=NAME, api_id="a1"))
    assert gateway.routes == (GatewayRoute("GET /items/{id}", "1.0"),)


class Denied(Api):
    """An API that the controller may not read."""

    def get_api(self, ApiId: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """AWS's refusal."""
        raise refuse("AccessDeniedException", 403)


def behind_a_denied_api(world: World) -> FunctionComponent:
    """A function behind it, which needs a path's parameters."""
    clients = world.clients
    clients.gateway = Denied()  # type: ignore[assignment]
    failed = {"errorType": "KeyError", "errorMessage": "'pathParameters'"}
    world.functions.answers = {f"{NAME}:7": {"Payload": failed, "FunctionError": "Unhandled"}}
    target = FunctionTarget(kind="function", function_name=NAME, api_id="a1")
    return FunctionComponent(target, "api", "artifacts", clients)


def test_a_failure_says_nothing_where_the_routes_are_not_known(world: World) -> None:
    """A right is missing: that is no evidence against the version, and the reason says which."""
    items = read_check('{"component":"api","path":"/items/1"}')
    with pytest.raises(AwsError, match=r"failed with KeyError\. That says nothing, .* Allow apigateway:GET"):
        behind_a_denied_api(world).check(Revision("7"), [items])


def test_a_failure_by_a_route_of_its_own_counts_all_the_same(world: World) -> None:
    """The check says itself which event visitors make."""
    items = read_check('{"component":"api","path":"/items/1","route":"/items/{id}"}')
    [result] = behind_a_denied_api(world).check(Revision("7"), [items])
    assert not result.passed


def test_an_api_is_read_once_for_all_functions_behind_it(world: World) -> None:
    """API Gateway answers ten requests a second to a whole account."""
    clients, api = world.clients, Api()
    clients.gateway = api  # type: ignore[assignment]
    for name in ("one", "two", "three"):
        gateway_of(copy(clients), FunctionTarget(kind="function", function_name=name, api_id="a1"))
    assert api.read == 1


def test_without_an_api_nothing_is_read(world: World) -> None:
    """A function URL has no routes; a load balancer is named."""
    target = FunctionTarget(kind="function", function_name=NAME)
    assert gateway_of(world.clients, target) == FunctionGateway()
    balanced = target.model_copy(update={"gateway": "load_balancer"})
    assert gateway_of(world.clients, balanced).shape == "load_balancer"
