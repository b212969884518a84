"""The way of every call to AWS: the scheduler decides when it is made, the faults what becomes of it.

The client's own behaviour is played, too: timeouts, and the retries of botocore's standard mode.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from tests.simulation.aws.service import Refusal, client_error
from tests.simulation.calls.faults import CREDENTIALS, Fault, Faults, Kind, Outage
from tests.simulation.calls.history import Call, History
from tests.simulation.engine.scheduler import Scheduler

THROTTLED = frozenset(ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
TRANSIENT = frozenset(TransientRetryableChecker._TRANSIENT_ERROR_CODES)
TRANSIENT_STATUS = frozenset(TransientRetryableChecker._TRANSIENT_STATUS_CODES)
LONGEST_BACKOFF = 20.0
USUAL, SLOW = (0.003, 0.04), (0.3, 8.0)
"""Seconds that a request takes on its way to its effect: usually, and sometimes."""
THROTTLE_CODES: Mapping[str, str] = {
    "dynamodb": "ThrottlingException",
    "lambda": "TooManyRequestsException",
    "s3": "SlowDown",
    "sns": "Throttling",
    "cloudwatch": "Throttling",
}
READS = ("get_", "list_", "describe_", "head_", "query", "scan")
CONSISTENT = frozenset({"s3", "dynamodb.get_item"})
"""Services and operations whose reads see every write before them (of DynamoDB: if they ask for that)."""
UNCONDITIONAL, LATEST = "ssm", 30.0
"""The service whose writes have no conditions, and the seconds within which a request to it lands or never does."""


@dataclass(frozen=True)
class Client:
    """How a client of the product calls: the seconds that it waits for an answer, and its attempts."""

    service: str
    read_seconds: float
    attempts: int


@dataclass(frozen=True)
class _Request:
    """One request of a call."""

    number: int
    actor: str
    client: Client
    operation: str
    request: dict[str, Any]

    def __str__(self) -> str:
        return f"#{self.number} {self.client.service}.{self.operation}"

    def call(self, seconds: float, result: str, note: str) -> Call:
        """As the history keeps it."""
        return Call(self.number, seconds, self.actor, self.client.service, self.operation, self.request, result, note)


class Gateway:
    """Between the product's clients and the services. `landed` are asked after every effect."""

    def __init__(
        self, scheduler: Scheduler, services: Mapping[str, Any], faults: Faults, history: History, slow: float = 0.0
    ) -> None:
        """`slow`: the share of the requests that take seconds."""
        self._scheduler, self._services, self._faults = scheduler, services, faults
        self.history, self._slow = history, slow
        self.landed: list[Callable[[Call], None]] = []
        self.on_duplicate: Callable[[float], None] = lambda _seconds: None
        self.behind: Callable[[str, str], float] = lambda _service, _operation: 0.0
        """Seconds by which the answer of an operation is behind, beside what faults do."""
        self.number = self.on_their_way = 0

    def call(self, client: Client, operation: str, request: dict[str, Any]) -> Any:  # noqa: ANN401 - AWS's answer
        """Make a call as botocore does; outside an actor it is done at once, and nothing fails."""
        if self._scheduler.current is None:
            return getattr(self._services[client.service], operation)(**request)
        if hasattr(request.get("Body"), "read"):
            request = {**request, "Body": request["Body"].read()}  # a retry sends it again, and a late one, too
        fault: Fault | None = None
        for attempt in range(1, client.attempts + 1):
            try:
                answer, fault = self._attempt(client, operation, request, fault, attempt)
            except (ClientError, ReadTimeoutError) as error:
                fault = getattr(error, "fault", None)
                if attempt == client.attempts or not is_retried(error):
                    raise
                pause = self._scheduler.chance.random() * min(2 ** (attempt - 1), LONGEST_BACKOFF)
                self._scheduler.sleep(pause)
            else:
                return answer
        raise AssertionError

    def _attempt(
        self, client: Client, operation: str, request: dict[str, Any], fault: Fault | None, attempt: int
    ) -> tuple[Any, Fault | None]:
        scheduler = self._scheduler
        scheduler.check()
        scheduler.sleep(self.latency())
        actor = scheduler.current
        assert actor is not None
        self.number += 1
        name = actor.process.name
        if not (fault and attempt <= fault.times):
            fault = self._faults.at(self.number, f"{name}|{client.service}.{operation}")
        made = _Request(self.number, name, client, operation, request)
        outages = (self._faults.outage(service, scheduler.seconds) for service in (CREDENTIALS, client.service))
        if outage := next(filter(None, outages), None):
            raise self._out(outage, made)
        try:
            return (self._effect(made) if fault is None else getattr(self, _METHODS[fault.kind])(fault, made)), None
        except (ClientError, ReadTimeoutError) as error:
            error.fault = fault  # type: ignore[union-attr] # for the next attempt
            raise

    # What each kind of fault does

    def _throttle(self, fault: Fault, made: "_Request") -> Any:  # noqa: ANN401 - AWS's answer, here and below
        self._note(f"{made}: {fault}")
        code = THROTTLE_CODES.get(made.client.service, "ThrottlingException")
        raise client_error(Refusal(code, "So it happens.", HTTPStatus.TOO_MANY_REQUESTS), made.operation)

    def _error(self, fault: Fault, made: "_Request") -> Any:  # noqa: ANN401
        self._note(f"{made}: {fault}")
        refusal = Refusal("InternalFailure", "So it happens.", HTTPStatus.INTERNAL_SERVER_ERROR)
        raise client_error(refusal, made.operation)

    def _timeout(self, fault: Fault, made: "_Request") -> Any:  # noqa: ANN401
        self._note(f"{made}: {fault}")
        raise self._unanswered(made.client)

    def _lost_reply(self, fault: Fault, made: "_Request") -> Any:  # noqa: ANN401
        self._unheard(made, str(fault))
        raise self._unanswered(made.client)

    def _slow_write(self, fault: Fault, made: "_Request") -> Any:  # noqa: ANN401
        """A write that nothing conditions lands within its bound: the product counts on that one."""
        unconditional = made.client.service == UNCONDITIONAL or made.operation == "invoke"
        seconds = min(fault.seconds, LATEST) if unconditional else fault.seconds
        self._note(f"{made}: {fault}")
        self.on_their_way += 1

        def land() -> None:
            self.on_their_way -= 1
            self._unheard(made, "it lands late")

        self._scheduler.after(seconds, land)
        raise self._unanswered(made.client)

    def _death_before(self, fault: Fault, made: "_Request") -> Any:  # noqa: ANN401
        self._note(f"{made}: {fault}")
        self._die()

    def _death_after(self, fault: Fault, made: "_Request") -> Any:  # noqa: ANN401
        self._unheard(made, str(fault))
        self._die()

    def _stale_read(self, fault: Fault, made: "_Request") -> Any:  # noqa: ANN401
        consistent = {made.client.service, f"{made.client.service}.{made.operation}"} & CONSISTENT
        if consistent or not made.operation.startswith(READS):
            return self._effect(made)
        return self._effect(made, str(fault), fault.seconds)

    def _duplicate(self, fault: Fault, made: "_Request") -> Any:  # noqa: ANN401
        self._note(f"{made}: {fault}")
        self.on_duplicate(fault.seconds)
        return self._effect(made)

    def _die(self) -> None:
        actor = self._scheduler.current
        assert actor is not None
        actor.process.die()
        self._scheduler.check()

    # What happens at the service

    def _effect(self, made: "_Request", note: str = "", lag: float = 0.0) -> Any:  # noqa: ANN401
        there = self._services[made.client.service]
        result = "ok"
        there.lag = lag or self.behind(made.client.service, made.operation)
        try:
            return getattr(there, made.operation)(**made.request)
        except ClientError as error:
            result = str(error.response["Error"]["Code"])
            raise
        finally:
            there.lag = 0.0
            call = made.call(self._scheduler.seconds, result, note)
            self.history.lines.append(call)
            for action in self.landed:
                action(call)

    def _unheard(self, made: "_Request", note: str) -> None:
        with suppress(ClientError):  # Nobody hears the refusal.
            self._effect(made, note)

    def latency(self) -> float:
        """Seconds until the effect of a request."""
        chance = self._scheduler.chance
        return chance.uniform(*(SLOW if self._slow and chance.random() < self._slow else USUAL))

    def _unanswered(self, client: Client) -> ReadTimeoutError:
        self._scheduler.sleep(client.read_seconds)
        return ReadTimeoutError(endpoint_url=f"https://{client.service}.amazonaws.com")

    def _out(self, outage: Outage, made: "_Request") -> Exception:
        self._note(f"{made}: {outage.service} is out")
        if outage.service == CREDENTIALS:
            return client_error(Refusal("ExpiredTokenException", "The security token expired.", 403), made.operation)
        if outage.silent:
            return self._unanswered(made.client)
        return client_error(Refusal("ServiceUnavailable", "Try again.", 503), made.operation)

    def _note(self, text: str) -> None:
        actor = self._scheduler.current
        self.history.note(self._scheduler.seconds, actor.process.name if actor else "", f"!!! {text}")


def is_retried(error: Exception) -> bool:
    """Whether botocore's standard mode tries again after this error."""
    if not isinstance(error, ClientError):
        return True
    code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return code in THROTTLED | TRANSIENT or status in TRANSIENT_STATUS


_METHODS = {kind: f"_{kind.name.lower()}" for kind in Kind}
