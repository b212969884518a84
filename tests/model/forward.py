"""The deploy execution of each deployment (`x`), and one late attempt of one of its states (`g`) beside it."""

from functools import partial

from tests.model.in_place import Before
from tests.model.space import START, Key, Move, Row, State
from tests.model.world import (
    BAKED_EARLY,
    ENDED,
    FULL,
    GRACE,
    NOBODY,
    NONE,
    OVER,
    OVERTAKEN,
    RECEIVED,
    SHIFTING,
    STAGE,
    STAGING,
    SUCCEEDED,
    TASK,
    TOUCHED,
    UPLOADED,
    World,
)

SHIFT = ("begin", "read", "permit", "write", "publish")
LATE = ("ask", "record", *STAGE, *TASK, *SHIFT, "verify", "arrived", "complete")
"""The steps at which an attempt can be overtaken by the one that replaces it."""
STATES = ("begin", "verify", "bake")
"""Steps with a weight with which another state begins."""


class Forward(Before):
    """The steps of a deployment that goes forward; `who` is `x` or `g`."""

    def __init__(self, world: World, d: int, who: str) -> None:
        """Of this deployment."""
        self.world, self.d, self.who = world, d, who
        self.program = world.forward[d]
        self.me: Key = (who, d)
        self.bit = world.bits[self.me]
        self.name = f"D{d}" if who == "x" else f"A late attempt of D{d}"

    def at(self, step: object) -> int:
        """The counter's value; a late attempt vanishes when its state's work is done."""
        return self.program.index(step)

    def go(self, step: object) -> State:
        """The counter goes to a step of the same state."""
        return {self.me: self.at(step)}

    def on(self, step: object) -> State:
        """The state is done: the next one begins; nobody waits for a late attempt any more."""
        return {self.me: OVER if self.who == "g" else self.at(step)}

    def following(self, now: tuple) -> State:
        """After a component: the next one, which is the same state, or the next state."""
        index = self.world.after(self.program, now)
        then = self.program[index]
        if isinstance(then, tuple) and then[0] not in STATES:
            return {self.me: index}
        return self.on(then)

    def failed(self) -> State:
        """The state cannot go on."""
        return self.on("fail")

    def rows(self) -> list[Row]:
        """What it does at each step."""
        w, d = self.world, self.d
        alarm = w.optional("faults")
        asked = [*w.ledger, *alarm, ("token", d), ("x", d)]
        rows = [
            Row(self.me, self.at("ask"), asked, self.ask),
            Row(self.me, self.at("record"), self._record_keys(), self.record),
            Row(self.me, self.at("complete"), self._complete_keys(), self.complete),
        ]
        if self.who == "x":
            rows += [
                Row(self.me, self.at("answer"), [("phase", d), ("token", d), *alarm], self.answer),
                Row(self.me, self.at("fail"), w.start_keys(d), self.fail),
                Row(self.me, self.at("hung"), [("phase", d)], self.hung),
                Row(self.me, OVER, [("phase", d), *alarm, *[("phase", o) for o in w.all if o < d]], self.upload),
            ]
        rows += self.before_rows()
        for step in self.program:
            if isinstance(step, tuple) and not (step[0] in STAGE and step[1] == 0):
                rows.append(Row(self.me, self.at(step), self._keys(step), partial(getattr(self, step[0]), now=step)))
        return rows

    def _record_keys(self) -> list[Key]:
        w, d = self.world, self.d
        keys = [*w.own(d), *w.optional("faults", ("lapsed", d))]
        for c in w.kinds:
            keys += [("at", c), *(("stable", o, c) for o in w.all), *w.optional(("gone", c), ("deleting", c))]
        return keys + ([("c", i) for i in w.reconcilers] if w.configuration.discards else [])

    def _complete_keys(self) -> list[Key]:
        w, d = self.world, self.d
        return [*w.ledger, *w.optional("verdicts", "faults", ("grace", d)), *w.own(d)]

    def _keys(self, step: tuple) -> list[Key]:
        w, d = self.world, self.d
        keys = [*w.optional("faults"), "broken"]
        if step[0] in {"begin", "permit"}:
            keys += [*w.own(d), *w.optional(("lapsed", d))]
        if step[0] == "begin":
            return keys + w.optional("verdicts") + w.marks
        if step[0] in {"verify", "arrived", "bake"}:
            places = [key for c in w.changes[d] for key in (("near", c), ("at", c))]
            return [*keys, *w.own(d), ("written", d), ("has arrived", d), "wrong", *places, *w.optional("verdicts")]
        c = step[2]
        keys += [("fresh", c)]
        if step[0] != "permit":
            keys += [("at", c), ("flying", c), *w.optional(("next", c), ("publishing", c))]
        return keys + ([("flying", c)] if w.kinds[c] == "pointer" and step[0] == "permit" else [])

    # The states.

    def upload(self, s: State) -> list[Move]:
        """Somebody uploads a release; the event may be lost."""
        w, d = self.world, self.d
        if s["phase", d] != NONE or any(s["phase", older] == NONE for older in w.all if older < d):
            return []
        started = Move(f"{self.name} is uploaded and received", {("phase", d): RECEIVED} | self.go("ask"), START)
        return [started, *w.fault(s, f"{self.name} is uploaded; its event is lost", {("phase", d): UPLOADED}, "faults")]

    def ask(self, s: State) -> list[Move]:
        """Wait for lock: one transaction."""
        w, d = self.world, self.d
        if (w.mutation != "ask without the condition on the phase") and w.rules.ask(w.item(s, d)):
            return [Move(f"{self.name} asks for the lock: it has ended", self.on("over"))]
        outcome, changes = w.asked(s, d)
        label = f"{self.name} asks for the lock: {outcome}"
        if self.who == "g":
            overwritten: State = {("token", d): 0} if w.mutation == "the task token is overwritten" else {}
            return [Move(label, changes | overwritten | self.on("over"))]
        token: State = {("token", d): 1}
        then = {"granted": "answer", "waiting": "wait"}.get(outcome, "over")
        lost = w.fault(s, f"{label}; the answer is lost", changes | token, "faults")
        return [Move(label, changes | (token if then != "over" else {}) | self.go(then)), *lost]

    def answer(self, s: State) -> list[Move]:
        """The asker answers its own task token."""
        w, d = self.world, self.d
        died = w.fault(s, f"{self.name}'s asker dies before it answers the task token", self.go("wait"), "faults")
        return [Move(f"{self.name} is told that it holds the lock", {("token", d): 0} | self.go("record")), *died]

    def record(self, s: State) -> list[Move]:
        """Record restore point, and stage."""
        w, d = self.world, self.d
        item = w.item(s, d)
        if w.mutation == "a late attempt records again" and s["phase", d] in TOUCHED:
            again = {("stable", d, c): max(0, w.traffic(s, c)) for c in w.kinds}
            return [Move(f"{self.name} records the restore point again", again | self.on("over"))]
        if reason := w.rules.record(item):
            return [Move(f"{self.name} may not record its restore point: {reason}", self.failed())]
        found = {c: w.traffic(s, c) for c in w.kinds}
        if any(release < 0 for release in found.values()):
            return [Move(f"{self.name} finds a mixture", self.failed())]
        if not w.settled(s):
            return []  # It waits until no deletion can arrive any more.
        changes: State = {("stable", d, c): release for c, release in found.items()} | {("phase", d): STAGING}
        staged = [c for c in w.changes[d] if ("gone", c) in s]
        changes |= {("gone", c): s["gone", c] & ~w.revision(d) for c in staged}
        changes |= dict.fromkeys(w.optional(("lapsed", d)), 0)
        begin = self.program[self.program.index("record") + 1]
        lost = w.fault(s, f"{self.name} records its restore point; the answer is lost", changes, "faults")
        return [Move(f"{self.name} records its restore point and stages", changes | self.on(begin)), *lost]

    def begin(self, s: State, now: tuple) -> list[Move]:
        """Shift traffic: the weight is written first. Before that, a check or the judge may find the release bad."""
        w, d, weight = self.world, self.d, now[1]
        bad = self._found_bad(s)
        overtakes = w.noted(s, d, OVERTAKEN) if not s["weight", d] else {}
        if overtakes and w.mutation == "an overtaking hides the one before":
            overtakes |= w.hidden(s, overtakes)
        if reason := w.rules.begin_shift(w.item(s, d), weight):
            apart = overtakes if w.mutation == "an overtaking is noted apart from its shift" else {}
            return [Move(f"{self.name} may not begin its shift: {reason}", self.failed() | apart), *bad]
        changes: State = {("weight", d): weight, ("phase", d): SHIFTING} | overtakes
        changes |= dict.fromkeys(w.optional(("lapsed", d)), 0)
        then = self.go((w.steps(w.changes[d][0])[0], weight, w.changes[d][0]))
        lost = w.fault(s, f"{self.name} begins its shift; the answer is lost", changes, "faults")
        return [
            Move(f"{self.name} begins its shift to {'all' if weight == FULL else 'a part'}", changes | then),
            *bad,
            *lost,
        ]

    def read(self, s: State, now: tuple) -> list[Move]:
        """Read a component and its ETag."""
        w, d, (_, weight, c) = self.world, self.d, now
        unanswered = w.fault(s, f"{self.name} gets no answer from the {c}", self._again(weight), "faults")
        there = w.content_forward(d, weight)
        if s["at", c] == there and s.get(("next", c), there) == there:
            label = f"{self.name} finds the {c} there already"
            return [Move(label, self.following(now) | self._unread(s, c)), *unanswered]
        if s["at", c] == w.hand:
            return [Move(f"{self.name} finds the {c} changed by hand", self.failed() | self._unread(s, c)), *unanswered]
        mark: State = {} if w.kinds[c] == "pointer" else {("fresh", c): s["fresh", c] | self.bit}
        return [Move(f"{self.name} reads the {c}", mark | self.go(self._next(now))), *unanswered]

    def permit(self, s: State, now: tuple) -> list[Move]:
        """Read the deployment: may it still go forward?"""
        w, (_, weight, c) = self.world, now
        if reason := w.rules.forward(w.item(s, self.d), weight):
            label = f"{self.name} may not shift the {c}: {reason}"
            return [Move(label, self.failed() | self._unread(s, c))]
        mark: State = {}
        if w.kinds[c] == "pointer":
            if w.mutation != "a pointer's bound is not waited for before a shift" and w.others_write(s, self.d, c):
                return []
            mark = {("fresh", c): s["fresh", c] | self.bit}
        return [Move(f"{self.name} may shift the {c}", mark | self.go(self._next(now)))]

    def write(self, s: State, now: tuple) -> list[Move]:
        """Write a component on condition of the ETag read; of a site, the version that is not live yet."""
        w, d, (_, weight, c) = self.world, self.d, now
        content = w.content_forward(d, weight)
        label = f"{self.name} writes the {c}"
        if not s["fresh", c] & self.bit:
            if w.mutation == "a shift reads again without a permit":
                return self._read_again(s, now)
            return [Move(f"{label}: it has changed meanwhile", self.go((w.steps(c)[0], weight, c)))]
        lost = {("flying", c): s["flying", c] | w.flying(content), ("fresh", c): s["fresh", c] & ~self.bit}
        late = w.fault(s, f"{label}; the write is still on its way", lost | self._again(weight), "faults")
        if w.kinds[c] == "site":
            changes = {("next", c): content, ("fresh", c): self.bit, ("flying", c): 0, ("publishing", c): 0}
            return [Move(f"{label} (not yet live)", changes | self.go(self._next(now))), *late]
        return [Move(label, landed(w, s, c, content) | self._pointer(s, c) | self.following(now)), *late]

    def publish(self, s: State, now: tuple) -> list[Move]:
        """Make a site's new version live, on condition of the ETag of its own update."""
        w, (_, weight, c) = self.world, now
        label = f"{self.name} publishes the {c}"
        if not s["fresh", c] & self.bit:
            return [Move(f"{label}: it has changed meanwhile", self.go((w.steps(c)[0], weight, c)))]
        mine = {("fresh", c): s["fresh", c] & ~self.bit}
        late = w.fault(
            s, f"{label}; that is still on its way", mine | {("publishing", c): 1} | self._again(weight), "faults"
        )
        return [Move(label, landed(w, s, c, s["next", c]) | mine | self.following(now)), *late]

    def verify(self, s: State, now: tuple) -> list[Move]:
        """Verify: note that the change was written, and wait until it has arrived, or for as long as patience lasts."""
        w, d, weight = self.world, self.d, now[1]
        if reason := w.rules.forward(w.item(s, d), weight):
            return [Move(f"{self.name} does not wait for its step: {reason}", self.failed())]
        same = s["written", d] == weight or (w.mutation == "an arrival counts for every step" and s["written", d])
        if same and s["has arrived", d]:
            return [Move(f"{self.name} knows that its step has arrived", self.on(("bake", weight)))]
        noted: State = {} if same else {("written", d): weight, ("has arrived", d): 0}
        if w.mutation == "a bake does not wait for its step":
            return [Move(f"{self.name} asks whether its step has arrived", noted | self.on(("bake", weight)))]
        late: list[Move] = []
        if self.who == "x" and not w.rules.trip(w.item(s, d)):
            changes = noted | {("trip", d): 1} | self.failed()
            late = w.fault(s, f"The step of {self.name} has not arrived in time", changes, "verdicts")
        if not self._there(s, weight):
            return late + ([Move(f"{self.name} notes that its step is written", noted)] if noted else [])
        return [Move(f"{self.name} sees that its step has arrived", noted | self.go(("arrived", weight))), *late]

    def arrived(self, s: State, now: tuple) -> list[Move]:
        """Note that it has arrived, if the deployment is on its way; a late note may replace a newer one."""
        w, d, weight = self.world, self.d, now[1]
        then = self.on(("bake", weight))
        if w.rules.note_change(w.item(s, d), weight):
            return [Move(f"{self.name} has ended, so nothing is noted", then)]
        return [
            Move(f"{self.name} notes that its step has arrived", then | {("written", d): weight, ("has arrived", d): 1})
        ]

    def bake(self, s: State, now: tuple) -> list[Move]:
        """Judge and guard: the bake begins, and ends at once if there is a trip."""
        w, d, weight = self.world, self.d, now[1]
        item, then = w.item(s, d), self.program[self.at(now) + 1]
        if s["phase", d] not in TOUCHED:
            return [Move(f"{self.name} may not bake: it is over", self.failed())]
        early = {"wrong": BAKED_EARLY} if w.rules.bake(item, arrived=self._there(s, weight)) else {}
        return [Move(f"{self.name} bakes", early | self.on(then))]

    def _there(self, s: State, weight: int) -> bool:
        """Whether visitors are served by this step where that can be seen."""
        w = self.world
        return all(s["near", c] == w.content_forward(self.d, weight) for c in w.changes[self.d])

    def complete(self, s: State) -> list[Move]:
        """Complete: one transaction."""
        w, d = self.world, self.d
        if s["phase", d] == SUCCEEDED:
            return [Move(f"{self.name} has succeeded already", self.on("over"))]
        if reason := w.rules.succeed(w.item(s, d)):
            return [Move(f"{self.name} may not complete: {reason}", self.failed())]
        changes = w.ended(s, d, SUCCEEDED) | w.released(s, d, d, 0)
        changes |= {("grace", d): GRACE} if w.configuration.graces and w.changes[d] else {}
        lost = w.fault(s, f"{self.name} succeeds; the answer is lost", changes, "faults")
        return [Move(f"{self.name} succeeds", changes | self.on("over")), *lost, *self._found_bad(s)]

    def _found_bad(self, s: State) -> list[Move]:
        """A check or the judge finds the release bad: the trip is written."""
        w, d = self.world, self.d
        if self.who == "g" or w.rules.trip(w.item(s, d)):
            return []
        return w.fault(s, f"{self.name} is found bad", {("trip", d): 1} | self.failed(), "verdicts")

    def fail(self, s: State) -> list[Move]:
        """Any fault: the rollback machine runs."""
        w, d = self.world, self.d
        started = None if s["phase", d] in ENDED else w.started(s, d, by=NOBODY)
        return [Move(f"{self.name} fails: its rollback is started", (started or {}) | self.go("over"))]

    def hung(self, s: State) -> list[Move]:
        """An execution that hangs is noticed by its lease; if its deployment has ended, it just times out."""
        return [Move(f"{self.name}'s execution times out", self.go("over"))] if s["phase", self.d] in ENDED else []

    # Helpers.

    def _next(self, now: tuple) -> object:
        return self.program[self.at(now) + 1]

    def _again(self, weight: int) -> State:
        return {self.me: OVER if self.who == "g" else self.at(("begin", weight))}

    def _unread(self, s: State, c: str) -> State:
        return {("fresh", c): s["fresh", c] & ~self.bit}

    def _pointer(self, s: State, c: str) -> State:
        """A pointer's writes do not invalidate each other."""
        return self._unread(s, c) if self.world.kinds[c] == "pointer" else {}

    def _read_again(self, s: State, now: tuple) -> list[Move]:
        w, (_, weight, c) = self.world, now
        if s["at", c] in {w.content_forward(self.d, weight), w.hand}:
            return [Move(f"{self.name} reads the {c} again: nothing to do", self.following(now))]
        return [Move(f"{self.name} reads the {c} again", {("fresh", c): s["fresh", c] | self.bit})]


