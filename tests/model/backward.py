"""The way back: rollback executions (`r`), late attempts of their states (`gr`), alarms (`a`), emergencies (`e`)."""

from functools import partial

from tests.model.forward import landed
from tests.model.in_place import After
from tests.model.rules import Rules
from tests.model.space import START, Key, Move, Row, State
from tests.model.world import (
    ALARM,
    BACK,
    BACK_AGAIN,
    CLOSED_EARLY,
    ENDED,
    FAILED,
    GRACE,
    GRACE_OVER,
    IN_PERSON,
    MOVED_ANOTHER,
    NOBODY,
    NONE,
    OVER,
    ROLLED_BACK,
    ROLLING_BACK,
    SUCCEEDED,
    UNSTAGE,
    UNTOUCHED,
    UPLOADED,
    WRONGLY,
    World,
)

SPOKEN = {
    "r": "The rollback of D{}",
    "gr": "A late attempt of D{}'s rollback",
    "a": "D{}'s alarm",
    "e": "D{}'s emergency",
}


class Restorer:
    """The steps in which a component is restored: read, permit, write, and for a site publish."""

    def __init__(self, world: World, d: int, me: Key, program: list) -> None:
        """`me` is the process's counter."""
        self.world, self.d, self.me, self.program = world, d, me, program
        self.bit = world.bits[me]
        self.name = SPOKEN[me[0]].format(d)

    def at(self, step: object) -> int:
        """The counter's value."""
        return self.program.index(step)

    def go(self, step: object) -> State:
        """The counter goes to a step."""
        return {self.me: self.at(step)}

    def following(self, now: tuple) -> State:
        """After a component: the next one, or what comes after all; a late attempt ends with its component."""
        index = self.world.after([*self.program, "over"], now)
        return self.over() if self.me[0] == "gr" or index == len(self.program) else {self.me: index}

    def over(self) -> State:
        """It ends; nothing of it is kept."""
        forgotten = {("gr of", self.d): 0, ("gr by", self.d): 0} if self.me[0] == "gr" else {}
        return {self.me: OVER} | forgotten

    @property
    def kept(self) -> list[Key]:
        """What it forgets when it ends."""
        return [("gr of", self.d), ("gr by", self.d)] if self.me[0] == "gr" else []

    def component_rows(self) -> list[Row]:
        """What it does at each of these steps."""
        w, d = self.world, self.d
        found = []
        for step in self.program:
            if not isinstance(step, tuple) or step[0] in UNSTAGE:
                continue
            kind, c = step
            keys = [("fresh", c), *w.optional("faults"), *self.kept]
            if kind == "permit":
                keys += w.own(d)
            else:
                keys += ["broken", ("at", c), ("flying", c), *w.optional(("next", c), ("publishing", c))]
            if kind == "read" and w.mutation == "what is there already is not sealed":
                keys += [("stable", o, c) for o in w.all]
            found.append(Row(self.me, self.at(step), keys, partial(getattr(self, kind), now=step)))
        return found

    def read(self, s: State, now: tuple) -> list[Move]:
        """Read a component and its ETag."""
        w, c = self.world, now[1]
        unread = {("fresh", c): s["fresh", c] & ~self.bit}
        unanswered = w.fault(s, f"{self.name} gets no answer from the {c}", self.following(now) | unread, "faults")
        if self._is_there(s, c):
            return [Move(f"{self.name} finds the {c} restored", self.following(now) | unread), *unanswered]
        if s["at", c] == w.hand:
            return [Move(f"{self.name} leaves the {c}: changed by hand", self.following(now) | unread), *unanswered]
        mark: State = {} if w.kinds[c] == "pointer" else {("fresh", c): s["fresh", c] | self.bit}
        return [Move(f"{self.name} reads the {c}", mark | {self.me: self.at(now) + 1}), *unanswered]

    def _is_there(self, s: State, c: str) -> bool:
        w, d = self.world, self.d
        if w.mutation == "what is there already is not sealed":
            return w.traffic(s, c) == s["stable", d, c]
        there = w.content_back(d)
        return s["at", c] == there and s.get(("next", c), there) == there

    def permit(self, s: State, now: tuple) -> list[Move]:
        """Read the deployment: does it go back?"""
        w, c = self.world, now[1]
        if w.mutation != "a restoration without a permit" and (reason := w.rules.back(w.item(s, self.d))):
            unread = {("fresh", c): s["fresh", c] & ~self.bit}
            return [Move(f"{self.name} may not restore the {c}: {reason}", self.over() | unread)]
        mark: State = {("fresh", c): s["fresh", c] | self.bit} if w.kinds[c] == "pointer" else {}
        return [Move(f"{self.name} may restore the {c}", {self.me: self.at(now) + 1} | mark)]

    def write(self, s: State, now: tuple) -> list[Move]:
        """Write the stable revision with the seal, on condition of the ETag read."""
        w, d, c = self.world, self.d, now[1]
        label, content = f"{self.name} restores the {c}", w.content_back(d)
        if not s["fresh", c] & self.bit:
            return [Move(f"{label}: it has changed meanwhile", self.go((w.steps(c)[0], c)))]
        mine = {("fresh", c): s["fresh", c] & ~self.bit}
        lost = mine | {("flying", c): s["flying", c] | w.flying(content)}
        late = w.fault(s, f"{label}; the write is still on its way", lost | self.following(now), "faults")
        if w.kinds[c] == "site":
            changes = {("next", c): content, ("fresh", c): self.bit, ("flying", c): 0, ("publishing", c): 0}
            return [Move(f"{label} (not yet live)", changes | {self.me: self.at(now) + 1}), *late]
        return [Move(label, mine | landed(w, s, c, content) | self.following(now)), *late]

    def publish(self, s: State, now: tuple) -> list[Move]:
        """Make it live, on condition of the ETag of its own update."""
        w, c = self.world, now[1]
        label = f"{self.name} publishes the {c}"
        if not s["fresh", c] & self.bit:
            return [Move(f"{label}: it has changed meanwhile", self.go((w.steps(c)[0], c)))]
        mine = {("fresh", c): s["fresh", c] & ~self.bit}
        late = w.fault(
            s, f"{label}; that is still on its way", mine | {("publishing", c): 1} | self.following(now), "faults"
        )
        return [Move(label, landed(w, s, c, s["next", c]) | mine | self.following(now)), *late]


