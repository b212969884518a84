"""Which routes of an exported API lead to a function, and by which of its aliases or versions.

An address of a function ends in its name, and in its alias or version if it has one. An address may contain stage
variables; what these say is not exported, so it is not known where such a route leads.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from controller.aws.components.function.apis.rest_api import integrations_of

ADDRESS = re.compile(r":function:(?P<name>[^:/]+)(?::(?P<qualifier>[^:/]+))?(?:/invocations)?$")


@dataclass(frozen=True)
class LambdaRoute:
    """A route, such as `POST /generate`, and the function that it leads to; `qualifier` is "" without one."""

    key: str
    function: str
    qualifier: str = ""

    @property
    def is_known(self) -> bool:
        """Whether it is known where it leads."""
        return "${" not in f"{self.function}{self.qualifier}"


def routes_in(document: Mapping[str, Any]) -> list[LambdaRoute]:
    """The routes of an exported API that lead to functions."""
    addresses = _of_rest_api(document) if "rest_api_id" in document else _of_http_api(document)
    found = ((key, ADDRESS.search(address)) for key, address in sorted(addresses))
    return [LambdaRoute(key, match["name"], match["qualifier"] or "") for key, match in found if match]


def _of_rest_api(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, integration in integrations_of(document["definition"]).items():
        yield key, str(integration.get("uri", ""))


def _of_http_api(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    addresses = {one["IntegrationId"]: str(one.get("IntegrationUri", "")) for one in document["integrations"]}
    for route in document["routes"]:
        yield route["RouteKey"], addresses.get(str(route.get("Target", "")).rpartition("/")[2], "")
