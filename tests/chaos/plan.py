"""What happens in a round: which release, which faults, and which people, all from the seed and the round's number.

The plan is the same for the same seed. What it meets is not: real processes run beside each other. A violation is
therefore kept with its evidence, and repeated by running its round again a few times.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

OfTheWire = Literal[
    "delay",
    "lost reply",
    "torn reply",
    "cut",
    "unavailable",
    "throttled",
    "late",
    "held",
    "killed before",
    "killed after",
]
"""Faults of single calls; each call in the window has the chance to get it."""
WIRE: tuple[OfTheWire, ...] = get_args(OfTheWire)
Kind = Literal[
    OfTheWire,
    "outage",
    "kill",
    "restart",
    "freeze",
    "stop",
    "stop rollback",
    "alarm",
    "flood",
    "two persons",
    "emergency",
    "second upload",
]
SERVICES = ("dynamodb", "lambda", "cloudfront", "s3", "ssm", "states", "sns", "monitoring", "secretsmanager")
PHASES = ("STAGING", "SHIFTING", "BAKING")
LIKE = {"good": "1.1.0", "bad": "1.2.0", "failing check": "1.1.0"}
"""Kind of release → the release of SmartPack that it is like."""
SSM_SECONDS = 8.0
"""Parameter Store has no conditional writes, so a write of it that is held for longer than this is no fair fault."""


@dataclass(frozen=True)
class Trouble:
    """One fault, or one thing that a person does.

    It begins `at` seconds after the round's beginning, or after the first release has reached the phase `when`, and
    lasts `seconds` (a delay or a hold takes `each` seconds). A fault of the wire hits the calls of `service` ("" for
    any), each by `chance`, at most `most` of them. `how` says how a service is out, `count` how many uploads are made.
    """

    kind: Kind
    at: float
    seconds: float = 0.0
    when: str = ""
    service: str = ""
    chance: float = 1.0
    each: float = 0.0
    most: int = 1_000
    how: str = ""
    count: int = 0

    def __str__(self) -> str:
        after = f"after {self.when} " if self.when else ""
        said = [f"{after}+{self.at:.1f} s", f"for {self.seconds:.1f} s" if self.seconds else "", self.service, self.how]
        said += [f"each {self.each:.1f} s" if self.each else "", f"chance {self.chance:.2f}" if self.chance < 1 else ""]
        said += [f"{self.count} uploads" if self.count else ""]
        return f"{self.kind}: {', '.join(one for one in said if one)}"


@dataclass(frozen=True)
class Plan:
    """A round: the release, its bakes, and all troubles."""

    seed: int
    number: int
    release: Literal["good", "bad", "failing check"]
    steps: tuple[tuple[int, int], ...]
    final_bake: int
    troubles: tuple[Trouble, ...]

    def __str__(self) -> str:
        bakes = ", ".join(f"{weight} % for {bake} s" for weight, bake in self.steps)
        head = f"seed {self.seed}, round {self.number}: a {self.release} release; {bakes}; at last {self.final_bake} s"
        return "\n".join([head, *(f"  {trouble}" for trouble in self.troubles)])

    @property
    def outages(self) -> bool:
        """Whether a whole service is out for a time."""
        return any(trouble.kind == "outage" for trouble in self.troubles)


def plan(seed: int, number: int) -> Plan:
    """The plan of one round; independent of the rounds before it."""
    chance = random.Random(f"{seed}/{number}")
    troubles = [_of_the_wire(chance) for _ in range(chance.randint(2, 6))]
    if chance.random() < 0.5:
        troubles.append(_outage(chance))
    troubles += [_deed(chance) for _ in range(chance.choice((0, 1, 2, 3)))]
    release: Literal["good", "bad", "failing check"] = chance.choice(("good", "good", "bad", "failing check"))
    steps = chance.choice((((50, 2),), ((10, 2), (50, 2)), ((50, 4),)))
    return Plan(seed, number, release, steps, chance.choice((0, 2, 3)), tuple(troubles))


def _of_the_wire(chance: random.Random) -> Trouble:
    kind = chance.choice(WIRE)
    service = chance.choice(("", "", *SERVICES))
    window = {"at": chance.uniform(0, 6), "seconds": chance.uniform(2, 10)}
    often = chance.choice((0.05, 0.2, 0.5)) if service == "" else chance.choice((0.2, 0.5, 1.0))
    if kind in {"killed before", "killed after"}:
        return Trouble(kind, **window, service=service, chance=often / 2, most=chance.randint(1, 2))
    if kind in {"late", "held"}:
        each = chance.uniform(1, SSM_SECONDS if service == "ssm" else 30)
        return Trouble(kind, **window, service=service, chance=often, each=each, most=chance.randint(1, 3))
    each = chance.uniform(0.2, 4) if kind == "delay" else 0.0
    return Trouble(kind, **window, service=service, chance=often, each=each, most=chance.choice((3, 20, 1_000)))


def _outage(chance: random.Random) -> Trouble:
    when = chance.choice(("", *PHASES, "ROLLING_BACK"))
    how = chance.choice(("refused", "unavailable", "silent"))
    seconds, service = chance.choice((5.0, 15.0, 30.0, 60.0, 90.0)), chance.choice(SERVICES)
    return Trouble("outage", chance.uniform(0, 2), seconds, when=when, service=service, how=how)


def _deed(chance: random.Random) -> Trouble:
    return chance.choice(DEEDS)(chance)


def _soon(kind: Kind, *phases: str, seconds: float = 0.0) -> Callable[[random.Random], Trouble]:
    return lambda chance: Trouble(kind, chance.uniform(0, 1.5), seconds, when=chance.choice(phases))


def _frozen(chance: random.Random) -> Trouble:
    return Trouble("freeze", chance.uniform(0, 1.5), chance.uniform(1, 15), when=chance.choice((*PHASES, "RECEIVED")))


def _flood(chance: random.Random) -> Trouble:
    return Trouble("flood", chance.uniform(0, 3), count=chance.choice((5, 10, 25)))


DEEDS: tuple[Callable[[random.Random], Trouble], ...] = (
    _soon("kill", *PHASES, "RECEIVED", "ROLLING_BACK"),
    _soon("restart", *PHASES, "ROLLING_BACK"),
    _frozen,
    _soon("stop", *PHASES, "QUEUED"),
    _soon("stop rollback", "ROLLING_BACK"),
    _soon("alarm", *PHASES),
    _flood,
    _soon("two persons", *PHASES, "SUCCEEDED"),
    _soon("emergency", *PHASES, "SUCCEEDED"),
    _soon("second upload", *PHASES, "ROLLING_BACK"),
)
