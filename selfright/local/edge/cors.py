"""CORS as an HTTP API does it: preflights never reach the function, and its answers get the API's own headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selfright.local.edge.http import EdgeRequest, EdgeResponse

PREFIX = "access-control-"
ALLOW_ORIGIN = f"{PREFIX}allow-origin"
API = "AWS::ApiGatewayV2::Api"


@dataclass(frozen=True)
class Cors:
    """The calls that pages of other origins may make; `max_age` in seconds."""

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    max_age: int | None = None

    def preflight(self, request: EdgeRequest) -> EdgeResponse | None:
        """The answer to a preflight; None if the request is none.

        A refused origin gets the same status without a header, and the browser refuses.
        """
        asked = f"{PREFIX}request-method" in request.headers and "origin" in request.headers
        if request.method != "OPTIONS" or not asked:
            return None
        if not (allowed := self._origin(request)):
            return EdgeResponse(204)
        told = {
            ALLOW_ORIGIN: allowed,
            f"{PREFIX}allow-methods": ",".join(self.methods),
            f"{PREFIX}allow-headers": ",".join(self.headers),
            f"{PREFIX}max-age": "" if self.max_age is None else str(self.max_age),
        }
        return EdgeResponse(204, b"", tuple((name, value) for name, value in told.items() if value))

    def told(self, request: EdgeRequest, answer: EdgeResponse) -> EdgeResponse:
        """The function's answer with the API's own CORS headers, which replace those of the function."""
        kept = tuple(header for header in answer.headers if not header[0].startswith(PREFIX))
        allowed = self._origin(request)
        return EdgeResponse(answer.status, answer.body, (*kept, (ALLOW_ORIGIN, allowed)) if allowed else kept)

    def _origin(self, request: EdgeRequest) -> str:
        """The allowed origin for the visitor's page; "" if it is not allowed, or if the request has none."""
        origin = request.headers.get("origin", "")
        if origin and "*" in self.origins:
            return "*"
        return origin if origin.lower() in {one.lower() for one in self.origins} else ""


def cors_in(template: Mapping[str, Any]) -> Cors | None:
    """The CORS configuration of a template's HTTP API, if it has one."""
    for resource in template.get("Resources", {}).values():
        if resource["Type"] == API and (said := resource["Properties"].get("CorsConfiguration")):
            methods, headers = said.get("AllowMethods", ()), said.get("AllowHeaders", ())
            return Cors(tuple(said.get("AllowOrigins", ())), tuple(methods), tuple(headers), said.get("MaxAge"))
    return None
