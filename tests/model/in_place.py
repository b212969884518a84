"""What a release does before its visitors come, and what its rollback undoes of that.

Staging writes into the function itself, in two writes, and a version is published of that; a task is invoked once; the
rollback gives the function stable's contents again. All of it is in the configurations that ask for it (`stages`).

What the function itself has is a release of its configuration (`settings`) and one of its code (`own`). Both are
written on condition of one revision id: `seen` are those whose last reading is still what is there.
"""

from functools import partial
from typing import Any

from tests.model.rules import Rules
from tests.model.space import Key, Move, Row, State
from tests.model.world import (
    ATTEMPTS,
    BEGUN_LATE,
    NOT_ITS_OWN,
    QUEUED,
    STAGE,
    STAGING,
    TASK,
    UNDONE_EARLY,
    UNSTAGE,
    World,
)

BEGINNING = ("allow task", "invoke")
"""A worker at one of these has claimed a task, and will invoke it: within a minute, or not at all."""


def wrote(w: World, s: State, place: Key, d: int, value: int, *, way: str) -> State:  # noqa: PLR0913 - what is written
    """What follows from a write into the function itself: others have lost their condition; and whether it is wrong.

    One that says what is there is late, and does no harm: whoever stages meanwhile reads again.
    """
    item, c = w.item(s, d), place[1]
    changes: State = {("seen", c): 0, place: value}
    if s[place] == value:
        return changes
    if s["holder"] != d or Rules().write_in_place(item, way):
        changes["wrong"] = NOT_ITS_OWN
    elif way == "back" and s["weight", d] and s["at", c] != w.content_back(d):
        changes["wrong"] = UNDONE_EARLY
    return changes


class Part:
    """A part of an actor, which has all of this."""

    world: World
    d: int
    me: Key
    bit: int
    name: str
    program: list
    at: Any
    go: Any
    on: Any


