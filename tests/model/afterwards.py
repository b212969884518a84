"""What comes later: changes that arrive, alarms after the end, and what is kept for a while and discarded then.

All of it is in the configurations that ask for it alone: `arrivals`, `graces`, `discards`.
"""

from functools import partial

from tests.model.space import START, Key, Move, Row, State
from tests.model.world import (
    ALARM,
    ANOTHERS,
    BEFORE_IT,
    DONE,
    EARLIER,
    GRACE,
    GRACE_OVER,
    ITS_OWN,
    MOVED_ANOTHER,
    NO_GRACE,
    NOBODY,
    NONE,
    OVER,
    OVERTAKEN,
    QUEUED,
    RECEIVED,
    RIGHTLY,
    ROLLED_BACK,
    ROLLING_BACK,
    SUCCEEDED,
    TOO_LATE,
    TOUCHED,
    UNGUARDED,
    UPLOADED,
    WRONGLY,
    World,
)

TRY_AGAIN, LET_GO, BE_QUIET, DISCARD, END_GRACE = range(5, 10)
MOVING = TOUCHED | {RECEIVED, QUEUED}


def places(w: World, c: str) -> list[Row]:
    """A change arrives at a place some time after it was written; what was written since then arrives with it."""
    stale = w.optional(*(("stale", d, c) for d in w.all))
    return [
        Row(place, value, [("at", c), *(stale if place[0] == "far" else [])], partial(_arrive, place, c, stale))
        for place in w.optional(("near", c), ("far", c))
        for value in range(w.hand + 1)
    ]


def _arrive(place: Key, c: str, stale: list[Key], s: State) -> list[Move]:
    if s[place] == s["at", c]:
        return []
    caught_up = dict.fromkeys(stale, 0) if place[0] == "far" else {}
    return [Move(f"The {c}'s change arrives ({place[0]})", caught_up | {place: s["at", c]})]


def graces(w: World, d: int) -> list[Row]:
    """The grace of a deployment is over: it is longer than any place needs to learn of what was written at its end."""
    if ("grace", d) not in w.sizes:
        return []
    stale = w.optional(*(("stale", d, c) for c in w.changes[d]))
    return [Row(("grace", d), GRACE, [("phase", d), *stale], partial(_passes, d, stale))]


def _passes(d: int, stale: list[Key], s: State) -> list[Move]:
    if s["phase", d] == ROLLED_BACK and any(s[place] for place in stale):
        return []
    return [Move(f"The grace of D{d} is over", {("grace", d): GRACE_OVER})]


def deletions(w: World, c: str) -> list[Row]:
    """A deletion that is on its way takes effect at any later time."""
    if ("gone", c) not in w.sizes:
        return []
    return [
        Row(("deleting", c), value, [("gone", c)], partial(_delete, c)) for value in range(1, w.sizes["gone", c] + 1)
    ]


def _delete(c: str, s: State) -> list[Move]:
    one = s["deleting", c] & -s["deleting", c]
    said = f"A deletion of the {c} takes effect: what D{one.bit_length()} staged"
    return [Move(said, {("deleting", c): s["deleting", c] & ~one, ("gone", c): s["gone", c] | one})]


