"""The shared state of the model, the bounds of a configuration, and the hand-overs, each of which is one transaction.

A hand-over is read, decide, write on condition of the lock's revision and of each deployment's phase: it fails if
anything of what it read has changed, and is tried again. So its reading and its writing may be one atomic step here.
All other writes are read, permit, write, in three steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from controller.domain.phases import Phase
from tests.model.rules import Deployment, Lock, Rules, holds
from tests.model.space import FAULT, Key, Move, State

PHASES = [
    "none",  # no upload
    "uploaded",  # an upload whose deploy machine was not started
    Phase.RECEIVED,
    Phase.QUEUED,
    Phase.STAGING,
    Phase.SHIFTING,  # BAKING, too: no rule tells them apart
    Phase.ROLLING_BACK,
    Phase.SUCCEEDED,
    Phase.ROLLED_BACK,
    Phase.REJECTED,
    Phase.SUPERSEDED,
    Phase.ROLLBACK_FAILED,
]
(
    NONE,
    UPLOADED,
    RECEIVED,
    QUEUED,
    STAGING,
    SHIFTING,
    ROLLING_BACK,
    SUCCEEDED,
    ROLLED_BACK,
    REJECTED,
    SUPERSEDED,
    FAILED,
) = range(12)
ENDED = frozenset({SUCCEEDED, ROLLED_BACK, REJECTED, SUPERSEDED, FAILED})
UNTOUCHED = frozenset({RECEIVED, QUEUED})
TOUCHED = frozenset({STAGING, SHIFTING})
OVER = 0
"""Every process's counter when it does nothing: not begun, ended or dead."""
NOBODY, IN_PERSON, ALARM = 0, 1, 2
"""By whom a rollback execution was started: nobody in particular, a person, an alarm that came after the end."""
PART, FULL, BACK = 1, 2, 3
"""The weights: some visitors, all visitors; the way back, where a change is noted."""
MIXED = -1
STAGE = ("look", "allow settings", "settings", "allow code", "code", "publish", "note")
"""The steps of *Stage component*: read the function itself, and before each write ask for the permit."""
TASK = ("claim", "allow task", "invoke", "answer task")
"""The steps of *Run task*."""
UNSTAGE = ("see", "allow undoing", "undo settings", "allow undoing code", "undo code")
"""The steps of *Unstage component*."""
ATTEMPTS = 2
"""So often a task is begun at most."""
DONE = (
    "start",
    "refuse",
    "roll back",
    "answer",
    "finish",
    "try again",
    "let go",
    "be quiet",
    "discard",
    "end its grace",
)
"""What a reconciler does with a deployment."""


@dataclass(frozen=True)
class Configuration:
    """What is searched: who is there, and how often something may go wrong or be begun."""

    name: str
    about: str
    changes: tuple[tuple[str, ...], ...] = (("alias",), ("alias",))
    """For each deployment the components that it changes, in the order in which they are shifted."""
    kinds: Mapping[str, str] = field(default_factory=lambda: {"alias": "alias"})
    """Components: `alias` (one write), `site` (update, then publish), `pointer` (SSM: without condition)."""
    weights: tuple[int, ...] = (FULL,)
    live: int = 0
    """The first so many deployments have succeeded already."""
    reconcilers: int = 1
    executions: int = 1
    """Rollback executions of one deployment that may run at once."""
    deaths: int = 0
    """Ends of executions (a Stop too), alarm handlers, finishers; its Lambda may go on if `lates` allows."""
    lates: int = 0
    """Attempts that go on at any later time, beside the one that replaces them."""
    faults: int = 0
    """Reads and writes that fail or whose answer is lost."""
    alarms: int = 0
    requests: int = 0
    """What people ask: a rollback, an emergency, an unlock."""
    verdicts: int = 0
    """Bad verdicts of a check or the judge."""
    lapses: int = 0
    """Leases that run out although the execution runs, and executions that hang."""
    hands: int = 0
    """Changes of a component by hand."""
    arrivals: bool = False
    """Whether a change arrives later than it is written, at a place that can be asked; bakes and ends wait for that."""
    graces: bool = False
    """Whether a release is guarded after its end, and alarms come late, each with the time of its data."""
    discards: bool = False
    """Whether what was staged is discarded, and a change also arrives at a place that nobody can ask."""
    stages: bool = False
    """Whether staging, tasks and unstaging are steps of their own; else they touch nothing that is shared."""
    same: Mapping[int, int] = field(default_factory=dict)
    """Deployments that stage the contents of an earlier one: the same revision."""
    finishers: bool = True
    """Whether claiming, telling and noting what is due after an end are steps of their own; else they are one."""


