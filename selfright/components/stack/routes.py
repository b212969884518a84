"""The routes that a template's APIs have, of HTTP APIs and of REST APIs: `POST /generate`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ROUTE, HTTP_API = "AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::Api"
METHOD, RESOURCE, REST_API = "AWS::ApiGateway::Method", "AWS::ApiGateway::Resource", "AWS::ApiGateway::RestApi"
VERBS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
ANY_VERB = "x-amazon-apigateway-any-method"
DEEPEST = 50
"""So many resources may be below each other: a chain that is longer leads in a circle."""


def routes_of(resources: Mapping[str, Any]) -> set[str]:
    """All routes, as far as the template itself says them: a body that is kept elsewhere is not read."""
    return {route for name, one in resources.items() for route in _of(name, _properties(one), resources)}


def is_called(route: str, called: Iterable[str]) -> bool:
    """Whether one of the calls (`POST /items/7`) would take this route (`ANY /items/{id}`)."""
    verb, _, path = route.partition(" ")
    parts = re.split(r"(\{[^}]*\})", path)
    pattern = re.compile("".join(_matching(part) for part in parts))
    for call in called:
        its_verb, _, its_path = call.partition(" ")
        if (call == route) or (verb in {"ANY", its_verb} and pattern.fullmatch(its_path)):
            return True
    return False


def _matching(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return ".+" if part.endswith("+}") else "[^/]+"


def _of(name: str, properties: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[str]:
    kind = resources[name].get("Type")
    if kind == ROUTE and isinstance(key := properties.get("RouteKey"), str):
        yield key
    elif kind == METHOD and isinstance(verb := properties.get("HttpMethod"), str):
        path = _path(properties.get("ResourceId"), resources)
        if path is not None:
            yield f"{verb.upper()} {path or '/'}"
    elif kind in {HTTP_API, REST_API} and isinstance(body := properties.get("Body"), dict):
        yield from _in_openapi(body)


def _path(reference: Any, resources: Mapping[str, Any]) -> str | None:  # noqa: ANN401 - a template's
    """The path of a REST API's resource, "" for the root; None if the template does not say it."""
    path = ""
    for _ in range(DEEPEST):
        if _is_root(reference):
            return path
        name = reference.get("Ref") if isinstance(reference, dict) else None
        one = resources.get(name) if isinstance(name, str) else None
        if one is None or one.get("Type") != RESOURCE or not isinstance(part := _properties(one).get("PathPart"), str):
            return None
        path, reference = f"/{part}{path}", _properties(one).get("ParentId")
    return None


def _is_root(reference: Any) -> bool:  # noqa: ANN401 - a template's
    found = reference.get("Fn::GetAtt") if isinstance(reference, dict) else None
    return (found[-1] if isinstance(found, list) and found else str(found).rpartition(".")[2]) == "RootResourceId"


def _in_openapi(body: Mapping[str, Any]) -> Iterator[str]:
    paths = body.get("paths")
    for path, methods in paths.items() if isinstance(paths, dict) else ():
        for verb in methods if isinstance(methods, dict) else ():
            if verb == ANY_VERB:
                yield f"ANY {path}"
            elif str(verb).lower() in VERBS:
                yield f"{str(verb).upper()} {path}"


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    found = resource.get("Properties")
    return found if isinstance(found, dict) else {}