class Rollback(Restorer, After):
    """A rollback execution, or a late attempt of one of its states."""

    def __init__(self, world: World, d: int, k: int) -> None:
        """The execution `k` of this deployment; 0 is the late attempt."""
        super().__init__(world, d, ("r", d, k) if k else ("gr", d), world.back[d])
        self.k = k
        self.by: Key = ("by", d, k) if k else ("gr by", d)

    def execution(self, s: State) -> int:
        """Which execution it is, or was."""
        return self.k or s["gr of", self.d]

    def on(self, step: object) -> State:
        """The state is done; nobody waits for a late attempt any more."""
        if not self.k:
            return self.over()
        return self.go(step) | ({self.by: NOBODY} if step == "over" else {})

    def rows(self) -> list[Row]:
        """What it does at each step."""
        w, d = self.world, self.d
        faults = w.optional("faults")
        who = [self.by, *self.kept]
        running = [("r", d, k) for k in w.executions]
        stop = [("x", d), ("token", d), *w.optional(("g", d))]
        attempts = w.optional(("attempts", d))
        kept = w.optional(("accused", d), ("written", d), ("has arrived", d), ("grace", d), "wrong")
        claim = [*w.ledger, *w.own(d), ("claimed", d), *running, *who, *faults, *attempts, *kept]
        close = [*w.ledger, ("claimed", d), *who, *faults, *kept, *w.marks, ("weight", d), *w.optional("deaths")]
        close += [key for c in w.changes[d] for key in w.optional(("near", c), ("far", c), ("at", c), ("stale", d, c))]
        rows = [
            *self.component_rows(),
            *self.after_rows(),
            Row(self.me, self.at("begin"), [*w.own(d), *who, *stop], self.begin),
            Row(self.me, self.at("claim"), claim, self.claim),
            Row(self.me, self.at("close"), close, partial(self.close, phase=ROLLED_BACK)),
            Row(self.me, self.at("give up"), close, partial(self.close, phase=FAILED)),
        ]
        if self.k:
            components = [key for c in w.changes[d] for key in (("at", c), ("fresh", c), ("flying", c))]
            stable = [("stable", o, c) for o in w.all for c in w.changes[d]] if w.mutation else []
            sighted = w.optional(("sighted", d, self.k))
            near = w.optional(*(("near", c) for c in w.changes[d]), ("written", d), ("has arrived", d))
            keys = [("weight", d), *components, *sighted, *faults, *stable, *near]
            rows.append(Row(self.me, self.at("verify"), keys, self.verify))
            if near:
                keys = [("phase", d), ("trip", d), *near]
                rows.append(Row(self.me, self.at("arrived"), keys, self.arrived))
        return rows

    def begin(self, s: State) -> list[Move]:
        """Begin rollback: write the trip, and stop the deploy execution."""
        w, d = self.world, self.d
        changes: State = {} if w.rules.trip(w.item(s, d)) else {("trip", d): 1}
        if s["phase", d] not in ENDED:
            changes |= {("x", d): OVER, ("token", d): 0}
        return [Move(f"{self.name} begins: trip, stop", changes | self.go("claim"))]

    def claim(self, s: State) -> list[Move]:
        """Claim the rollback; or refuse what was not touched; or reopen what has ended. One transaction."""
        w, d, phase = self.world, self.d, s["phase", self.d]
        if phase in UNTOUCHED:
            return [Move(f"{self.name} finds nothing touched: rejected", w.refused(s, d, 9) | self.on("over"))]
        if phase in ENDED:
            return self._reopen(s)
        execution, former = self.execution(s), s["claimed", d]
        mine = phase == ROLLING_BACK and former == execution
        runs = bool(former) and former != execution and s["r", d, former] != OVER
        if w.mutation == "a claim does not ask who has it":
            runs = False
        if not mine and (reason := w.rules.claim(w.item(s, d), former_runs=runs)):
            return [Move(f"{self.name} has nothing to do: {reason}", self.on("over"))]
        changes: State = {("phase", d): ROLLING_BACK, ("claimed", d): execution}
        if ("attempts", d) in s:
            changes["attempts", d] = min(3, s["attempts", d] + 1)
        lost = w.fault(s, f"{self.name} claims it; the answer is lost", changes, "faults")
        return [Move(f"{self.name} claims it", changes | self._restoring(s)), *lost]

    def _reopen(self, s: State) -> list[Move]:
        w, d = self.world, self.d
        late = s[self.by] == ALARM and s["phase", d] == SUCCEEDED
        if s[self.by] != IN_PERSON and not late:
            return [Move(f"{self.name} has nothing to do: it has ended", self.on("over"))]
        lock, item = w.lock_for(s, d), w.item(s, d)
        reason = w.rules.reopen(lock, item)
        if w.mutation == "a notification blocks a rollback" and s["due", d]:
            reason = "its end is not told yet"
        if reason:
            # What a person asks for is refused because of the state alone, never because of a passing fault.
            wrong = {"broken": 1} if not Rules().reopen(lock, item) else {}
            return [Move(f"{self.name} is refused: {reason}", self.on("over") | wrong)]
        changes = w.reopened(d, self.execution(s))
        if late and s["accused", d] == WRONGLY:
            changes["wrong"] = MOVED_ANOTHER
        return [Move(f"{self.name} begins: it holds the lock again", changes | self._restoring(s))]

    def _restoring(self, s: State) -> State:
        """To the first component; a deployment in which no shift ever began has no traffic to restore."""
        if not self.k:
            return self.over()
        undone_first = self.program[self.at("claim") + 1][0] in UNSTAGE
        return {self.me: self.at("claim") + 1} if s["weight", self.d] or undone_first else self.go("verify")

    @property
    def restored(self) -> object:
        """What follows when all is restored: what staging has left is undone, and then it is closed."""
        index = self.at("arrived" if "arrived" in self.program else "verify")
        return "close" if self.world.mutation == "nothing is unstaged" else self.program[index + 1]

    def verify(self, s: State) -> list[Move]:
        """Verify restoration: read everything; ask again for as long as an answer may still come."""
        w, d = self.world, self.d
        names = w.changes[d] if s["weight", d] else ()
        if any(w.kinds[c] == "pointer" and (s["fresh", c] or s["flying", c]) for c in names) and (
            w.mutation != "a pointer's bound is not waited for in a rollback"
        ):
            return []  # A pointer's writes are bounded in time: it waits for that.
        again: State = {self.me: self.at("claim") + 1}
        sight: Key = ("sighted", d, self.k)
        if w.mutation == "an unanswered read counts as failed":
            unanswered = w.fault(s, f"{self.name} gets no answer: failed", self.go("give up"), "faults")
        else:
            unanswered = w.fault(s, f"{self.name} gets no answer: pending", again if names else {}, "faults")
        left = [c for c in names if not self._restored(s, c)]
        if not left and w.configuration.arrivals and names:
            return [*self._arriving(s, names), *unanswered]
        if not left:
            return [Move(f"{self.name} verifies that all is restored", self.go(self.restored)), *unanswered]
        if any(s["at", c] != w.hand for c in left):
            return [Move(f"{self.name} is pending: {' and '.join(left)}", again), *unanswered]
        if not s[sight]:
            return [Move(f"{self.name} sees a contradiction for the first time", again | {sight: 1}), *unanswered]
        return [Move(f"{self.name} sees the contradiction again: lasting", self.go("give up")), *unanswered]

    def _arriving(self, s: State, names: tuple[str, ...]) -> list[Move]:
        """It waits until visitors are served by what was restored, where that can be seen."""
        w, d = self.world, self.d
        same = s["written", d] == BACK or (w.mutation == "an arrival counts for every step" and s["written", d])
        known = (same and s["has arrived", d]) or w.mutation == "a rollback does not wait for its restoration"
        if known:
            return [Move(f"{self.name} knows that its restoration has arrived", self.go(self.restored))]
        noted: State = {} if same else {("written", d): BACK, ("has arrived", d): 0}
        if all(s["near", c] == w.content_back(d) for c in names):
            return [Move(f"{self.name} sees that its restoration has arrived", noted | self.go("arrived"))]
        return [Move(f"{self.name} notes that its restoration is written", noted)] if noted else []

    def arrived(self, s: State) -> list[Move]:
        """Note that the restoration has arrived, while the deployment is on its way back."""
        w, d = self.world, self.d
        noted = {} if w.rules.note_change(w.item(s, d), 0) else {("written", d): BACK, ("has arrived", d): 1}
        return [Move(f"{self.name} notes that its restoration has arrived", noted | self.go(self.restored))]

    def _restored(self, s: State, c: str) -> bool:
        w, d = self.world, self.d
        if w.mutation in {"the verification does not ask for the seal", "what is there already is not sealed"}:
            return w.traffic(s, c) == s["stable", d, c]
        return s["at", c] == w.content_back(d)

    def close(self, s: State, phase: int) -> list[Move]:
        """Close deployment: one transaction."""
        w, d = self.world, self.d
        if reason := w.rules.close_back(w.item(s, d), self.execution(s)):
            return [Move(f"{self.name} may not close it: {reason}", self.on("over"))]
        back = phase == ROLLED_BACK
        live, held = (s["previous", d], 0) if back else (s["live"], d)
        changes = w.ended(s, d, phase) | w.released(s, d, live, held) | {("claimed", d): NOBODY}
        if Rules().close_back(w.item(s, d), self.execution(s)):
            changes["broken"] = 1  # I3: an end is true because the one that writes it has claimed the rollback.
        if back:
            changes |= self._kept(s)
        label = f"{self.name} closes it: {'rolled back' if back else 'rollback failed'}"
        lost = w.fault(s, f"{label}; the answer is lost", changes, "faults")
        returns = w.noted(s, d, BACK_AGAIN) if back and s["weight", d] else {}
        if returns and w.mutation == "a return is noted after the end":
            lost += w.fault(s, f"{label}, and dies", changes | self.on("over"), "deaths")
        return [Move(label, changes | returns | self.on("over")), *lost]

    def _kept(self, s: State) -> State:
        """What was staged is kept for a while, if visitors could get it; and whether the end is true where they are."""
        w, d = self.world, self.d
        changes: State = {}
        if w.configuration.discards and w.changes[d]:
            changes["grace", d] = GRACE if s["weight", d] else GRACE_OVER
            changes |= {("stale", d, c): int(s["far", c] != s["at", c]) for c in w.changes[d]}
        if w.configuration.arrivals:
            there = all(s["near", c] == w.content_back(d) for c in w.changes[d])
            changes |= {"wrong": CLOSED_EARLY} if w.rules.restored(w.item(s, d), arrived=there) else {}
        return changes


