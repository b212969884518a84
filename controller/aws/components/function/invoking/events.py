"""The event that a gateway makes of a request, so that a handler works in a check before traffic as it does behind it.

Gateways are HTTP APIs (formats 2.0 and 1.0), REST APIs, function URLs and load balancers.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

from controller.domain.checks.requests import Request

USER_AGENT = "selfright"
Shape = Literal["2.0", "1.0", "rest", "load_balancer"]
_TEXT = re.compile(r"(?i)text/|application/(?:json|javascript|xml|[\w.+-]+\+(?:json|xml))\b")
"""The types of bodies that gateways pass on as text; all others come in base64."""
_ANY, DEFAULT = "ANY", "$default"
_HOST, _ADDRESS, _ID = "localhost", "127.0.0.1", "selfright-check"
_TIME = "01/Jan/1970:00:00:00 +0000"


@dataclass(frozen=True)
class GatewayRoute:
    """A route of an API: `GET /items/{id}` or `$default`, and the shape of the events that it makes."""

    key: str
    shape: Shape = "2.0"

    @property
    def method(self) -> str:
        """Its method; `ANY` for all."""
        return self.key.partition(" ")[0] if " " in self.key else _ANY

    @property
    def path(self) -> str:
        """Its path, with the names of its parameters in braces; "" for the default route."""
        return self.key.partition(" ")[2]


@dataclass(frozen=True)
class FunctionGateway:
    """What stands in front of a function. `shape` is that of requests that no known route takes.

    `unread` says why its routes are not known; "" when they are.
    """

    shape: Shape = "2.0"
    routes: Sequence[GatewayRoute] = ()
    stage: str = DEFAULT
    unread: str = ""

    def why_unknown(self, request: Request) -> str:
        """Why it is not known which event visitors' requests of this kind make; "" when it is."""
        return "" if request.route else self.unread

    def event(self, request: Request) -> bytes:
        """The event of this request, as JSON."""
        path, _, query = request.path.partition("?")
        route = self._route(request)
        call = _Call(request, path, query, route.key, route.path or path, self.stage)
        return json.dumps(_MAKERS[route.shape](call)).encode()

    def takes_bare_results(self, request: Request) -> bool:
        """Whether the function may answer this request with the body alone, without `statusCode`."""
        return self._route(request).shape == "2.0"

    def lacks(self, request: Request) -> str:
        """The route that the request is tested by, if the gateway does not have it; "" also when no route is known."""
        method, path = request.method, request.route or request.path.partition("?")[0]
        if request.route:
            there = any(one.path == path and one.method in {method, _ANY} for one in self.routes)
        else:
            there = self._taking(method, path) is not None
        return "" if there or not self.routes else f"{method} {path}"

    def _route(self, request: Request) -> GatewayRoute:
        """The route that takes the request; if none is known, one that is made for its path alone."""
        path = request.path.partition("?")[0]
        own = GatewayRoute(f"{request.method} {path}", self.shape)
        return self._declared(request) or self._taking(request.method, path) or own

    def _declared(self, request: Request) -> GatewayRoute | None:
        return GatewayRoute(f"{request.method} {request.route}", self.shape) if request.route else None

    def _taking(self, method: str, path: str) -> GatewayRoute | None:
        """The route that takes the request: the most specific one, as gateways choose it."""
        ranked = [
            (_rank(one.path, path), one.method == _ANY, number, one)
            for number, one in enumerate(self.routes)
            if one.method in {method, _ANY} and (not one.path or parameters(one.path, path) is not None)
        ]
        return min(ranked)[-1] if ranked else None


@dataclass(frozen=True)
class _Call:
    request: Request
    path: str
    query: str
    key: str
    template: str
    stage: str

    @property
    def headers(self) -> dict[str, str]:
        forwarded = {"x-forwarded-for": _ADDRESS, "x-forwarded-port": "443", "x-forwarded-proto": "https"}
        body = self.request.encoded_body()
        length = {} if body is None else {"content-length": str(len(body))}
        common = {"accept": "*/*", "host": _HOST, "user-agent": USER_AGENT}
        return {**common, **forwarded, **length, **self.request.sent_headers()}

    @property
    def parameters(self) -> dict[str, str] | None:
        return parameters(self.template, self.path) or None

    def body(self, *, encodes: bool = True) -> tuple[str | None, bool]:
        """The body as text, and whether it is in base64."""
        body, headers = self.request.encoded_body(), self.headers
        if body is None:
            return None, False
        plain = _TEXT.match(headers.get("content-type", "text/plain")) and "content-encoding" not in headers
        return (body.decode(), False) if plain or not encodes else (base64.b64encode(body).decode(), True)


