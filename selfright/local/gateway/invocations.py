"""Invocations of an alias by Lambda's API: its weights decide, as one of the front ends knows them.

The emulator stores weights and does not route by them, and it knows an alias at once.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from selfright.local.edge.alias import Route
from selfright.local.edge.front_ends import FrontEnds
from selfright.local.gateway.unfinished import named
from selfright.local.gateway.wire import AwsCall, of_root, reading

API = "/2015-03-31/functions"
LATEST = "$LATEST"
OK = b"200"


class Invocations:
    """Knows the aliases that were invoked, and leads invocations of them to a version."""

    def __init__(self, forward: Callable[[AwsCall], Awaitable[bytes]], late: Callable[[], float]) -> None:
        """`forward` asks the emulator; `late()` seconds after a change, a front end knows it."""
        self._forward, self._late = forward, late
        self._aliases: dict[tuple[str, str], tuple[FrontEnds, dict[str, Route]]] = {}

    async def routed(self, request: AwsCall) -> AwsCall:
        """The same request, or for the invocation of an alias one of the version that a front end chooses."""
        function, qualifier, rest = named(request)
        if request.service != "lambda" or rest != "/invocations" or qualifier.isdigit() or qualifier in {"", LATEST}:
            return request
        if not await self.learn(function, qualifier):
            return request
        _, arn = self._aliases[function, qualifier][0].choose()
        # The caller's policy is for the alias, and the emulator would ask it for the version.
        return of_root(request.towards(f"{API}/{quote(arn, safe='')}/invocations"), "lambda")

    async def learn(self, function: str, alias: str) -> bool:
        """Read an alias as it is written, so that its front ends learn of it; False if there is none."""
        answer = await self._forward(of_root(reading(f"{API}/{function}/aliases/{alias}"), "lambda"))
        if answer[9:12] != OK:
            return False
        said: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
        weights: Mapping[str, float] = said.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        route = Route(said["AliasArn"].rsplit(":", 1)[0], said["FunctionVersion"], weights)
        if (function, alias) not in self._aliases:
            written = {"now": route}
            self._aliases[function, alias] = (FrontEnds(lambda: written["now"], self._late), written)
        front_ends, written = self._aliases[function, alias]
        written["now"] = route
        front_ends.learn()
        return True

    async def note(self, request: AwsCall) -> None:
        """After a write: an alias that is known has perhaps been moved."""
        function, _, rest = named(request)
        alias = rest.removeprefix("/aliases/")
        if (function, alias) in self._aliases:
            await self.learn(function, alias)