class Aside(Restorer):
    """What restores traffic beside the rollback machine: an alarm, or a person in an emergency."""

    def __init__(self, world: World, d: int, who: str) -> None:
        """`who` is `a` or `e`."""
        super().__init__(world, d, (who, d), world.aside[d])

    def rows(self) -> list[Row]:
        """What it does at each step."""
        w, d = self.world, self.d
        later = w.optional(("written", d), ("has arrived", d), ("grace", d))
        trip = [*w.ledger, *w.own(d), ("claimed", d), *later]
        return [*self.component_rows(), Row(self.me, self.at("trip"), trip, self.trip)]

    def trip(self, s: State) -> list[Move]:
        """Write the trip, and go on if there is traffic to restore; reopen what has ended: an alarm may come late."""
        w, d = self.world, self.d
        item, changes = w.item(s, d), {}
        if not w.rules.trip(item):
            changes = {("trip", d): 1}
        elif self.me[0] == "e" and s["phase", d] in ENDED:
            if reason := w.rules.reopen(w.lock(s), item):
                return [Move(f"{self.name} is refused: {reason}", self.go("over"))]
            changes = w.reopened(d, NOBODY)
        elif s["phase", d] in ENDED:
            if s["phase", d] != SUCCEEDED or w.rules.reopen(w.lock(s), item):
                return [Move(f"{self.name} comes too late", self.go("over"))]
            changes = w.reopened(d, NOBODY)
        then = {self.me: self.at("trip") + 1} if s["weight", d] else self.go("over")
        return [Move(f"{self.name} writes the trip", changes | then)]


