"""Rounds, one after the other, and what came of them."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.evidence import keep, report
from tests.chaos.invariants import Known
from tests.chaos.place import Place, place
from tests.chaos.plan import plan
from tests.chaos.rounds import REST_SECONDS, Result, run_round

Say = Callable[[str], None]


@dataclass
class Campaign:
    """All rounds of one seed."""

    seed: int
    folder: Path
    labs: Path
    say: Say = lambda _: None
    patience: float = REST_SECONDS
    results: list[Result] = field(default_factory=list)

    def run(self, numbers: Iterable[int], until: float = float("inf")) -> None:
        """Run these rounds, until the moment on the monotonic clock; after a violation, on a new local AWS."""
        with ExitStack() as stack:
            lab: Place | None = None
            known = Known()
            for number in numbers:
                if time.monotonic() > until:
                    return
                if lab is None:
                    stack.close()
                    lab, known = stack.enter_context(place(self.labs)), Known()
                if self._round(lab, number, known).violations:
                    lab = None

    def _round(self, lab: Place, number: int, known: Known) -> Result:
        result = run_round(lab, plan(self.seed, number), known, self.patience)
        self.results.append(result)
        ends = Counter(str(one.phase) for one in result.deployments)
        said = ", ".join(f"{phase} {count}" for phase, count in ends.items())
        self.say(f"round {number}: {result.plan.release}; {said}; at rest after {result.rest:.0f} s")
        if result.violations:
            self.say(report(lab, result))
            self.say(f"The evidence is in {keep(lab, result, self.folder)}")
        return result

    @property
    def violations(self) -> int:
        """How many there were."""
        return sum(len(one.violations) for one in self.results)

    def summary(self) -> str:
        """The table of all rounds."""
        return "\n".join(f"{name:<34}{value}" for name, value in self._rows())

    def _rows(self) -> Iterator[tuple[str, str]]:
        yield "seed", str(self.seed)
        yield "rounds", str(len(self.results))
        faults = sum((one.faults for one in self.results), Counter[str]())
        yield "faults", str(faults.total())
        yield from ((f"  {kind}", str(count)) for kind, count in sorted(faults.items()))
        yield "uploads", str(sum(len(one.uploads) for one in self.results))
        ends = Counter(str(found.phase) for one in self.results for found in one.deployments)
        yield from ((f"  {phase}", str(count)) for phase, count in sorted(ends.items()))
        visitors = [one.visitors for one in self.results]
        yield (
            "visitors' answers, failed",
            f"{sum(v.ok + v.failed for v in visitors)}, {sum(v.failed for v in visitors)}",
        )
        yield (
            "trip to restored, no outage",
            _spread(s for r in self.results if not r.plan.outages for s in r.restored()),
        )
        yield (
            "trip to restored, with an outage",
            _spread(s for r in self.results if r.plan.outages for s in r.restored()),
        )
        yield "faults over to rest", _spread(one.rest for one in self.results)
        yield "violations", str(self.violations)


def _spread(seconds: Iterable[float]) -> str:
    found = sorted(seconds)
    return f"median {statistics.median(found):.1f} s, worst {found[-1]:.1f} s, of {len(found)}" if found else "none"
