"""A server on loopback between those who call AWS and the emulator: one request a connection."""

import asyncio
from contextlib import suppress

from selfright.local.gateway.wire import HEAD_BYTES, LOOPBACK, AwsCall, read_call

BACKLOG = 1024


class Gateway:
    """Answers every request by `answer`, which the classes below it define."""

    def __init__(self) -> None:
        # Of a caller that has gone, asyncio would keep nothing: its request must go on all the same.
        self._serving: set[asyncio.Task[None]] = set()

    async def listen(self, port: int = 0) -> asyncio.Server:
        """Listen on this port of loopback, or on any that is free."""
        return await asyncio.start_server(self._serve, LOOPBACK, port, limit=HEAD_BYTES, backlog=BACKLOG)

    async def close(self, server: asyncio.Server) -> None:
        """Stop listening, and end everything else that runs in this loop."""
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def answer(self, request: AwsCall, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """What the caller gets; nothing means that its connection breaks. The streams are the caller's."""
        raise NotImplementedError

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task  # noqa: S101 - asyncio calls this in a task of its own
        self._serving.add(task)
        try:
            if request := await read_call(reader, writer):
                answer = await self.answer(request, reader, writer)
                if answer:
                    writer.write(answer)
                    await writer.drain()
                    writer.close()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # The caller, the emulator, or this server has gone.
        finally:
            self._serving.discard(task)
            if not writer.is_closing():
                with suppress(RuntimeError):
                    writer.transport.abort()