def troubles(w: World, process: Rollback | Aside) -> list[Row]:
    """What happens to it: it dies, or an attempt is replaced and goes on later."""
    found = []
    late: Key = ("gr", process.d)
    for step in process.program[1:]:
        c = step[1] if isinstance(step, tuple) else ""
        keys = [*([(_read(step), c)] if c else []), *w.optional("deaths", "lates")]
        if isinstance(process, Rollback):
            keys += [process.by, *w.optional(late, ("gr of", process.d), ("gr by", process.d))]
        found.append(Row(process.me, process.at(step), keys, partial(_trouble, process, step=step, c=c)))
    return found


def _trouble(process: Rollback | Aside, s: State, step: object, c: str) -> list[Move]:
    w, d, me = process.world, process.d, process.me
    read = _read(step)
    mine = {(read, c): s[read, c] & ~process.bit} if c else {}
    moves = w.fault(s, f"{process.name} dies", {me: OVER} | mine, "deaths")
    if isinstance(process, Aside) or step == "verify" or s.get(("gr", d), 1) != OVER:
        return moves
    ghost: State = {("gr", d): process.at(step), ("gr of", d): process.k, ("gr by", d): s[process.by]}
    if c:
        had = s[read, c] & process.bit
        ghost[read, c] = s[read, c] & ~process.bit | (w.bits["gr", d] if had else 0)
    first = "see" if read == "seen" else w.steps(c)[0] if c else ""
    start = (first, c) if c else "begin" if step in {"begin", "claim"} else step
    moves += w.fault(s, f"{process.name} is stopped; its Lambda goes on", ghost | {me: OVER}, "deaths", "lates")
    moves += w.fault(
        s, f"{process.name}'s state is tried again; the first attempt goes on", ghost | process.go(start), "lates"
    )
    return moves