class Reconciling:
    """What a reconciler does for a deployment that has ended and is in its grace."""

    def __init__(self, world: World, i: int, d: int) -> None:
        """The reconciler `i`, this deployment."""
        self.world, self.i, self.d = world, i, d
        self.me: Key = ("c", i)
        self.name = f"Reconciler {i}"

    def at(self, action: int) -> int:
        """The counter's value."""
        return len(DONE) * (self.d - 1) + 1 + action

    def rows(self) -> list[Row]:
        """Deciding, and acting later."""
        w, d = self.world, self.d
        if not (w.configuration.graces or w.configuration.discards):
            return []
        own = [("phase", d), ("grace", d), *w.optional(("accused", d), ("owed", d))]
        rows = [Row(self.me, OVER, [*own, *w.lived], self.decide)]
        if w.configuration.graces:
            rows += [
                Row(self.me, self.at(TRY_AGAIN), [*own, *w.lived, *w.start_keys(d)], self.try_again),
                Row(self.me, self.at(LET_GO), [*own], self.let_go),
            ]
        if w.configuration.discards:
            parts: list[Key] = [key for c in w.kinds for key in (("deleting", c), *(("stable", o, c) for o in w.all))]
            others = [key for o in w.all for key in (("phase", o), ("previous", o), ("grace", o))]
            quiet = [("known live", self.i), *w.optional("deaths")]
            rows += [
                Row(self.me, self.at(BE_QUIET), [*own, *w.ledger, *quiet], self.be_quiet),
                Row(self.me, self.at(DISCARD), [*own, *w.lived, *quiet, *parts, *others], self.discard),
                Row(self.me, self.at(END_GRACE), [*own], self.end_grace),
            ]
        return rows

    def _to(self, action: int, why: str) -> list[Move]:
        return [Move(f"{self.name} reads D{self.d}: {DONE[action]} ({why})", {self.me: self.at(action)})]

    def decide(self, s: State) -> list[Move]:
        """Read the deployment, and the lock if it is accused."""
        w, d = self.world, self.d
        grace, phase = s["grace", d], s["phase", d]
        if phase == ROLLED_BACK and grace and w.configuration.discards:
            over = grace == GRACE_OVER or w.mutation == "a discard does not wait for the grace"
            return self._to(BE_QUIET, "its grace is over") if over else []
        if phase != SUCCEEDED or not grace or not w.configuration.graces:
            return []
        if s["accused", d]:
            return self._accused(s)
        return self._to(LET_GO, "its guard is over") if grace == GRACE_OVER else []

    def _accused(self, s: State) -> list[Move]:
        w, d = self.world, self.d
        if s["holder"] or s["held"]:
            return []  # If the next release is rolled back, this one is live again.
        if w.known(s, s["live"]) == d:
            return self._to(TRY_AGAIN, "it is accused")
        if s["grace", d] != GRACE_OVER:
            return []
        gone: State = {} if w.brought(s, s["live"]) == d else {("owed", d): 0}
        return [Move(f"{self.name} lets the accused D{d} go: it is not live", gone | {("grace", d): NO_GRACE})]

    def try_again(self, s: State) -> list[Move]:
        """Start the rollback that could not begin when the alarm came."""
        started = self.world.started(s, self.d, by=ALARM) if s["phase", self.d] == SUCCEEDED else None
        return [Move(f"{self.name} starts the rollback of the accused D{self.d}", (started or {}) | {self.me: OVER})]

    def let_go(self, s: State) -> list[Move]:
        """End its guard; on condition that it was not accused meanwhile."""
        w, d = self.world, self.d
        accused = s["accused", d] and w.mutation != "a guard ends although it is accused meanwhile"
        changes = {} if accused or s["phase", d] != SUCCEEDED else {("grace", d): NO_GRACE}
        return [Move(f"{self.name} ends the guard of D{d}", changes | {self.me: OVER})]

    def be_quiet(self, s: State) -> list[Move]:
        """Let the next holder wait for what is deleted now; only while nobody holds the lock. One transaction."""
        w = self.world
        if w.mutation != "a discard does not look at the lock" and w.rules.keep_quiet(w.lock(s)):
            return [Move(f"{self.name} discards nothing of D{self.d}: the lock is held", {self.me: OVER})]
        changes = {self.me: self.at(DISCARD), ("known live", self.i): s["live"]}
        return [Move(f"{self.name} may discard what D{self.d} staged", changes)]

    def discard(self, s: State) -> list[Move]:
        """Delete what nobody else needs, while still nobody holds the lock."""
        w, d = self.world, self.d
        forgotten: State = {("known live", self.i): 0}
        died = w.fault(s, f"{self.name} dies", forgotten | {self.me: OVER}, "deaths")
        early = w.mutation == "a discard does not wait for the grace"
        if w.rules.discard(w.item(s, d), over=early or s["grace", d] == GRACE_OVER):
            return [Move(f"{self.name} finds D{d} discarded", forgotten | {self.me: OVER})]
        if s["holder"] and w.mutation != "a discard does not look at the lock":
            return [Move(f"{self.name} leaves the rest of D{d}: the lock is held", forgotten | {self.me: OVER}), *died]
        changes: State = {}
        for c in w.changes[d]:
            if not w.revision(d) & (self._kept(s, c) | self._of_others(s, c)):
                changes["deleting", c] = s["deleting", c] | w.revision(d)
        return [
            Move(f"{self.name} discards what D{d} staged", changes | forgotten | {self.me: self.at(END_GRACE)}),
            *died,
        ]

    def _kept(self, s: State, c: str) -> int:
        """What is live, what was before it, and so on."""
        w, kept, live = self.world, 0, s["known live", self.i]
        if w.mutation == "a discard does not look at what is live":
            return 0
        while live:
            if s["phase", live] != ROLLED_BACK:
                kept |= w.revision(live) if c in w.changes[live] else 0
                kept |= (
                    0
                    if w.mutation == "a discard does not look at the restore point"
                    else w.revision(s["stable", live, c])
                )
            live = 0 if w.mutation == "a discard does not look at the restore point" else s["previous", live]
        return kept

    def _of_others(self, s: State, c: str) -> int:
        """What the deployments have staged that are on their way, or in their grace."""
        w, kept = self.world, 0
        if w.mutation == "a discard does not look at the others":
            return 0
        for o in w.all:
            on_its_way = s["phase", o] in TOUCHED | {ROLLING_BACK}
            if o != self.d and c in w.changes[o] and (on_its_way or s["grace", o]):
                kept |= w.revision(o)
        return kept

    def end_grace(self, s: State) -> list[Move]:
        """Note that it is done."""
        changes = {("grace", self.d): NO_GRACE} if s["phase", self.d] == ROLLED_BACK else {}
        return [Move(f"{self.name} has discarded D{self.d}", changes | {self.me: OVER})]