def landed(w: World, s: State, c: str, content: int) -> State:
    """What visitors get from now on; for all but a pointer, every other write on its way has lost its condition."""
    changes: State = {("at", c): content}
    if w.kinds[c] == "alias":
        changes |= {("fresh", c): 0, ("flying", c): 0}
    before = s["at", c]
    if w.kinds[c] != "pointer" and before and before % 4 == 3 and content in {before - 1, before - 2}:
        changes["broken"] = 1  # A forward write of a deployment lands on its own restoration.
    return changes


def troubles(w: World, d: int) -> list[Row]:
    """What happens to a deploy execution: it is stopped or dies, hangs, or an attempt is replaced and goes on later."""
    x, g = Forward(w, d, "x"), ("g", d)
    rows = []
    for step in x.program[1:-1]:
        kind = step[0] if isinstance(step, tuple) else step
        c = step[2] if isinstance(step, tuple) and len(step) > 2 else ""
        keys = [*w.optional(g, "deaths", "lates", "lapses"), *([(_read(step), c)] if c else []), ("token", d)]
        rows.append(Row(x.me, x.at(step), keys, partial(_trouble, x, step=step, late=kind in LATE, c=c)))
    return rows


def _trouble(x: Forward, s: State, step: object, late: bool, c: str) -> list[Move]:
    w, d = x.world, x.d
    read = _read(step)
    mine = {(read, c): s[read, c] & ~x.bit} if c else {}
    over: State = {("x", d): OVER, ("token", d): 0}
    moves = w.fault(s, f"{x.name}'s execution is stopped or dies", over | mine, "deaths")
    if step in {"ask", "wait", "fail"}:
        return moves if step != "ask" else moves + _overtaken(x, s, step, c)
    moves += w.fault(s, f"{x.name}'s execution hangs", {("x", d): x.at("hung"), ("token", d): 0} | mine, "lapses")
    return moves + (_overtaken(x, s, step, c) if late else [])


