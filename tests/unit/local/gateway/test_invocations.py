"""Invocations of an alias by Lambda's API."""

import asyncio
from collections.abc import Mapping

import pytest

from selfright.local.gateway.invocations import Invocations
from selfright.local.gateway.wire import AwsCall
from tests.unit.local.gateway.calls import call, ok

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
INVOCATION = call("lambda", method="POST", path="/2015-03-31/functions/f:live/invocations")


class Emulator:
    """Knows one alias."""

    def __init__(self, version: str, weights: Mapping[str, float]) -> None:
        self.version, self.weights = version, weights

    async def forward(self, request: AwsCall) -> bytes:
        """The alias, or that there is none."""
        if not request.path.endswith("/functions/f/aliases/live"):
            return b"HTTP/1.1 404 No\r\n\r\n"
        routing = {"AdditionalVersionWeights": self.weights}
        return ok({"AliasArn": f"{ARN}:live", "FunctionVersion": self.version, "RoutingConfig": routing})


def target(request: AwsCall) -> str:
    """The qualified function that a request is for."""
    return request.place.removeprefix("/2015-03-31/functions/").removesuffix("/invocations")


def test_the_weights_decide() -> None:
    """The emulator gets an invocation of one version: about half of a hundred go to the canary."""
    invocations = Invocations(Emulator("1", {"2": 0.5}).forward, lambda: 0)
    led = [target(asyncio.run(invocations.routed(INVOCATION))) for _ in range(100)]
    assert set(led) == {f"{ARN}:1", f"{ARN}:2"}


def test_front_ends_learn_late_that_the_alias_was_moved() -> None:
    """An hour is not over, so all of them still lead to the old version, even if it has been deleted."""
    emulator = Emulator("1", {})
    invocations = Invocations(emulator.forward, lambda: 3600)
    asyncio.run(invocations.routed(INVOCATION))
    emulator.version = "2"
    asyncio.run(invocations.note(call("lambda", method="PUT", path="/2015-03-31/functions/f/aliases/live")))
    assert {target(asyncio.run(invocations.routed(INVOCATION))) for _ in range(20)} == {f"{ARN}:1"}


def test_the_callers_identity_is_left_out_where_the_version_is_invoked() -> None:
    """Their policy names the alias; the emulator would look for the version in it."""
    invocations = Invocations(Emulator("1", {}).forward, lambda: 0)
    led = asyncio.run(invocations.routed(INVOCATION))
    assert led.head[0].endswith(b"%3Afunction%3Af%3A1/invocations HTTP/1.1")
    assert f"Authorization: {led.headers['authorization']}".encode() in led.head
    assert led.service == "lambda"
    assert led.body == INVOCATION.body


@pytest.mark.parametrize(
    "path", ["f/invocations", "f:7/invocations", "f:$LATEST/invocations", "f:none/invocations", "f/configuration"]
)
def test_everything_else_goes_on_as_it_came(path: str) -> None:
    """A function, a version, an alias that does not exist, another call."""
    request = call("lambda", method="POST", path=f"/2015-03-31/functions/{path}")
    assert asyncio.run(Invocations(Emulator("1", {}).forward, lambda: 0).routed(request)) is request
