"""Reads after a write that still say the old, for an instant."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from selfright.local.gateway.wire import AwsCall

MOST = 2_000
"""The number of different reads that are remembered."""
SERVER_ERROR = b"5"
SSM = frozenset({"GetParameter", "GetParameters", "GetParametersByPath"})


def may_be_stale(request: AwsCall) -> bool:
    """Whether AWS may answer this read with what was there before; a consistent read of DynamoDB never is."""
    service, operation, place = request.service, request.operation, request.place
    if service == "ssm":
        return operation in SSM
    if service == "dynamodb":
        return operation == "Query" and "IndexName" in json.loads(request.body or b"{}")
    if request.method != "GET":
        return False
    if service == "lambda":
        after = place.partition("/functions/")[2].partition("/")[2]
        return bool(place.partition("/functions/")[2]) and (
            after in {"", "configuration"} or after.startswith("aliases/")
        )
    return service == "cloudfront" and "/function/" in place


@dataclass
class _Known:
    """What is shown of one read, what it would say now, and until when some still say the former."""

    shown: bytes
    latest: bytes
    until: float = 0


class StaleReads:
    """Remembers what reads said, and says it again for an instant after it has changed.

    In that instant, each read asks one of several hosts by chance: some are behind, so that the old can even follow the
    new.
    """

    def __init__(
        self, late: Callable[[], float], behind: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """A change is visible everywhere `late()` seconds after its write; until then, hosts may be `behind()`."""
        self._late, self._behind, self._clock = late, behind, clock
        self._known: OrderedDict[tuple[str, ...], _Known] = OrderedDict()
        self._written: dict[str, float] = {}

    def note_write(self, service: str) -> None:
        """Something of this service has just been written."""
        self._written[service] = self._clock()

    def answer(self, request: AwsCall, fresh: bytes) -> bytes:
        """What this read says, when the emulator says `fresh`. Errors of the emulator itself pass."""
        if fresh[9:10] == SERVER_ERROR:
            return fresh
        key, said = (request.service, request.operation, request.path, request.body.decode("latin-1")), _said(fresh)
        known = self._known.setdefault(key, _Known(fresh, said))
        self._known.move_to_end(key)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        if said != known.latest:
            known.latest = said
            known.until = max(known.until, self._written.get(request.service, self._clock()) + self._late())
        if self._clock() < known.until:
            return known.shown if self._behind() else fresh
        known.shown = fresh
        return fresh


def _said(answer: bytes) -> bytes:
    """What an answer says: its status, its ETag and its body, without links that are signed anew each time."""
    head, _, body = answer.partition(b"\r\n\r\n")
    tags = [line for line in head.split(b"\r\n") if line.lower().startswith(b"etag:")]
    if b'"Code"' in body and b'"Configuration"' in body:
        body = json.dumps({**json.loads(body), "Code": None}).encode()
    return b"\n".join([head[9:12], *tags, body])