class Before(Part):
    """What a deploy execution does between its restore point and its first shift; a part of `Forward`."""

    who: str
    failed: Any

    def before_rows(self) -> list[Row]:
        """What it does at each of these steps."""
        w, d = self.world, self.d
        if not w.configuration.stages:
            return []
        own = [*w.own(d), "holder", "wrong", *w.optional("faults", "verdicts")]
        rows = []
        for step in self.program:
            if isinstance(step, tuple) and step[0] in STAGE and step[1] == 0:
                c = step[2]
                keys = [*own, ("staged", d), ("seen", c), ("own", c), ("settings", c), ("at", c)]
                keys += [("stable", d, c)]
                rows.append(Row(self.me, self.at(step), keys, partial(self._staging, now=step)))
        for kind in TASK:
            if kind in self.program:
                tasks = [key for o in w.all for key in (("task", o), ("done", o), ("runs", o))]
                keys = [*own, *tasks, *self._others()]
                method = getattr(self, kind.replace(" ", "_"))
                rows.append(Row(self.me, self.at(kind), keys, method))
        return rows

    def _others(self) -> list[Key]:
        w = self.world
        return [key for o in w.all for key in w.optional(("x", o), ("g", o)) if key != self.me]

    def _staging(self, s: State, now: tuple) -> list[Move]:
        return getattr(self, "stage_" + now[0].replace(" ", "_"))(s, now)

    def _next_of(self, now: tuple) -> State:
        return self.go(self.program[self.program.index(now) + 1])

    def _look_again(self, now: tuple, said: str) -> list[Move]:
        return [Move(f"{said}: it has changed meanwhile", self.go(("look", *now[1:])))]

    def stage_look(self, s: State, now: tuple) -> list[Move]:
        """Read the function itself, and its revision id."""
        c = now[2]
        there = (s["settings", c], s["own", c]) == (self._mine, self._mine)
        then = self.go(("publish", *now[1:])) if there else self._next_of(now)
        return [Move(f"{self.name} reads the {c}'s own contents", then | {("seen", c): s["seen", c] | self.bit})]

    @property
    def _mine(self) -> int:
        return self.world.contents_of(self.d)

    def _may_stage(self, s: State, now: tuple) -> list[Move]:
        w, c = self.world, now[2]
        if w.mutation != "a late staging asks for no permit" and (reason := w.rules.stage(w.item(s, self.d))):
            unread = {("seen", c): s["seen", c] & ~self.bit}
            return [Move(f"{self.name} may not write into the {c}: {reason}", self.failed() | unread)]
        return [Move(f"{self.name} may write into the {c}", self._next_of(now))]

    stage_allow_settings = stage_allow_code = _may_stage

    def _stage_part(self, s: State, now: tuple, part: str) -> list[Move]:
        w, c = self.world, now[2]
        label = f"{self.name} writes the {c}'s own {part}"
        if not s["seen", c] & self.bit:
            return self._look_again(now, label)
        field = "own" if part == "code" else "settings"
        changes = wrote(w, s, (field, c), self.d, self._mine, way="forward") | {("seen", c): self.bit}
        return [Move(label, changes | self._next_of(now))]

    def stage_settings(self, s: State, now: tuple) -> list[Move]:
        """Write the configuration, on condition of the revision id."""
        return self._stage_part(s, now, "settings")

    def stage_code(self, s: State, now: tuple) -> list[Move]:
        """Write the code, on condition of the revision id that the configuration's write left."""
        return self._stage_part(s, now, "code")

    def stage_publish(self, s: State, now: tuple) -> list[Move]:
        """Publish a version, on condition of the revision id: it has exactly this release."""
        c = now[2]
        label = f"{self.name} publishes a version of the {c}"
        if not s["seen", c] & self.bit:
            return self._look_again(now, label)
        return [Move(label, self._next_of(now) | {("seen", c): s["seen", c] & ~self.bit})]

    def stage_note(self, s: State, now: tuple) -> list[Move]:
        """Note in the ledger what was staged."""
        d = self.d
        if s["phase", d] != STAGING:
            return [Move(f"{self.name} is not staging any more", self.failed())]
        then = self.program[self.program.index(now) + 1]
        same_state = isinstance(then, tuple) and then[0] == "look" and self.who == "x"
        changes: State = {("staged", d): 1}
        return [
            Move(f"{self.name} has staged the {now[2]}", changes | (self.go(then) if same_state else self.on(then)))
        ]

    # Run task.

    def _rest(self) -> Key:
        return ("begin", self.world.configuration.weights[0])

    def claim(self, s: State) -> list[Move]:
        """Note that the task begins now; or wait for as long as one that was begun may be running."""
        w, d = self.world, self.d
        if s["done", d] or w.mutation == "a task that is not done is passed over":
            return [Move(f"{self.name} has no task to run", self.on(self._rest()))]
        reason = w.rules.claim_task(w.item(s, d))
        if reason:
            return [Move(f"{self.name} may not begin its task: {reason}", self.failed())]
        if self._waits(s):
            return []
        if s["task", d] == ATTEMPTS:
            return [Move(f"{self.name}'s task gave no answer twice: it fails", {("trip", d): 1} | self.failed())]
        wrong = {"wrong": BEGUN_LATE} if Rules().claim_task(w.item(s, d)) else {}
        claimed = {} if w.mutation == "a task is not claimed" else {("task", d): s["task", d] + 1}
        return [Move(f"{self.name} claims its task", claimed | wrong | self.go("allow task"))]

    def _waits(self, s: State) -> bool:
        """Whether something may be running that was begun before: it ends within a bound of time."""
        w, d = self.world, self.d
        if s["task", d] and w.mutation == "a task runs again at once":
            return False
        if not s["task", d] and w.mutation == "a task does not wait for that of the release before":
            return False
        if not s["task", d] and w.mutation == "a task is not claimed":
            return False
        return any(s["runs", o] for o in w.all) or any(self._begins(s, key) for key in self._others())

    def _begins(self, s: State, key: Key) -> bool:
        step = self.world.forward[key[1]][s[key]]
        return step in BEGINNING

    def allow_task(self, s: State) -> list[Move]:
        """Ask for the permit right before it is invoked."""
        w, d = self.world, self.d
        if reason := w.rules.claim_task(w.item(s, d)):
            return [Move(f"{self.name} may not invoke its task: {reason}", self.failed())]
        return [Move(f"{self.name} may invoke its task", self.go("invoke"))]

    def invoke(self, s: State) -> list[Move]:
        """Invoke the staged version."""
        w, d = self.world, self.d
        changes: State = {("runs", d): min(s["runs", d] + 1, 2)}
        lost = w.fault(s, f"{self.name} invokes its task; the answer is lost", changes | self.on("claim"), "faults")
        return [Move(f"{self.name} invokes its task", changes | self.go("answer task")), *lost]

    def answer_task(self, s: State) -> list[Move]:
        """It has ended: note that, if the release is still being staged."""
        w, d = self.world, self.d
        if s["runs", d]:
            return []
        if s["phase", d] != STAGING:
            return [Move(f"{self.name}'s task has ended, and its release goes back", self.failed())]
        bad = w.fault(s, f"{self.name}'s task fails", {("trip", d): 1} | self.failed(), "verdicts")
        bad = [] if w.rules.trip(w.item(s, d)) else bad
        return [Move(f"{self.name}'s task is done", {("done", d): 1} | self.on(self._rest())), *bad]