NO_GRACE, GRACE, GRACE_OVER = 0, 1, 2
"""Something is kept of a deployment that has ended; its time is over, which is still to be noted."""
SERVES, OVERTAKEN, BACK_AGAIN = 0, 1, 2
"""What is noted on a release that is live: visitors are led away from it to the next one, or that was rolled back."""
RIGHTLY, WRONGLY = 1, 2
"""A late alarm accuses a release, and visitors could get that one, or another one, when its data were measured."""
EARLIER, BEFORE_IT, ITS_OWN, ANOTHERS, TOO_LATE = range(5)
"""An alarm's data and a deployment: older than it; than its visitors; of it; of the next one; its guard was over."""
BAKED_EARLY, CLOSED_EARLY, MOVED_ANOTHER, UNGUARDED, NOT_ITS_OWN, UNDONE_EARLY, BEGUN_LATE = range(1, 8)
"""Values of `wrong`: see the properties."""

BUDGETS = ("deaths", "lates", "faults", "alarms", "requests", "verdicts", "lapses", "hands")


class World:
    """The fields of a configuration and what several processes do with them."""

    def __init__(self, configuration: Configuration, rules: Rules, mutation: str = "") -> None:
        """`mutation` is the fault that is put back."""
        self.configuration, self.rules, self.mutation = configuration, rules, mutation
        self.all = range(1, len(configuration.changes) + 1)
        self.changes = {d: configuration.changes[d - 1] for d in self.all}
        self.kinds = configuration.kinds
        self.executions = range(1, configuration.executions + 1)
        self.hand = 4 * len(self.all) + 1
        workers = [(kind, d) for d in self.all for kind in ("x", "g", "gr", "a", "e")]
        workers += [("r", d, k) for d in self.all for k in self.executions]
        self.bits = {worker: 1 << number for number, worker in enumerate(workers)}
        self.forward = {d: self._forward(d) for d in self.all}
        self.back = {d: self._back(d) for d in self.all}
        self.aside = {d: self._aside(d) for d in self.all}
        self.sizes = self._sizes()

    def budget(self, name: str) -> int:
        """How often this may happen in the configuration."""
        return getattr(self.configuration, name)

    # The programs: what a process's counter can be.

    def _forward(self, d: int) -> list:
        program: list = ["over", "ask", "answer", "wait", "record", *self._before(d)]
        for weight in self.configuration.weights:
            program.append(("begin", weight))
            program += [(step, weight, c) for c in self.changes[d] for step in self.steps(c)]
            if self.configuration.arrivals:
                program += [("verify", weight), ("arrived", weight), ("bake", weight)]
        if not self.changes[d]:
            program = program[: program.index("record") + 1]
        return [*program, "complete", "fail", "hung"]

    def _back(self, d: int) -> list:
        middle = [(step, c) for c in self.changes[d] for step in self.steps(c)]
        arrived = ["arrived"] if self.configuration.arrivals else []
        undoing = [(step, c) for c in self.changes[d] for step in UNSTAGE] if self.configuration.stages else []
        if self.mutation == "an unstaging does not wait for the restoration":
            middle, undoing = [*undoing, *middle], []
        return ["over", "begin", "claim", *middle, "verify", *arrived, *undoing, "close", "give up"]

    def _before(self, d: int) -> list:
        """What is done before the first shift."""
        return [*((step, 0, c) for c in self.changes[d] for step in STAGE), *TASK] if self.configuration.stages else []

    def _aside(self, d: int) -> list:
        return ["over", "trip", *((step, c) for c in reversed(self.changes[d]) for step in self.steps(c))]

    def steps(self, c: str) -> list[str]:
        """The steps of changing a component."""
        first = ["permit", "read"] if self.mutation == "permit before the reading" else ["read", "permit"]
        return [*first, "write", *(["publish"] if self.kinds[c] == "site" else [])]

    def _sizes(self) -> dict[Key, int]:
        n, one, by = len(self.all), 1, 2 if self.configuration.graces else 1
        sizes: dict[Key, int] = {"broken": 1, "holder": n, "waiting": n, "newest": n, "live": n, "held": n}
        for d in self.all:
            sizes |= {("phase", d): 11, ("granted", d): one, ("trip", d): one, ("weight", d): FULL}
            sizes |= {("previous", d): n, ("token", d): one, ("claimed", d): len(self.executions)}
            sizes |= {("due", d): 7, ("told", d): 2, ("untold", d): 7}
            sizes |= {("lapsed", d): one} if self.budget("lapses") else {}
            sizes |= {("stable", d, c): n + 1 for c in self.kinds}
            sizes |= {("x", d): len(self.forward[d]) - 1}
            if self.budget("lates"):
                sizes |= {("g", d): len(self.forward[d]) - 1, ("gr", d): len(self.back[d]) - 1}
                sizes |= {("gr of", d): len(self.executions), ("gr by", d): by}
            for k in self.executions:
                sizes |= {("r", d, k): len(self.back[d]) - 1, ("by", d, k): by}
                sizes |= {("sighted", d, k): one} if self.budget("hands") or self.mutation else {}
            sizes |= {("a", d): len(self.aside[d]) - 1} if self.budget("alarms") else {}
            sizes |= {("e", d): len(self.aside[d]) - 1} if self.budget("requests") else {}
            sizes |= {("attempts", d): 3} if self.mutation == "attempts are counted" else {}
            sizes |= self._later(d)
        for c, kind in self.kinds.items():
            sizes |= {("at", c): self.hand, ("fresh", c): sum(self.bits.values()), ("flying", c): (1 << 3 * n) - 1}
            sizes |= {("next", c): self.hand, ("publishing", c): one} if kind == "site" else {}
            sizes |= {("near", c): self.hand} if self.configuration.arrivals else {}
            sizes |= {("far", c): self.hand, ("gone", c): (1 << n) - 1} if self.configuration.discards else {}
            sizes |= {("deleting", c): (1 << n) - 1} if self.configuration.discards else {}
            if self.configuration.stages:
                sizes |= {("own", c): n, ("settings", c): n, ("seen", c): sum(self.bits.values())}
        if self.configuration.arrivals or self.configuration.graces or self.configuration.stages:
            sizes["wrong"] = BEGUN_LATE
        if self.configuration.graces:
            sizes |= {"news": len(self.news) - 1, "about": n}
        for i in self.reconcilers:
            sizes["c", i] = len(DONE) * n
            sizes |= {("known live", i): n} if self.configuration.discards else {}
        return sizes | {name: self.budget(name) for name in BUDGETS if self.budget(name)}

    def _later(self, d: int) -> dict[Key, int]:
        """What is kept of a deployment for what comes later than it was written, or after its end."""
        sizes: dict[Key, int] = {}
        if self.configuration.arrivals:
            sizes |= {("written", d): BACK, ("has arrived", d): 1}
        if self.configuration.graces or self.configuration.discards:
            sizes |= {("grace", d): GRACE_OVER}
        if self.configuration.discards:
            sizes |= {("stale", d, c): 1 for c in self.changes[d]}
        if self.configuration.stages:
            sizes |= {("staged", d): 1, ("task", d): ATTEMPTS, ("done", d): 1, ("runs", d): 2}
        if self.configuration.graces:
            sizes |= {("accused", d): WRONGLY, ("mark", d): BACK_AGAIN, ("stamp", d): TOO_LATE, ("owed", d): 1}
        return sizes

    @property
    def news(self) -> list:
        """What an alarm's handler does, for each deployment that the alarm guards."""
        steps = ("look", "note", "begin", "start", "holder")
        return ["over", *((step, d) for d in self.all for step in steps)]

    def initial(self) -> State:
        """Nothing released, or the first deployments live."""
        state: State = {name: self.budget(name) for name in BUDGETS if self.budget(name)}
        at = dict.fromkeys(self.kinds, 0)
        for d in range(1, self.configuration.live + 1):
            state |= {("phase", d): SUCCEEDED, ("granted", d): 1, ("previous", d): d - 1, ("weight", d): FULL}
            state |= {("stable", d, c): at[c] for c in self.kinds}
            state |= {"live": d, "newest": d}
            if not self.changes[d]:
                state["weight", d] = 0
            elif self.configuration.graces:
                changed_since = any(self.changes[later] for later in range(d + 1, self.configuration.live + 1))
                state |= {("mark", d): OVERTAKEN} if changed_since else {("grace", d): GRACE}
            for c in self.changes[d]:
                at[c] = d
                state["at", c] = self.content_forward(d, FULL)
                if self.kinds[c] == "site":
                    state["next", c] = state["at", c]
                for place in self.optional(("near", c), ("far", c)):
                    state[place] = state["at", c]
                for place in self.optional(("own", c), ("settings", c)):
                    state[place] = self.contents_of(d)
        return state

    # What a component serves.

    def content_forward(self, d: int, weight: int) -> int:
        """What a shift of the deployment writes."""
        return 4 * (d - 1) + weight

    def content_back(self, d: int) -> int:
        """What a restoration of the deployment writes: its stable revision, sealed."""
        return 4 * (d - 1) + 3

    def content_mended(self, d: int) -> int:
        """What a person leaves who restores by hand: the deployment's stable revision, unsealed."""
        return 4 * (d - 1) + 4

    def traffic(self, state: State, c: str) -> int:
        """The release that all visitors of a component get; `MIXED` if there are two; n + 1 if it is nobody's."""
        return self.release(state, c, state["at", c])

    def release(self, state: State, c: str, at: int) -> int:
        """The same for what this content serves."""
        if at in {0, self.hand}:
            return len(self.all) + 1 if at else 0
        d, what = (at - 1) // 4 + 1, (at - 1) % 4 + 1
        if what == PART:
            return MIXED
        return d if what == FULL else state["stable", d, c]

    def reached(self, state: State, content: int, c: str) -> list[int]:
        """The releases that visitors get where this is what serves a component; 0, which nobody discards, left out."""
        if content in {0, self.hand}:
            return []
        d, what = (content - 1) // 4 + 1, (content - 1) % 4 + 1
        found = ([d] if what in {PART, FULL} else []) + ([state["stable", d, c]] if what != FULL else [])
        return [one for one in found if 0 < one <= len(self.all)]

    def revision(self, d: int) -> int:
        """The bit of what a deployment stages, among what is gone; no bit for what was there first."""
        return 1 << self.configuration.same.get(d, d) - 1 if 0 < d <= len(self.all) else 0

    def contents_of(self, d: int) -> int:
        """The release that a deployment staged: two may have the same contents."""
        return self.configuration.same.get(d, d)

    def flying(self, content: int) -> int:
        """The bit of a content among the writes that are on their way to a component."""
        d, what = (content - 1) // 4, (content - 1) % 4
        return 1 << 3 * d + what

    def said(self, content: int) -> str:
        """A content in words."""
        if content in {0, self.hand}:
            return "what was there first" if not content else "what a person wrote by hand"
        d, what = (content - 1) // 4 + 1, (content - 1) % 4
        return (f"a part on D{d}", f"all on D{d}", f"restored by D{d}", f"restored by hand after D{d}")[what]

    def contents(self, flying: int) -> list[int]:
        """The contents that are on their way."""
        return [4 * (bit // 3) + bit % 3 + 1 for bit in range(flying.bit_length()) if flying >> bit & 1]

    @property
    def reconcilers(self) -> range:
        """The reconcilers' numbers."""
        return range(1, self.configuration.reconcilers + 1)

    def settled(self, s: State) -> bool:
        """Whether no deletion can arrive any more; whoever gets the lock waits for that before it stages."""
        if not self.configuration.discards or self.mutation == "a release does not wait for deletions":
            return True
        begun = (DONE.index("discard"),)
        acts = any((s["c", i] - 1) % len(DONE) in begun for i in self.reconcilers if s["c", i])
        return not acts and not any(s["deleting", c] for c in self.kinds)

    def others_write(self, s: State, d: int, c: str) -> bool:
        """Whether a write of another deployment to a pointer may still land: a bound of time has to pass."""
        flying = s["flying", c] & ~(7 << 3 * (d - 1))
        return bool(flying or any(s["fresh", c] & bit for worker, bit in self.bits.items() if worker[1] != d))

    # The items as the rules see them.

    def lock(self, s: State) -> Lock:
        """The lock's item."""
        return Lock(s["holder"], s["waiting"], s["live"], s["held"])

    def item(self, s: State, d: int) -> Deployment:
        """A deployment's item, as far as its fields are declared."""
        phase = PHASES[s["phase", d]]
        weight = s.get(("weight", d), 0)
        granted, tripped, claimed = (bool(s.get(("granted", d))), bool(s.get(("trip", d))), s.get(("claimed", d), 0))
        kept = s.get(("grace", d), NO_GRACE) != NO_GRACE
        return Deployment(d, phase, granted, tripped, weight, weight > 0, claimed, kept)

    def holds(self, s: State, d: int) -> bool:
        """Whether the deployment's item says that it holds the lock."""
        return s["phase", d] > UPLOADED and holds(self.item(s, d))

    # Fields that go together.

    @property
    def ledger(self) -> list[Key]:
        """All that a hand-over can read or write."""
        keys: list[Key] = ["holder", "waiting", "newest", "live", "held", "broken"]
        for d in self.all:
            keys += [("phase", d), ("granted", d), ("previous", d), ("due", d), ("untold", d)]
        return keys

    def own(self, d: int) -> list[Key]:
        """What permits read of a deployment."""
        return [("phase", d), ("granted", d), ("trip", d), ("weight", d)]

    # What visitors get, and who brought it.

    @property
    def lived(self) -> list[Key]:
        """What tells which release brought what is live."""
        return ["live", "held", "holder", *(key for d in self.all for key in (("phase", d), ("previous", d)))]

    def brought(self, s: State, d: int) -> int:
        """The release before `d`, or `d` itself, that brought what visitors get: the others changed nothing."""
        while d and not self.changes[d] and s["phase", d] == SUCCEEDED:
            d = s["previous", d]
        return d

    def known(self, s: State, d: int) -> int:
        """The same, as the processes know it."""
        return d if self.mutation == "what changed nothing hides what is live" else self.brought(s, d)

    def lock_for(self, s: State, d: int) -> Lock:
        """The lock as it is for a rollback of `d`: what it brought is live also below releases that changed nothing."""
        below = s["phase", d] == SUCCEEDED and self.known(s, s["live"]) == d
        return Lock(s["holder"], s["waiting"], d if below else s["live"], s["held"])

    def noted(self, s: State, d: int, mark: int) -> State:
        """What is noted on the release before `d` when visitors are led away from it, or back to it."""
        if not self.configuration.graces or not self.changes[d]:
            return {}
        before = self.known(s, s["previous", d])
        return {("mark", before): mark} if before and s["phase", before] == SUCCEEDED else {}

    def hidden(self, s: State, overtakes: State) -> State:
        """In a mutation only the last overtaking is known: older data are taken for those of the release itself."""
        return {("stamp", t): ITS_OWN for _, t in overtakes if s["stamp", t] == ANOTHERS}

    @property
    def marks(self) -> list[Key]:
        """What such a note reads and writes."""
        marked = [("mark", d) for d in self.all] + [("stamp", d) for d in self.all]
        return [*self.lived, *marked] if self.configuration.graces else []

    # Hand-overs. Each returns the changes of one transaction.

    def granted(self, d: int, live: int) -> State:
        """The deployment becomes the holder."""
        return {"holder": d, ("granted", d): 1, ("previous", d): live}

    def ended(self, s: State, d: int, phase: int) -> State:
        """The deployment's item, and an outbox item for what is due after its end."""
        changes: State = {("phase", d): phase, ("untold", d): s["untold", d] + 1}
        if self.mutation != "the outbox is written after the end":
            changes["due", d] = s["due", d] + 1
        return changes

    def released(self, s: State, d: int, live: int, held: int) -> State:
        """The lock goes to the one that waits; in a held environment that one is rejected."""
        if self.mutation == "the lock is released after the end":
            return {"live": live, "held": held}
        changes: State = {"holder": 0, "waiting": 0, "live": live, "held": held}
        if w := s["waiting"]:
            changes |= self.ended(s, w, REJECTED) if held else self.granted(w, live)
        return changes

    def refused(self, s: State, d: int, phase: int) -> State:
        """The deployment ends before anything is touched: REJECTED or SUPERSEDED."""
        changes = self.ended(s, d, phase)
        if s["holder"] == d:
            changes |= self.released(s, d, s["live"], s["held"])
        elif s["waiting"] == d:
            changes["waiting"] = 0
        return changes

    def asked(self, s: State, d: int) -> tuple[str, State]:  # noqa: PLR0911 - one for each answer
        """Ask for the lock: `granted`, `waiting`, `rejected` or `superseded`, and the changes."""
        if s["holder"] == d:
            return "granted", {}
        if s["held"]:
            return "rejected", self.refused(s, d, REJECTED)
        if s["waiting"] == d:
            return "waiting", {}
        if d < s["newest"]:
            return "superseded", self.refused(s, d, SUPERSEDED)
        changes: State = {"newest": d, ("phase", d): QUEUED}
        if s["phase", d] in ENDED:  # Only in a mutation: the lock is given to a deployment that is over.
            return "granted", {"holder": d}
        if not s["holder"]:
            return "granted", changes | self.granted(d, s["live"])
        if w := s["waiting"]:
            changes |= self.ended(s, w, SUPERSEDED)
        return "waiting", changes | {"waiting": d}

    def reopened(self, d: int, execution: int) -> State:
        """A person's rollback of a deployment that has ended."""
        if self.mutation == "claim and lock in two steps":
            return {"holder": d}
        begun: State = {"holder": d, ("phase", d): ROLLING_BACK, ("claimed", d): execution, ("trip", d): 1}
        begun |= dict.fromkeys(self.optional(("written", d), ("has arrived", d), ("grace", d)), 0)
        return begun

    # Processes.

    def free_execution(self, s: State, d: int) -> int:
        """A rollback execution that can be started; 0 when none can be within the bounds."""
        for k in self.executions:
            former = s["claimed", d] == k and len(self.executions) > 1 and s["phase", d] == ROLLING_BACK
            if s["r", d, k] == OVER and not former and s.get(("gr of", d)) != k:  # Nobody acts in its name.
                return k
        return 0

    def start_keys(self, d: int) -> list[Key]:
        """What starting a rollback execution reads and writes."""
        keys: list[Key] = [("phase", d), ("claimed", d)]
        for k in self.executions:
            keys += [("r", d, k), ("by", d, k), *self.optional(("sighted", d, k))]
        return [*keys, *self.optional(("gr of", d))]

    def started(self, s: State, d: int, *, by: int) -> State | None:
        """Start the rollback machine; None when as many run as the bounds allow."""
        k = self.free_execution(s, d)
        if not k:
            return None
        changes: State = {("r", d, k): self.back[d].index("begin"), ("by", d, k): by}
        return changes | ({("sighted", d, k): 0} if ("sighted", d, k) in s else {})

    def optional(self, *keys: Key) -> list[Key]:
        """Those of the fields that this configuration has."""
        return [key for key in keys if key in self.sizes]

    def spend(self, s: State, *names: str) -> State | None:
        """What is left of the budgets after one of each; None when one is used up."""
        if any(not s.get(name) for name in names):
            return None
        return {name: s[name] - 1 for name in names}

    def fault(self, s: State, label: str, changes: State, *names: str) -> list[Move]:
        """A move that takes from budgets, if they allow it."""
        spent = self.spend(s, *names)
        return [] if spent is None else [Move(label, changes | spent, FAULT)]

    def after(self, program: Sequence, now: object) -> int:
        """The place of the first step that is not of the same component."""
        index = program.index(now)
        return next(i for i, (_, then) in enumerate(pairwise(program), 1) if i > index and _other(now, then))


def _other(now: object, then: object) -> bool:
    return not isinstance(then, tuple) or then[0] == "begin" or then[-1] != now[-1] or then[1:] != now[1:]
