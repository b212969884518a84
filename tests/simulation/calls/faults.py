"""What may go wrong at a call: a plan says at which one, and how.

A fault is found by the number of its call (chance), or by its site: who calls what for the how-manieth time (a sweep).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The ways in which a call, or the function that makes it, fails."""

    THROTTLE = "throttle"
    """The service refuses the call for the moment."""
    ERROR = "error"
    """The service answers 500, and did nothing."""
    TIMEOUT = "timeout"
    """No answer, and no effect."""
    LOST_REPLY = "lost reply"
    """The effect is there, and no answer comes."""
    DEATH_BEFORE = "death before"
    """The function's process dies before the call."""
    DEATH_AFTER = "death after"
    """The function's process dies after the effect of the call."""
    SLOW_WRITE = "slow write"
    """No answer; the effect comes `seconds` later, whoever waits for it."""
    STALE_READ = "stale read"
    """The answer is that of `seconds` before, where AWS does not promise a consistent one."""
    DUPLICATE = "duplicate"
    """The invocation that makes this call runs once more, `seconds` later."""


ONCE = 1
"""The client's own retry heals it."""
LASTING = 4
"""All attempts of the client meet it."""


@dataclass(frozen=True)
class Fault:
    """One fault. `number`: of its call; below 0, of the invocation by Step Functions; 0: it is found by its site.

    `site` is `<actor>|<service>.<operation>`, `occurrence` counts from 1. `times`: how many attempts meet it.
    """

    kind: Kind
    number: int = 0
    site: str = ""
    occurrence: int = 1
    times: int = ONCE
    seconds: float = 0.0

    def __str__(self) -> str:
        where = f"at call {self.number}" if self.number else f"at call {self.occurrence} of {self.site}"
        length = f", {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.kind} {where}{length}{' (lasting)' if self.times > ONCE else ''}"

    def document(self) -> dict[str, Any]:
        """As JSON, for `of`."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Fault":
        """What `document` made."""
        return cls(**{**document, "kind": Kind(document["kind"])})


SERVICES = (
    "dynamodb", "lambda", "cloudfront", "s3", "ssm", "sns", "stepfunctions", "cloudwatch", "secretsmanager", "sts",
)  # fmt: skip
CREDENTIALS = "sts"
"""Without it, every call of a function is refused: its credentials have expired."""


@dataclass(frozen=True)
class Outage:
    """A whole service answers nothing from `since` on for `seconds`. `silent`: not even with an error."""

    service: str
    since: float
    seconds: float
    silent: bool = False

    def hits(self, service: str, moment: float) -> bool:
        """Whether a call to this service fails at this moment."""
        return self.service == service and self.since <= moment < self.since + self.seconds

    def __str__(self) -> str:
        return f"{self.service} is out for {self.seconds:.0f} s at {self.since:.1f} s{', silently' * self.silent}"


class Faults:
    """The faults of one run. `met` are those that were met."""

    def __init__(self, faults: Iterable[Fault], outages: Iterable[Outage]) -> None:
        faults = list(faults)
        self._by_number = {fault.number: fault for fault in faults if fault.number}
        self._by_site = {(fault.site, fault.occurrence): fault for fault in faults if not fault.number}
        self._seen: Counter[str] = Counter()
        self.outages = list(outages)
        self.met: list[Fault] = []

    def at(self, number: int, site: str) -> Fault | None:
        """The fault of this call."""
        fault = self._by_number.get(number)
        if self._by_site and fault is None:
            self._seen[site] += 1
            fault = self._by_site.get((site, self._seen[site]))
        if fault:
            self.met.append(fault)
        return fault

    def end(self) -> None:
        """From now on nothing goes wrong any more."""
        self._by_number.clear()
        self._by_site.clear()

    def outage(self, service: str, moment: float) -> Outage | None:
        """The outage that this service has now."""
        return next((one for one in self.outages if one.hits(service, moment)), None)

    @property
    def over_at(self) -> float:
        """When the last outage is over."""
        return max((one.since + one.seconds for one in self.outages), default=0.0)
