"""A proxy between the controller's functions and the emulator, on which calls suffer what networks do to them.

Nothing of the product knows it: the functions get its address as their `AWS_ENDPOINT_URL`.
"""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from selfright.local.gateway.server import Gateway
from selfright.local.gateway.wire import AwsCall, forward
from tests.chaos.answers import throttled, torn, unavailable
from tests.chaos.plan import SSM_SECONDS, Trouble

POLL_SECONDS = 0.2
Kill = Callable[[int], object]
"""Kills the process that has a connection from this local port."""
WRITES_ONLY = frozenset({"late", "held", "lost reply", "killed after"})
"""Faults that say something only of a call that changes something."""

EXECUTED = frozenset({"delay", "lost reply", "torn reply", "killed after"})
"""Faults of calls that are executed at once."""


@dataclass(frozen=True)
class Suffered:
    """A call that suffered a fault, and when, in seconds since the epoch."""

    at: float
    kind: str
    call: str
    service: str


@dataclass
class Weather:
    """Decides what a call suffers: by the troubles of now, and by chance from a seed."""

    chance: random.Random = field(default_factory=lambda: random.Random(0))
    now: list[Trouble] = field(default_factory=list)
    hits: Counter[int] = field(default_factory=Counter)

    def of(self, request: AwsCall) -> Trouble | None:
        """What this call suffers, if anything; an outage before all else."""
        mine = [one for one in self.now if one.service in {"", request.service}]
        for trouble in sorted(mine, key=lambda one: one.kind != "outage"):
            if trouble.kind in WRITES_ONLY and not request.writes:
                continue
            if self.hits[id(trouble)] < trouble.most and self.chance.random() < trouble.chance:
                self.hits[id(trouble)] += 1
                return trouble
        return None


class Proxy(Gateway):
    """Listens on a free port of loopback, in a thread of its own."""

    def __init__(self, upstream: int, kill: Kill = lambda _: None) -> None:
        super().__init__()
        self.weather = Weather()
        self.suffered: list[Suffered] = []
        self.calls: list[str] = []
        self.port = 0
        self._upstream, self._kill = upstream, kill
        self._loop = asyncio.new_event_loop()
        self._held: dict[str, str] = {}
        self._flying: set[asyncio.Task[None]] = set()
        self._landing = asyncio.Event()

    @property
    def url(self) -> str:
        """The value for the functions' `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        """Serve for the time of the block."""
        thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        thread.start()
        server = self._do(self.listen())
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._do(self.close(server))
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def begin(self, seed: str) -> None:
        """Begin a round: everything that was suffered and seen before is forgotten."""
        self.weather = Weather(random.Random(seed))
        self.suffered, self.calls = [], []
        self._loop.call_soon_threadsafe(self._landing.clear)

    def heal(self) -> None:
        """From now on no further call suffers anything. Held writes stay held."""
        self.weather.now = []

    def land(self) -> int:
        """Let all held writes through now, and wait until they have been answered; returns how many there were."""
        return self._do(self._land())

    @property
    def flying(self) -> int:
        """The number of writes that are held back."""
        return len(self._flying)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - what it returns
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _land(self) -> int:
        count = len(self._flying)
        self._landing.set()
        await asyncio.gather(*self._flying)
        return count

    async def answer(self, request: AwsCall, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """What the caller gets; nothing means that its connection breaks."""
        if request.invocation in self._held:
            return self._note(request, self._held[request.invocation])
        trouble = self.weather.of(request)
        if trouble is None:
            return await self._forward(request)
        self.suffered.append(Suffered(time.time(), trouble.kind, request.call, request.service))
        self._note(request, f"{trouble.kind} {trouble.how}".strip())
        if trouble.kind in EXECUTED:
            return await self._after_execution(request, trouble, writer)
        if trouble.how == "silent":
            await self._wait_in_silence(trouble, reader)
        elif trouble.kind in {"held", "late"}:
            self._hold(request, trouble)
        elif trouble.kind == "killed before":
            self._kill(writer.get_extra_info("peername")[1])
        if "unavailable" in {trouble.kind, trouble.how}:
            return unavailable()
        return throttled(request) if trouble.kind == "throttled" else b""

    async def _after_execution(self, request: AwsCall, trouble: Trouble, writer: asyncio.StreamWriter) -> bytes:
        """The call gets through; then the answer, or its caller, is lost."""
        await asyncio.sleep(trouble.each)
        answer = await self._forward(request)
        if trouble.kind == "killed after":
            self._kill(writer.get_extra_info("peername")[1])
        elif trouble.kind == "torn reply":
            writer.write(torn(answer))
            await writer.drain()
        return answer if trouble.kind == "delay" else b""

    async def _wait_in_silence(self, trouble: Trouble, reader: asyncio.StreamReader) -> None:
        """Until the caller gives up, or the service is back."""
        while trouble in self.weather.now:
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(), POLL_SECONDS)
                return

    def _hold(self, request: AwsCall, trouble: Trouble) -> None:
        """Let it through later. All attempts of a held call fail; of a late one, the next attempt gets through."""
        if trouble.kind == "held" and request.invocation:
            self._held[request.invocation] = "held, too"
        seconds = min(trouble.each, SSM_SECONDS) if request.service == "ssm" else trouble.each
        task = asyncio.ensure_future(self._later(request, seconds))
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)

    async def _later(self, request: AwsCall, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._landing.wait(), seconds)
        with suppress(ConnectionError):
            await self._forward(request, "landed: ")

    async def _forward(self, request: AwsCall, how: str = "") -> bytes:
        answer = await forward(request, self._upstream)
        self._note(request, how + answer[9:12].decode("latin-1"))
        return answer

    def _note(self, request: AwsCall, what: str) -> bytes:
        self.calls.append(f"{time.time():.3f} {request.call} {what}")
        return b""
