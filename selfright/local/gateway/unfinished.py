"""What AWS has accepted and not finished: updates of Lambda functions, new versions, deployments of distributions."""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from selfright.local.gateway.wire import AwsCall, response, with_body

FUNCTION = re.compile(r"/functions/(?P<name>[^/]+)(?P<rest>/.*)?$")
PUBLICATION = re.compile(r"/function/(?P<name>[^/]+)/publish$")
CONFIGURATION = re.compile(r"/distribution/(?P<id>[^/]+)/config$")
IN_PROGRESS = "The operation cannot be performed at this time. An update is in progress for resource: {}"
PENDING = "The operation cannot be performed at this time. The function is currently in the following state: Pending"
UPDATES = frozenset({("PUT", "/code"), ("PUT", "/configuration"), ("POST", "/versions")})
READS = frozenset({"", "/configuration"})
DEPLOYED, DEPLOYING = b"<Status>Deployed</Status>", b"<Status>InProgress</Status>"
SUMMARY = b"<DistributionSummary>"
SUCCESS = b"2"


def named(request: AwsCall) -> tuple[str, str, str]:
    """The function, its qualifier or "", and the rest of the path of a request to Lambda; "" when there is none."""
    found = FUNCTION.search(request.place)
    if not found:
        return "", "", ""
    name, qualifier = found["name"], request.query.get("Qualifier", "")
    words = name.partition(":function:")[2].split(":") if name.startswith("arn:") else name.split(":")
    return words[0], qualifier or (words[1] if len(words) > 1 else ""), found["rest"] or ""


class Unfinished:
    """Knows until when something is in progress, and says so in the answers that show it."""

    def __init__(
        self, updated: Callable[[], float], deployed: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """A function's update takes `updated()` seconds, a distribution's deployment `deployed()`."""
        self._updated, self._deployed, self._clock = updated, deployed, clock
        self._until: dict[str, float] = {}

    def refusal(self, request: AwsCall) -> bytes:
        """What AWS answers instead of doing it, while something is in progress; nothing when it does it."""
        if request.service != "lambda":
            return b""
        function, qualifier, rest = named(request)
        if (request.method, rest) in UPDATES and self._is_busy(function):
            return _conflict(IN_PROGRESS.format(function))
        if rest == "/invocations" and self._is_busy(f"{function}:{qualifier}"):
            return _conflict(PENDING)
        return b""

    def note(self, request: AwsCall, answer: bytes) -> None:
        """Note what this request has begun, if the emulator has accepted it."""
        if answer[9:10] != SUCCESS:
            return
        if request.service == "cloudfront" and (found := PUBLICATION.search(request.place)):
            self._begin(f"function/{found['name']}", self._deployed())
        elif request.service == "cloudfront" and (found := CONFIGURATION.search(request.place)):
            self._begin(found["id"], self._deployed()) if request.method == "PUT" else None
        elif request.service == "lambda":
            function, _, rest = named(request)
            if rest == "/versions":
                self._begin(f"{function}:{_body(answer)['Version']}", self._updated())
            elif (request.method, rest) in UPDATES:
                self._begin(function, self._updated())

    def shown(self, request: AwsCall, answer: bytes) -> bytes:
        """The emulator's answer, in which what is in progress is not finished."""
        if answer[9:10] != SUCCESS:
            return answer
        if request.service == "cloudfront" and "/distribution" in request.place:
            return with_body(answer, SUMMARY.join(self._distribution(part) for part in _raw(answer).split(SUMMARY)))
        if request.service != "lambda":
            return answer
        function, qualifier, rest = named(request)
        is_read = request.method == "GET" and rest in READS
        if not is_read and (request.method, rest) not in UPDATES:
            return answer
        body = _body(answer)
        configuration = body.get("Configuration", body)
        if "RevisionId" not in configuration:  # A list of functions, for example.
            return answer
        version = qualifier or (configuration["Version"] if rest == "/versions" else "")
        configuration |= self._states(function, version, configuration["RevisionId"])
        return with_body(answer, json.dumps(body).encode())

    def _states(self, function: str, version: str, revision: str) -> Mapping[str, str]:
        if not self._is_busy(f"{function}:{version}" if version else function):
            return {}
        # It changes once more when all is done, so that a write on condition of this one would fail.
        passing = {"RevisionId": str(uuid5(NAMESPACE_OID, revision))}
        if not version:
            return {"LastUpdateStatus": "InProgress", **passing}
        reason = {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}
        return {"State": "Pending", **reason, **passing}

    def _distribution(self, part: bytes) -> bytes:
        """The XML of one distribution, or what comes before the first."""
        busy = [name for name in self._until if self._is_busy(name)]
        mine = any(f"{name}<".encode() in part for name in busy)
        return part.replace(DEPLOYED, DEPLOYING, 1) if mine else part

    def _begin(self, what: str, seconds: float) -> None:
        self._until[what] = max(self._until.get(what, 0), self._clock() + seconds)

    def _is_busy(self, what: str) -> bool:
        return self._clock() < self._until.get(what, 0)


def _raw(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def _body(answer: bytes) -> dict[str, Any]:
    return dict(json.loads(_raw(answer)))


def _conflict(message: str) -> bytes:
    body = json.dumps({"Type": "User", "Message": message, "message": message}).encode()
    return response(409, "application/json", body, {"x-amzn-errortype": "ResourceConflictException"})