def parameters(template: str, path: str) -> dict[str, str] | None:
    """The path's values for the parameters of a route; None when it is not of this route."""
    names = re.findall(r"\{([^{}]+)\}", template)
    parts = re.split(r"\{[^{}]+\}", template)
    pattern = re.escape(parts[0])
    for name, after in zip(names, parts[1:], strict=True):
        pattern += ("(.+)" if name.endswith("+") else "([^/]+)") + re.escape(after)
    found = re.fullmatch(pattern, path)
    if found is None:
        return None
    return {name.removesuffix("+"): unquote(value) for name, value in zip(names, found.groups(), strict=True)}


def _rank(template: str, path: str) -> tuple[int, ...]:
    """How specific a route is, the least first: fixed parts before parameters, these before greedy ones."""
    if not template:
        return (3,) * (len(path.split("/")) + 1)
    return tuple(2 if part.endswith("+}") else 1 if part.startswith("{") else 0 for part in template.split("/"))


def _http(call: _Call) -> dict[str, Any]:
    """Format 2.0: of an HTTP API, or a function URL."""
    headers = call.headers
    cookies = [one.strip() for one in headers.pop("cookie", "").split(";") if one.strip()]
    text, encoded = call.body()
    method, path = call.request.method, call.path
    about = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": _ADDRESS, "userAgent": USER_AGENT}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": call.key,
        "rawPath": path,
        "rawQueryString": call.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": headers,
        **({"queryStringParameters": _joined(call.query)} if call.query else {}),
        "requestContext": {**_about(call), "http": about, "routeKey": call.key, "time": _TIME, "timeEpoch": 0},
        **({"pathParameters": call.parameters} if call.parameters else {}),
        "isBase64Encoded": encoded,
    }
    return event if text is None else {**event, "body": text}


def _http_1(call: _Call) -> dict[str, Any]:
    """Format 1.0 of an HTTP API."""
    return {"version": "1.0", **_proxy(call, *call.body())}


def _rest(call: _Call) -> dict[str, Any]:
    """Of a REST API, which leaves bodies as they are, unless their types are declared binary."""
    return _proxy(call, *call.body(encodes=False))


def _proxy(call: _Call, text: str | None, encoded: bool) -> dict[str, Any]:
    headers, query = call.headers, parse_qsl(call.query, keep_blank_values=True)
    several: dict[str, list[str]] = {}
    for name, value in query:
        several.setdefault(name, []).append(value)
    method = call.request.method
    return {
        "resource": call.template,
        "path": call.path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": several or None,
        "pathParameters": call.parameters,
        "stageVariables": None,
        "requestContext": {
            **_about(call),
            "extendedRequestId": _ID,
            "httpMethod": method,
            "identity": {"sourceIp": _ADDRESS, "userAgent": USER_AGENT},
            "path": call.path if call.stage == DEFAULT else f"/{call.stage}{call.path}",
            "protocol": "HTTP/1.1",
            "requestTime": _TIME,
            "requestTimeEpoch": 0,
            "resourceId": "selfright",
            "resourcePath": call.template,
        },
        "body": text,
        "isBase64Encoded": encoded,
    }


def _load_balancer(call: _Call) -> dict[str, Any]:
    """Of a load balancer, which decodes nothing in the query."""
    text, encoded = call.body()
    group = "arn:aws:elasticloadbalancing:region:000000000000:targetgroup/selfright/0000000000000000"
    return {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": call.request.method,
        "path": call.path,
        "queryStringParameters": dict(one.partition("=")[::2] for one in call.query.split("&") if one),
        "headers": call.headers,
        "body": text or "",
        "isBase64Encoded": encoded,
    }


_MAKERS = {"2.0": _http, "1.0": _http_1, "rest": _rest, "load_balancer": _load_balancer}


def _about(call: _Call) -> Mapping[str, Any]:
    return {
        "accountId": "anonymous",
        "apiId": "selfright",
        "domainName": _HOST,
        "domainPrefix": _HOST,
        "requestId": _ID,
        "stage": call.stage,
    }


def _joined(query: str) -> dict[str, str]:
    """The parameters by name; format 2.0 joins repeated ones with commas."""
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