class News:
    """An alarm fires, and is handled later: it trips what goes forward, and what has ended well is rolled back late."""

    def __init__(self, world: World) -> None:
        """One at a time."""
        self.world = world

    def at(self, step: str, d: int) -> int:
        """The counter's value."""
        return self.world.news.index((step, d))

    def rows(self) -> list[Row]:
        """What it does for each deployment that it guards."""
        w = self.world
        phases = [("phase", d) for d in w.all]
        kept = [key for d in w.all for key in (("grace", d), ("mark", d), ("stamp", d), ("owed", d), ("weight", d))]
        rows = [Row("news", OVER, [*w.lived, *phases, *kept, "about", "alarms"], self.fire)]
        ends = [("stamp", d) for d in w.all] + [("owed", d) for d in w.all]
        for d in w.all:
            item = [*w.own(d), ("accused", d), ("grace", d), ("a", d), "about", "wrong"]
            locked = [*w.lived, *w.ledger, ("claimed", d), *w.optional(("written", d), ("has arrived", d))]
            holders = [key for o in w.all for key in (*w.own(o), ("a", o))]
            for step, keys in (
                ("look", item),
                ("note", item),
                ("begin", [*item, *locked]),
                ("start", [*item, *w.start_keys(d)]),
                ("holder", [*item, *locked, *holders]),
            ):
                rows.append(Row("news", self.at(step, d), [*keys, *ends], partial(getattr(self, step), d)))
                gone = ["about", *ends, *w.optional("deaths"), *(("accused", o) for o in w.all)]
                rows.append(Row("news", self.at(step, d), gone, self.die))
        return rows

    # It fires.

    def fire(self, s: State) -> list[Move]:
        """It is about the newest release that visitors could get; its data are of this moment."""
        w = self.world
        holder = s["holder"]
        about = holder if holder and s["weight", holder] else w.brought(s, s["live"])
        spent = w.spend(s, "alarms")
        if not about or spent is None:
            return []
        stamps: State = {("stamp", d): self._stamp(s, d) for d in w.all}
        guarded = s["phase", about] in TOUCHED or (s["phase", about] == SUCCEEDED and s["grace", about] == GRACE)
        changes = stamps | {("owed", about): int(guarded), "about": about, "news": self.at("look", 1)} | spent
        return [Move(f"An alarm fires; it is about D{about}", changes, START)]

    def _stamp(self, s: State, d: int) -> int:
        if s["phase", d] in {NONE, UPLOADED}:
            return EARLIER
        if s["phase", d] == SUCCEEDED and s["grace", d] != GRACE:
            return ITS_OWN if self.world.mutation == "an alarm counts after the guard" else TOO_LATE
        if not s["weight", d]:
            return BEFORE_IT
        return ANOTHERS if s["mark", d] == OVERTAKEN else ITS_OWN

    # It is handled.

    def _next(self, s: State, d: int, changes: State) -> State:
        """The next deployment that it guards; what is known of it is forgotten after the last one."""
        if d < len(self.world.all):
            return changes | {"news": self.at("look", d + 1)}
        return changes | self._forgotten()

    def _forgotten(self) -> State:
        return {("stamp", d): 0 for d in self.world.all} | {"news": OVER, "about": 0}

    def die(self, s: State) -> list[Move]:
        """Its event is lost; what is noted stays."""
        lost = {("owed", s["about"]): 0} if s["about"] and not s["accused", s["about"]] else {}
        return self.world.fault(s, "The alarm's handler dies", self._forgotten() | lost, "deaths")

    def look(self, d: int, s: State) -> list[Move]:
        """Trip what goes forward, at once; of what has ended well, see whether it is guarded, and what the data say."""
        w, stamp, phase = self.world, s["stamp", d], s["phase", d]
        if phase in TOUCHED and stamp != EARLIER:
            return [Move(f"The alarm trips D{d}", self._next(s, d, self._trip(s, d)))]
        if phase == SUCCEEDED and stamp == ITS_OWN and not w.rules.accuse(w.item(s, d)):
            return [Move(f"The alarm is about D{d}, which has ended", {"news": self.at("note", d)})]
        late = {("owed", d): 0} if s["about"] == d and phase == SUCCEEDED and s["grace", d] == NO_GRACE else {}
        return [Move(f"The alarm says nothing about D{d}", self._next(s, d, late))]

    def _trip(self, s: State, d: int) -> State:
        """Write the trip, and begin to restore."""
        w = self.world
        if w.rules.trip(w.item(s, d)):
            return {}
        return {("trip", d): 1} | (self._restoring(d) if s["weight", d] and s["a", d] == OVER else {})

    def _restoring(self, d: int) -> State:
        return {("a", d): self.world.aside[d].index("trip") + 1}

    def note(self, d: int, s: State) -> list[Move]:
        """Note it, so that it is not forgotten; what the reconciler has just let go is looked after again."""
        w = self.world
        if s["phase", d] != SUCCEEDED:
            return [Move(f"D{d} is not over any more", self._next(s, d, {}))]
        then: State = {"news": self.at("begin", d)}
        if w.mutation == "a late alarm is not noted":
            return [Move(f"The alarm about D{d} is not noted", then)]
        changes = then | {("accused", d): s["accused", d] or (RIGHTLY if s["about"] == d else WRONGLY)}
        if s["grace", d] == NO_GRACE and w.mutation != "what is let go is accused":
            changes["grace", d] = GRACE_OVER
        return [Move(f"The alarm about D{d} is noted", changes)]

    def begin(self, d: int, s: State) -> list[Move]:
        """Take the lock for its rollback, if it is live and nobody holds the lock."""
        w = self.world
        lock, item = w.lock_for(s, d), w.item(s, d)
        if w.mutation == "a late alarm does not ask what is live" and s["phase", d] == SUCCEEDED:
            lock = type(lock)(lock.holder, lock.waiting, d, lock.held_by)
        if w.rules.reopen(lock, item) or s["phase", d] != SUCCEEDED:
            forgets = w.mutation == "a refused rollback forgets its alarm"
            changes: State = {("accused", d): 0} if forgets else {}
            return [Move(f"D{d} cannot be rolled back now", changes | {"news": self.at("holder", d)})]
        changes = w.reopened(d, NOBODY) | self._restoring(d) | {"news": self.at("start", d)}
        if s["accused", d] == WRONGLY or s["about"] != d:
            changes["wrong"] = MOVED_ANOTHER
        elif s["stamp", d] == TOO_LATE or not s["owed", d]:
            changes["wrong"] = UNGUARDED
        return [Move(f"D{d} is rolled back late: it holds the lock again", changes)]

    def start(self, d: int, s: State) -> list[Move]:
        """Start the rollback machine."""
        started = self.world.started(s, d, by=ALARM) or {}
        return [Move(f"The rollback machine of D{d} is started", self._next(s, d, started))]

    def holder(self, d: int, s: State) -> list[Move]:
        """Stop the one that holds the lock, if it stands on the accused release."""
        w, h = self.world, s["holder"]
        blind = w.mutation == "a late alarm stops whoever holds the lock" and h not in {0, d}
        refused = w.rules.stop(w.lock_for(s, d), w.item(s, d))
        if (refused and not blind) or s["phase", h] not in MOVING:
            return [Move(f"The alarm about D{d} stops nobody", self._next(s, d, {}))]
        wrong = {"wrong": MOVED_ANOTHER} if refused or s["about"] != d else {}
        return [
            Move(f"The alarm about D{d} stops D{h}, which stands on it", self._next(s, d, self._trip(s, h) | wrong))
        ]


def rows(w: World) -> list[Row]:
    """All of these rows."""
    found = [row for c in w.kinds for row in [*places(w, c), *deletions(w, c)]]
    for d in w.all:
        found += graces(w, d)
        for i in w.reconcilers:
            found += Reconciling(w, i, d).rows()
    return [*found, *(News(w).rows() if w.configuration.graces else [])]
