"""The gateway itself: what each call meets on its way to the emulator and back."""

import asyncio
import random

from selfright.local.gateway.alarms import SeenAlarms
from selfright.local.gateway.invocations import Invocations
from selfright.local.gateway.server import Gateway
from selfright.local.gateway.stale_reads import StaleReads, may_be_stale
from selfright.local.gateway.unfinished import Unfinished
from selfright.local.gateway.wire import AwsCall, forward, with_body
from selfright.weather import Weather


class LateAws(Gateway):
    """Passes every call on to the emulator at this port, and shows its answers as late as AWS would."""

    def __init__(self, port: int, weather: Weather, alarms: SeenAlarms) -> None:
        super().__init__()
        self._port, self._alarms = port, alarms
        chance = random.Random(weather.seed)  # noqa: S311 - a game, not a secret
        self._reads = StaleReads(lambda: weather.late("read_is_stale"), lambda: chance.random() < 1 / 2)
        self._unfinished = Unfinished(
            lambda: weather.late("function_updated"), lambda: weather.late("distribution_deployed")
        )
        self._invocations = Invocations(self._forward, lambda: weather.late("alias_learned"))

    async def answer(self, request: AwsCall, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:  # noqa: ARG002 - the base class's
        """What the caller gets."""
        if refusal := self._unfinished.refusal(request):
            return refusal
        if may_be_stale(request):
            answer = self._reads.answer(request, await self._forward(request))
        else:
            answer = await self._forward(await self._invocations.routed(request))
        if request.writes:
            self._reads.note_write(request.service)
            self._unfinished.note(request, answer)
            await self._invocations.note(request)
        if request.operation == "DescribeAlarms" and answer[9:12] == b"200":
            return with_body(answer, self._alarms.shown(answer.partition(b"\r\n\r\n")[2]))
        return self._unfinished.shown(request, answer)

    async def _forward(self, request: AwsCall) -> bytes:
        return await forward(request, self._port)