class After(Part):
    """What the rollback undoes when visitors are back; a part of `Rollback`."""

    k: int
    over: Any
    kept: Any

    def after_rows(self) -> list[Row]:
        """What it does at each of these steps."""
        w, d = self.world, self.d
        rows = []
        for step in self.program:
            if isinstance(step, tuple) and step[0] in UNSTAGE:
                c = step[1]
                keys = [*w.own(d), "holder", "wrong", ("staged", d), ("seen", c), ("own", c), ("settings", c)]
                keys += [("at", c), ("stable", d, c), *self.kept]
                rows.append(Row(self.me, self.at(step), keys, partial(self._undoing, now=step)))
        return rows

    def _undoing(self, s: State, now: tuple) -> list[Move]:
        return getattr(self, "un_" + now[0].replace(" ", "_"))(s, now)

    def _ended(self, s: State, c: str) -> State:
        """Done with this component: the next one, or what comes after all; a late attempt ends."""
        index = self.program.index(("undo code", c)) + 1
        then = self.over() if not self.k else self.go(self.program[index])
        return then | {("seen", c): s["seen", c] & ~self.bit}

    def un_see(self, s: State, now: tuple) -> list[Move]:
        """Read the function itself: only what the release has left is replaced.

        The first reading comes after the phase has been read, but not the next ones, when somebody else has written.
        """
        w, d, c = self.world, self.d, now[1]
        mine, stable = w.contents_of(d), w.contents_of(s["stable", d, c])
        found = {s["settings", c], s["own", c]}
        if not found <= {mine, stable}:
            return [Move(f"{self.name} leaves the {c}'s own contents: they are another's", self._ended(s, c))]
        seals = not s["staged", d] and w.mutation != "an unstaging that finds nothing does not seal"
        if found == {stable} and not seals:
            return [Move(f"{self.name} finds the {c}'s own contents as stable's", self._ended(s, c))]
        read = {("seen", c): s["seen", c] | self.bit}
        return [Move(f"{self.name} reads the {c}'s own contents", read | self.go(("allow undoing", c)))]

    def _allowed(self, s: State, now: tuple) -> list[Move]:
        w, c = self.world, now[1]
        if w.mutation != "a late unstaging asks for no permit" and (reason := w.rules.unstage(w.item(s, self.d))):
            return [Move(f"{self.name} may not undo the {c}: {reason}", self._ended(s, c))]
        return [Move(f"{self.name} may undo the {c}", self.go(self.program[self.program.index(now) + 1]))]

    un_allow_undoing = un_allow_undoing_code = _allowed

    def _undo(self, s: State, now: tuple, part: str) -> list[Move]:
        w, d, c = self.world, self.d, now[1]
        label = f"{self.name} gives the {c} its own {part} again"
        if not s["seen", c] & self.bit:
            return [Move(f"{label}: it has changed meanwhile", self.go(("see", c)))]
        field = "own" if part == "code" else "settings"
        stable = w.contents_of(s["stable", d, c])
        changes = wrote(w, s, (field, c), d, stable, way="back") | {("seen", c): self.bit}
        if field == "own" or s["own", c] == stable:
            return [Move(label, changes | self._ended(changes, c))]
        return [Move(label, changes | self.go(("allow undoing code", c)))]

    def un_undo_settings(self, s: State, now: tuple) -> list[Move]:
        """Write the configuration (as it is, if only to take away a late staging's condition)."""
        return self._undo(s, now, "settings")

    def un_undo_code(self, s: State, now: tuple) -> list[Move]:
        """Write the code."""
        return self._undo(s, now, "code")


def rows(w: World) -> list[Row]:
    """A task that was begun ends at any time."""
    if not w.configuration.stages:
        return []
    return [Row(("runs", d), value, [], partial(_ends, d)) for d in w.all for value in (1, 2)]


def _ends(d: int, s: State) -> list[Move]:
    return [Move(f"A task of D{d} ends", {("runs", d): s["runs", d] - 1})]


def whoever_bypasses(w: World, s: State) -> str:
    """Who calls the function itself gets what is live, wholly, when nobody holds the lock."""
    h = s["holder"]
    if s["held"] or (h and s["phase", h] != QUEUED):
        return ""
    from tests.model.properties import expected  # noqa: PLC0415 - which imports this module

    for c in w.kinds:
        should = expected(w, s, c)
        if should is not None and {s["settings", c], s["own", c]} != {w.contents_of(should)}:
            has = f"the {c} itself has the settings of D{s['settings', c]} and the code of D{s['own', c]}"
            return f"{has}; D{should} is live"
    return ""


def once_at_a_time(w: World, s: State) -> str:
    """No two tasks run at the same time."""
    return "two tasks run at the same time" if sum(s["runs", d] for d in w.all) > 1 else ""


def before_visitors(w: World, s: State) -> str:
    """No visitor comes before the release's task is done."""
    early = [d for d in w.all if s["weight", d] and d > w.configuration.live and not s["done", d]]
    return f"D{early[0]} has visitors, and its task is not done" if early else ""