def _overtaken(x: Forward, s: State, step: object, c: str) -> list[Move]:
    """The execution is stopped, or the state is tried again; its first attempt goes on at any later time."""
    w, d, bit = x.world, x.d, x.bit
    if s.get(("g", d), 1) != OVER:
        return []
    ghost: State = {("g", d): x.at(step)}
    if c:
        read = _read(step)
        ghost[read, c] = s[read, c] & ~bit | (w.bits["g", d] if s[read, c] & bit else 0)
    over: State = {("x", d): OVER, ("token", d): 0}
    retried = ghost | {("x", d): x.at(_start(step))}
    return [
        *w.fault(s, f"{x.name}'s execution is stopped; its Lambda goes on", over | ghost, "deaths", "lates"),
        *w.fault(s, f"{x.name}'s state is tried again; the first attempt goes on", retried, "lates"),
    ]


def _read(step: object) -> str:
    """The field that says whose reading is still good."""
    return "seen" if isinstance(step, tuple) and step[1] == 0 else "fresh"


def _start(step: object) -> object:
    """The step with which its state begins."""
    if isinstance(step, str):
        return "claim" if step in TASK else step
    if step[1] == 0:
        return ("look", *step[1:])
    return ("verify" if step[0] in {"verify", "arrived"} else "begin", step[1])


def rows(w: World) -> list[Row]:
    """All rows of the deploy executions."""
    found = []
    for d in w.all:
        found += [*Forward(w, d, "x").rows(), *troubles(w, d)]
        if ("g", d) in w.sizes:
            found += Forward(w, d, "g").rows()
    return found
