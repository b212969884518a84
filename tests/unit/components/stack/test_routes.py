"""The routes of a template's APIs, and which calls take them."""

from typing import Any

import pytest

from selfright.components.stack.routes import is_called, routes_of


def a_resource(part: str, parent: Any = None) -> dict[str, Any]:  # noqa: ANN401 - a template's
    """A resource of a REST API, below its root if nothing else is said."""
    return {
        "Type": "AWS::ApiGateway::Resource",
        "Properties": {"PathPart": part, "ParentId": parent or {"Fn::GetAtt": ["Api", "RootResourceId"]}},
    }


def a_method(verb: str, resource: Any) -> dict[str, Any]:  # noqa: ANN401 - a template's
    """A method of a REST API."""
    return {"Type": "AWS::ApiGateway::Method", "Properties": {"HttpMethod": verb, "ResourceId": resource}}


def test_a_route_of_an_http_api_has_its_key() -> None:
    """Which may be another's output, and is not known then."""
    route = {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"RouteKey": "POST /generate"}}
    unknown = {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"RouteKey": {"Ref": "Key"}}}
    assert routes_of({"A": route, "B": unknown}) == {"POST /generate"}


def test_a_method_of_a_rest_api_is_at_the_path_of_its_resources() -> None:
    """Each is below its parent; the API itself is the root, however the template refers to it."""
    resources = {
        "Items": a_resource("items"),
        "Item": a_resource("{id}", {"Ref": "Items"}),
        "Get": a_method("GET", {"Ref": "Item"}),
        "Any": a_method("any", {"Ref": "Items"}),
        "Home": a_method("GET", {"Fn::GetAtt": "Api.RootResourceId"}),
    }
    assert routes_of(resources) == {"GET /items/{id}", "ANY /items", "GET /"}


def test_a_path_that_the_template_does_not_say_is_left_out() -> None:
    """A resource of another stack, or resources that are below each other."""
    resources = {
        "One": a_resource("one", {"Ref": "Two"}),
        "Two": a_resource("two", {"Ref": "One"}),
        "Circle": a_method("GET", {"Ref": "One"}),
        "Elsewhere": a_method("GET", {"Fn::ImportValue": "Resource"}),
    }
    assert routes_of(resources) == set()


@pytest.mark.parametrize("kind", ["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"])
def test_the_body_of_an_api_has_routes(kind: str) -> None:
    """In OpenAPI; a body in a bucket is not read."""
    path = {"post": {}, "x-amazon-apigateway-any-method": {}, "parameters": []}
    body = {"paths": {"/generate": path, "/odd": None}}
    kept = {"Type": kind, "Properties": {"BodyS3Location": {"Bucket": "b", "Key": "k"}}}
    made = {"Type": kind, "Properties": {"Body": body}}
    assert routes_of({"Api": made, "Kept": kept}) == {"POST /generate", "ANY /generate"}


@pytest.mark.parametrize(
    ("route", "call", "takes"),
    [
        ("POST /generate", "POST /generate", True),
        ("POST /generate", "GET /generate", False),
        ("ANY /generate", "DELETE /generate", True),
        ("GET /items/{id}", "GET /items/7", True),
        ("GET /items/{id}", "GET /items/7/parts", False),
        ("ANY /{proxy+}", "GET /items/7/parts", True),
        ("GET /a.b", "GET /aXb", False),
        ("$default", "$default", True),
    ],
)
def test_a_call_takes_a_route(route: str, call: str, takes: bool) -> None:
    """By its verb, and by its path with what the route leaves open."""
    assert is_called(route, [call]) is takes
