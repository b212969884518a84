"""Where facts are measured: the sandbox in its account, the time, and how one waits here."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from selfright.proving.places import Address, Answered, address, request

Found = TypeVar("Found")
SHORTEST, LONGEST, SHARE = 0.05, 5.0, 0.03
"""Seconds between two questions: a share of the time that has passed, so that the error is small at every scale."""


class Stopped(Exception):  # noqa: N818 - no error: a person has decided it
    """The run was stopped; what was made is deleted."""


class NeverSeen(Exception):  # noqa: N818 - the message is the reason in the report
    """What was waited for did not come within the patience."""


class RunClock:
    """The time, in seconds; `stop` ends every sleep at once. Tests have one of their own."""

    def __init__(self) -> None:
        self._stop = Event()

    def now(self) -> float:
        """Seconds since the epoch: CloudWatch's minutes are compared with it."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait; raises `Stopped` when the run was stopped."""
        if self._stop.wait(seconds):
            raise Stopped

    def check(self) -> None:
        """Raise `Stopped` when the run was stopped."""
        self.sleep(0)

    def stop(self) -> None:
        """Stop the run: all waiting ends."""
        self._stop.set()


class ServiceClients:
    """One client for each service, made when it is first needed; several threads may ask.

    Facts need clients whose calls botocore does not repeat: that would hide what the first one was answered.
    """

    def __init__(self, attempts: int = 1) -> None:
        """`attempts` is how often a call is tried."""
        self._lock, self._attempts = Lock(), attempts
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:  # noqa: ANN401 - any of boto3's clients
        """The client of a service."""
        config = Config(
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": self._attempts},
            max_pool_connections=20,
        )
        with self._lock:
            if service not in self._made:
                region = os.environ.get("AWS_REGION") or None
                self._made[service] = boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]
            return self._made[service]


def assumed(credentials: Mapping[str, str], region: str) -> Any:  # noqa: ANN401 - boto3's client
    """A client of Lambda with these credentials of STS."""
    return boto3.client(
        "lambda",
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


LEAST = 20.0
"""Seconds: however much faster time runs, a busy machine may need them."""


@dataclass
class Scene:
    """What a fact's measurement gets.

    `outputs` are those of the sandbox's stack. `factor` scales AWS's times and this run's patience: 1 in an account,
    less where the local AWS runs faster than AWS. `urls` are other addresses of hosts, by the outputs' names.
    """

    outputs: Mapping[str, str]
    client: Callable[[str], Any] = field(default_factory=ServiceClients)
    clock: RunClock = field(default_factory=RunClock)
    factor: float = 1
    urls: Mapping[str, str] = field(default_factory=dict)
    caller: Callable[[Mapping[str, str], str], Any] = assumed
    request: Callable[[Address, str, Mapping[str, str], str], Answered] = request

    def here(
        self, path: str, headers: Mapping[str, str] | None = None, *, host: str = "SiteDomain", method: str = "GET"
    ) -> Answered:
        """The answer to a request from this machine, to the host that this output names."""
        return self.request(self._address(host), path, headers or {}, method)

    def region(self, path: str, *, host: str = "SiteDomain") -> Answered:
        """The same from a function in the region."""
        at = self._address(host)
        asked = json.dumps({"do": "ask", "url": f"{at.url}{path}", "headers": dict(at.headers)}).encode()
        reply = self.client("lambda").invoke(FunctionName=self.outputs["Prober"], Payload=asked)
        said = json.loads(reply["Payload"].read())
        return Answered(int(said["status"]), str(said["body"]))

    def as_caller(self, policy: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - boto3's client
        """A client of Lambda with the rights of the sandbox's role, narrowed by a session policy."""
        narrowed = {"Policy": json.dumps(policy)} if policy else {}
        credentials = self.client("sts").assume_role(
            RoleArn=self.outputs["Caller"], RoleSessionName="selfright-prove", **narrowed
        )["Credentials"]
        return self.caller(credentials, self.client("lambda").meta.region_name)

    def _address(self, host: str) -> Address:
        return address(self.outputs[host], self.urls.get(host, ""))

    def since(self, start: float) -> float:
        """Seconds since a moment of the clock."""
        return self.clock.now() - start

    def pause(self, start: float) -> None:
        """Wait until the next question about something that began at `start`."""
        self.clock.sleep(min(max(SHARE * self.since(start), SHORTEST * min(self.factor, 1)), LONGEST * self.factor))

    def is_over(self, start: float, patience: float) -> bool:
        """Whether the patience (seconds, before scaling) is used up."""
        return self.since(start) > self.waits(patience)

    def waits(self, patience: float) -> float:
        """Seconds for which this run waits, where `patience` is waited in an account."""
        return max(patience * self.factor, min(patience, LEAST))

    def until(self, what: str, ask: Callable[[], Found | None], patience: float) -> Found:
        """Ask until the answer is not None or false; raises `NeverSeen` after `patience` seconds (before scaling)."""
        start = self.clock.now()
        while not (found := ask()):
            if self.is_over(start, patience):
                message = f"{what}: not seen within {self.waits(patience):.0f} s"
                raise NeverSeen(message)
            self.pause(start)
        return found
