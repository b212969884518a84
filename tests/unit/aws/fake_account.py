"""Many functions in one account, whose control plane accepts fifteen requests a second and refuses the rest."""
# ruff: noqa: ANN401 - the methods and documents are AWS's

from collections import Counter
from typing import Any

from controller.aws.client.pacing import RATE
from tests.unit.aws.fake_lambda import FakeLambda, refuse
from tests.unit.aws.virtual_time import VirtualTime

LATENCY = 0.05
"""Seconds that a request takes, even a refused one."""


class FakeAccount:
    """Functions like `FakeLambda`, with versions 1 and 2. `refused` counts refusals, `restored` has times and names."""

    def __init__(self, time: VirtualTime, names: list[str]) -> None:
        self._time, self._tokens, self._filled = time, float(RATE), time.now()
        self.functions = {name: _function() for name in names}
        self.calls: Counter[str] = Counter()
        self.refused = 0
        self.restored: list[tuple[float, str]] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**given: Any) -> Any:
            self._time.sleep(LATENCY)
            self._admit(operation)
            function = self.functions[given["FunctionName"]]
            answer = getattr(function, operation)(**given)
            if operation == "update_alias" and function.live == ("1", {}):
                self.restored.append((self._time.now(), given["FunctionName"]))
            return answer

        return call

    def _admit(self, operation: str) -> None:
        now = self._time.now()
        self._tokens = min(RATE, self._tokens + (now - self._filled) * RATE)
        self._filled = now
        if self._tokens < 1:
            self.refused += 1
            raise refuse("TooManyRequestsException", 429)
        self._tokens -= 1
        self.calls[operation] += 1


def _function() -> FakeLambda:
    function = FakeLambda()
    function.latest["CodeSha256"] = "of the canary"
    function.publish_version()
    return function