def _read(step: object) -> str:
    """The field that says whose reading is still good."""
    return "seen" if isinstance(step, tuple) and step[0] in UNSTAGE else "fresh"


def begun(w: World, d: int) -> list[Row]:
    """Alarms, and what people ask for."""
    rows = []
    if ("a", d) in w.sizes and not w.configuration.graces:
        rows.append(Row(("a", d), OVER, [("phase", d), "alarms"], partial(_alarm, w, d)))
    if ("e", d) in w.sizes:
        keys = [("e", d), *w.start_keys(d), *w.ledger, "requests"]
        if w.budget("hands"):
            keys += [key for c in w.changes[d] for key in (("at", c), *(("stable", o, c) for o in w.all))]
        rows.append(Row(("e", d), OVER, keys, partial(_request, w, d)))
    return rows


def _alarm(w: World, d: int, s: State) -> list[Move]:
    if s["phase", d] in {NONE, UPLOADED}:
        return []
    return w.fault(s, f"An alarm fires that guards D{d}", {("a", d): 1}, "alarms")


def _request(w: World, d: int, s: State) -> list[Move]:
    """A person asks for the rollback of the live release, of the one on its way, or again; or unlocks."""
    spent = w.spend(s, "requests")
    if spent is None or s["phase", d] in {NONE, UPLOADED}:
        return []
    moves = []
    lock, item = w.lock(s), w.item(s, d)
    started = w.started(s, d, by=IN_PERSON)
    if started is not None and s["phase", d] not in {ROLLED_BACK, 9, 10}:
        moves.append(Move(f"A person asks for the rollback of D{d}", started | spent, START))
        both = started | {("e", d): 1}
        moves.append(Move(f"A person asks for the emergency rollback of D{d}", both | spent, START))
    if s["phase", d] not in {ROLLED_BACK, 9, 10}:
        moves.append(
            Move(f"A person's emergency rollback of D{d}; the machine is not started", {("e", d): 1} | spent, START)
        )
    if w.budget("hands") and not w.rules.unlock(lock, item):
        live = s["live"] if w.mutation == "unlock keeps what was live" else d
        # What is live is a mixture now: it may not be called by the name of a release.
        mixture = any(w.traffic(s, c) != s["stable", d, c] for c in w.changes[d])
        wrong = {"broken": 1} if mixture and live != d else {}
        changes = {"held": 0, "live": live} | spent | wrong
        moves.append(Move(f"A person unlocks the environment after D{d}", changes, START))
    return moves


def rows(w: World) -> list[Row]:
    """All rows of the way back."""
    found: list[Row] = []
    for d in w.all:
        for k in w.executions:
            machine = Rollback(w, d, k)
            found += [*machine.rows(), *troubles(w, machine)]
        if ("gr", d) in w.sizes:
            found += Rollback(w, d, 0).rows()
        for who in ("a", "e"):
            if (who, d) in w.sizes:
                aside = Aside(w, d, who)
                found += [*aside.rows(), *troubles(w, aside)]
        found += begun(w, d)
    return found
