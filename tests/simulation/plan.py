"""What is to happen in a run: a seed, what people and alarms do, and what AWS does to the calls."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from selfright.weather import Climate
from tests.simulation.calls.faults import Fault, Outage


@dataclass(frozen=True)
class Event:
    """What somebody does, `at` seconds after the beginning. `what` is a method of `People`, `details` its arguments."""

    at: float
    what: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = ", ".join(f"{name} {value}" for name, value in self.details.items())
        return f"{self.at:.1f} s: {self.what} {shown}".strip()


@dataclass(frozen=True)
class Plan:
    """One run. `slow` is the share of the calls that take seconds; `settings` replace keys of the environment.

    `weather` says how late AWS is. `fresh`: nothing has been released to the environment before.
    """

    seed: int | str
    scenario: str
    events: tuple[Event, ...]
    faults: tuple[Fault, ...] = ()
    outages: tuple[Outage, ...] = ()
    slow: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    weather: Climate = "still"
    fresh: bool = False

    @property
    def parts(self) -> Sequence[Event | Fault | Outage]:
        """Everything that can be left out to make the run simpler."""
        return (*self.events, *self.faults, *self.outages)

    def without(self, some: Sequence[Event | Fault | Outage]) -> "Plan":
        """The same plan without these."""
        gone = {id(one) for one in some}
        return replace(
            self,
            events=tuple(one for one in self.events if id(one) not in gone),
            faults=tuple(one for one in self.faults if id(one) not in gone),
            outages=tuple(one for one in self.outages if id(one) not in gone),
        )

    def document(self) -> dict[str, Any]:
        """As JSON, for `of`."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Plan":
        """What `document` made."""
        return cls(
            **{
                **document,
                "events": tuple(Event(**one) for one in document["events"]),
                "faults": tuple(Fault.of(one) for one in document["faults"]),
                "outages": tuple(Outage(**one) for one in document["outages"]),
            }
        )

    def __str__(self) -> str:
        weather = "" if self.weather == "still" else f", weather {self.weather}"
        slow = f", {self.slow:.0%} slow calls" if self.slow else ""
        lines = [f"seed {self.seed}, scenario {self.scenario}{weather}{slow}"]
        return "\n".join([*lines, *(f"  {part}" for part in self.parts)])
