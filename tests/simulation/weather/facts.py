"""What is counted in a run with weather: did each release end as it should, who suffered, and what was said when."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind, TimelineEvent
from tests.simulation.engine.scheduler import START
from tests.simulation.releases import Release

WRITTEN = frozenset({EventKind.SHIFTED, EventKind.TRAFFIC_RESTORED})
"""Events after which visitors get something else, as soon as that has arrived."""
EVALUATION = "Judge canary"
"""The state that evaluates the canary once."""
REFUSED = frozenset({Phase.REJECTED, Phase.ROLLED_BACK})
MINUTE = 60
Value = TypeVar("Value")


@dataclass
class Facts:
    """One run. `arriving` are seconds from written to the last place, `saying` those from then on until it is said.

    `transitions` and `evaluations` are those of good releases.
    """

    good: int = 0
    good_succeeded: int = 0
    bad: int = 0
    bad_undone: int = 0
    by_person: int = 0
    by_person_undone: int = 0
    held: int = 0
    requests: int = 0
    suffered: Counter[str] = field(default_factory=Counter)
    arriving: list[float] = field(default_factory=list)
    saying: list[float] = field(default_factory=list)
    transitions: list[int] = field(default_factory=list)
    evaluations: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What did not end as it should, in words."""

    @property
    def troubles(self) -> list[str]:
        """Everything that ought not to be."""
        return [
            *self.wrong,
            *(f"visitors suffered: {count} of {kind}" for kind, count in sorted(self.suffered.items())),
        ]

    def __add__(self, other: "Facts") -> "Facts":
        """Both together."""
        return Facts(**{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})

    def lines(self) -> list[str]:
        """For a person."""
        ended = (
            f"good: {self.good_succeeded} of {self.good} succeeded; bad: {self.bad_undone} of {self.bad} undone; "
            f"by a person: {self.by_person_undone} of {self.by_person} undone; held: {self.held}"
        )
        arrived = ", ".join(f"{seconds:.0f}" for seconds in self.arriving)
        said = ", ".join(f"{seconds:.0f}" for seconds in self.saying) or "never"
        return [
            ended,
            f"{self.requests:,} requests of visitors",
            f"seconds until written changes had arrived: {arrived}; from then on until that was said: {said}",
            f"transitions of a good release: {', '.join(map(str, self.transitions)) or 'none'}",
        ]


@dataclass(frozen=True)
class Ended:
    """A deployment at the end of a run, the transitions of its execution, and when it succeeded first, if it did."""

    deployment: Deployment
    transitions: Mapping[str, int]
    succeeded: float | None


def judge_ends(
    facts: Facts,
    ended: Sequence[Ended],
    releases: Mapping[str, Release],
    turned_bad: Mapping[str, float],
    rolled_back: Collection[str],
) -> None:
    """Count how each release ended. A good one that was refused and uploaded again counts once.

    `turned_bad`: version → when it became bad, if it was not from the beginning. What became bad when its release had
    succeeded is no bad release. `rolled_back` are the ids of deployments that a person rolled back.
    """
    for version, attempts in _by_version(ended).items():
        phases = [one.deployment.phase for one in attempts]
        if any(one.deployment.deployment_id in rolled_back for one in attempts):
            facts.by_person += 1
            is_right = set(phases) <= REFUSED
            facts.by_person_undone += is_right
        elif version in turned_bad and _was_over(attempts, turned_bad[version]):
            continue
        elif version in turned_bad or releases[version].bad:
            facts.bad += 1
            is_right = set(phases) <= REFUSED | {Phase.SUPERSEDED}
            facts.bad_undone += is_right
        else:
            facts.good += 1
            is_right = Phase.SUCCEEDED in phases
            facts.good_succeeded += is_right
        if not is_right:
            last = attempts[-1].deployment
            facts.wrong.append(f"wrong: {version} {'→'.join(phases)}: {last.trip.reason if last.trip else last.reason}")
        if phases == [Phase.SUCCEEDED]:
            facts.transitions.append(sum(attempts[0].transitions.values()))
            facts.evaluations.append(attempts[0].transitions.get(EVALUATION, 0))


def _was_over(attempts: Sequence[Ended], turned: float) -> bool:
    """Whether the release had succeeded when it became bad, or only a part of its last minute could show it."""
    ends = [one.succeeded for one in attempts if one.succeeded is not None]
    return any(turned > end - MINUTE for end in ends)


def _by_version(ended: Sequence[Ended]) -> dict[str, list[Ended]]:
    found: defaultdict[str, list[Ended]] = defaultdict(list)
    for one in ended:
        found[one.deployment.version].append(one)
    return found


def sayings(timeline: Sequence[TimelineEvent]) -> Iterator[tuple[float, float | None]]:
    """When traffic was written, and when the timeline said that this had arrived (None: never)."""
    moments = [(event.kind, (event.at - START).total_seconds()) for event in timeline]
    written = [number for number, (kind, _) in enumerate(moments) if kind in WRITTEN]
    for begin, end in pairwise([*written, len(moments)]):
        said = (at for kind, at in moments[begin:end] if kind == EventKind.ARRIVED)
        yield moments[begin][1], next(said, None)
