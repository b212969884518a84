"""What goes on around the machines: writes that land late, the reconciler, what is due after an end, leases, hands."""

from functools import partial

from tests.model.forward import landed
from tests.model.space import FAULT, Key, Move, Row, State
from tests.model.world import (
    DONE,
    ENDED,
    FAILED,
    NOBODY,
    OVER,
    QUEUED,
    RECEIVED,
    REJECTED,
    ROLLING_BACK,
    SHIFTING,
    STAGING,
    UNTOUCHED,
    UPLOADED,
    World,
)

START_IT, REFUSE, ROLL_BACK, ANSWER, FINISH = range(5)
SAID = ("start its deploy machine", "reject it", "start its rollback", "answer its task token", "finish it")
CLAIMED, SENT = 1, 2


def landing(w: World, c: str) -> list[Row]:
    """Writes whose callers have given up: each lands at any later time, or never."""
    keys = ["broken", ("at", c), ("fresh", c), *w.optional(("next", c), ("publishing", c))]
    count = w.sizes["flying", c]
    found = [Row(("flying", c), value, keys, partial(_land, w, c)) for value in range(1, count + 1)]
    if w.kinds[c] == "site":
        found.append(
            Row(("publishing", c), 1, ["broken", ("at", c), ("next", c), ("fresh", c)], partial(_publish, w, c))
        )
    return found


def _land(w: World, c: str, s: State) -> list[Move]:
    moves = []
    for content in w.contents(s["flying", c]):
        left = s["flying", c] & ~w.flying(content)
        moves.append(Move(f"A write to the {c} never lands", {("flying", c): left}))
        if w.kinds[c] == "site":
            changes = {("next", c): content, ("fresh", c): 0, ("flying", c): 0, ("publishing", c): 0}
        else:
            changes = {("flying", c): left} | landed(w, s, c, content)
        moves.append(Move(f"A late write lands on the {c}: {w.said(content)}", changes))
    return moves


def _publish(w: World, c: str, s: State) -> list[Move]:
    late = Move(f"A late publish of the {c} lands", {("publishing", c): 0} | landed(w, s, c, s["next", c]))
    return [late, Move(f"A publish of the {c} never lands", {("publishing", c): 0})]


def reconciler(w: World, i: int) -> list[Row]:
    """One reconciler: it reads a deployment, decides, and acts later."""
    rows = []
    me: Key = ("c", i)
    for d in w.all:
        seen = [("phase", d), ("granted", d), ("x", d), ("token", d), ("claimed", d), ("due", d), ("told", d)]
        seen += [*w.optional(("lapsed", d), ("attempts", d)), *[("r", d, k) for k in w.executions]]
        rows.append(Row(me, OVER, seen, partial(_decide, w, i, d)))
        code = len(DONE) * (d - 1) + 1
        rows += [
            Row(me, code + START_IT, [("phase", d), ("x", d)], partial(_start, w, i, d)),
            Row(me, code + REFUSE, [*w.ledger, *w.optional(("attempts", d))], partial(_refuse, w, i, d)),
            Row(me, code + ROLL_BACK, w.start_keys(d), partial(_roll_back, w, i, d)),
            Row(me, code + ANSWER, answered_keys(w, d), partial(_answer, w, i, d)),
            Row(me, code + FINISH, _finish_keys(w, d), partial(_finish, w, i, d)),
        ]
    return rows


def _decide(w: World, i: int, d: int, s: State) -> list[Move]:
    phase, running = s["phase", d], s["x", d] != OVER
    if phase == ROLLING_BACK:
        running = bool(s["claimed", d]) and s["r", d, s["claimed", d]] != OVER
    late = bool(s.get(("lapsed", d)))
    decided = None
    if phase == UPLOADED:
        decided = START_IT
    elif phase in UNTOUCHED:
        waits = phase == QUEUED and s["granted", d] and s["x", d] == w.forward[d].index("wait")
        if not running or late:
            decided = REFUSE
        elif waits and s["token", d]:
            decided = ANSWER  # It answers an expired token, too; that changes nothing and is left out.
    elif phase in {STAGING, SHIFTING, ROLLING_BACK} and (not running or late):
        decided = ROLL_BACK
        if s.get(("attempts", d), 0) > 1:
            decided = REFUSE
    elif phase in ENDED and s["due", d] and w.mutation in UNCLAIMED:
        decided = FINISH
    if decided is None:
        return []
    return [Move(f"Reconciler {i} reads D{d}: {SAID[decided]}", {("c", i): len(DONE) * (d - 1) + 1 + decided})]


UNCLAIMED = {"what is due is not claimed", "the lock is released after the end"}


def _start(w: World, i: int, d: int, s: State) -> list[Move]:
    changes = {} if s["phase", d] != UPLOADED else {("phase", d): RECEIVED, ("x", d): w.forward[d].index("ask")}
    return [Move(f"Reconciler {i} starts D{d}", changes | {("c", i): OVER})]


def _refuse(w: World, i: int, d: int, s: State) -> list[Move]:
    if s.get(("attempts", d), 0) > 1 and s["phase", d] == ROLLING_BACK:
        changes = w.ended(s, d, FAILED) | w.released(s, d, s["live"], d)
        return [Move(f"Reconciler {i} gives D{d} up", changes | {("c", i): OVER})]
    if reason := w.rules.refuse(w.item(s, d)):
        return [Move(f"Reconciler {i} leaves D{d}: {reason}", {("c", i): OVER})]
    return [Move(f"Reconciler {i} rejects D{d}", w.refused(s, d, REJECTED) | {("c", i): OVER})]


def _roll_back(w: World, i: int, d: int, s: State) -> list[Move]:
    started = None if s["phase", d] in ENDED else w.started(s, d, by=NOBODY)
    return [Move(f"Reconciler {i} starts the rollback of D{d}", (started or {}) | {("c", i): OVER})]


def answered_keys(w: World, d: int) -> list[Key]:
    """What answering a task token reads and writes."""
    return [("phase", d), ("granted", d), ("token", d), ("x", d)]


def answered(w: World, s: State, d: int) -> State:
    """The deploy execution goes on if it waits and its token is known."""
    if s["x", d] != w.forward[d].index("wait") or not s["token", d]:
        return {}
    if s["phase", d] == QUEUED and s["granted", d]:
        return {("x", d): w.forward[d].index("record"), ("token", d): 0}
    return {("x", d): OVER, ("token", d): 0} if s["phase", d] in ENDED else {}


def _answer(w: World, i: int, d: int, s: State) -> list[Move]:
    return [Move(f"Reconciler {i} answers D{d}'s task token", answered(w, s, d) | {("c", i): OVER})]


def _finish_keys(w: World, d: int) -> list[Key]:
    keys = [*w.ledger, ("told", d)]
    for other in w.all:
        keys += answered_keys(w, other)
    return keys


def _finish(w: World, i: int, d: int, s: State) -> list[Move]:
    """The old way, for mutations: nobody claims what is due, and it is done from a copy that may be old."""
    changes: State = {("c", i): OVER, ("due", d): max(0, s["due", d] - 1)}
    changes |= {("untold", d): s["untold", d] - 1} if s["untold", d] else {"broken": 1}
    if w.mutation == "the lock is released after the end" and s["holder"] == d:
        changes |= {"holder": 0, "waiting": 0}
        if other := s["waiting"]:
            changes |= w.granted(other, s["live"])
    for other in w.all:
        changes |= answered(w, s | changes, other)
    return [Move(f"Reconciler {i} finishes D{d} and tells it", changes)]


def due(w: World, d: int) -> list[Row]:
    """What is due after the ends of a deployment, by whoever claims it: the closer or a reconciler, once it is free."""
    others = [key for other in w.all for key in answered_keys(w, other)]
    deaths = w.optional("deaths")
    if w.mutation in UNCLAIMED:
        return []
    if not w.configuration.finishers:
        return [Row(("told", d), 0, [("due", d), ("untold", d), *others], partial(_done_at_once, w, d))]
    return [
        Row(("told", d), 0, [("due", d)], partial(_claim_due, d)),
        Row(("told", d), CLAIMED, [("due", d), ("untold", d), "broken", *others, *deaths], partial(_tell, w, d)),
        Row(("told", d), SENT, [("due", d), ("untold", d), *deaths], partial(_note, w, d)),
    ]


def _claim_due(d: int, s: State) -> list[Move]:
    return [Move(f"Somebody claims what is due after D{d}'s end", {("told", d): CLAIMED})] if s["due", d] else []


def _done_at_once(w: World, d: int, s: State) -> list[Move]:
    if not s["due", d]:
        return []
    changes: State = {("due", d): s["due", d] - 1, ("untold", d): s["untold", d] - 1}
    for other in w.all:
        changes |= answered(w, s | changes, other)
    return [Move(f"What is due after D{d}'s end is done", changes)]


def _tell(w: World, d: int, s: State) -> list[Move]:
    changes: State = {("told", d): SENT}
    for other in w.all:
        changes |= answered(w, s | changes, other)
    changes |= {("untold", d): s["untold", d] - 1} if s["untold", d] else {"broken": 1}
    died = w.fault(s, f"The finisher of D{d} dies; its claim expires", {("told", d): 0}, "deaths")
    return [Move(f"D{d}'s end is told, and tokens are answered", changes), *died]


def _note(w: World, d: int, s: State) -> list[Move]:
    # Told and not noted: it is told again. That once more is owed to the death, not to the protocol.
    again = {("told", d): 0, ("untold", d): s["untold", d] + 1}
    died = w.fault(s, f"The finisher of D{d} dies before it notes that", again, "deaths")
    return [Move(f"What was due after D{d}'s end is done", {("told", d): 0, ("due", d): s["due", d] - 1}), *died]


def leases(w: World, d: int) -> list[Row]:
    """A lease runs out: by chance while the execution is slow; for certain when it hangs.

    That stands also for a trip on which the execution does not act: then, too, a rollback begins while it runs.
    """
    if ("lapsed", d) not in w.sizes:
        return []
    return [Row(("lapsed", d), 0, [("phase", d), ("granted", d), ("x", d), "lapses"], partial(_lapse, w, d))]


def _lapse(w: World, d: int, s: State) -> list[Move]:
    if s["phase", d] not in {RECEIVED, QUEUED, STAGING, SHIFTING} or (s["phase", d] == QUEUED and not s["granted", d]):
        return []
    label = f"D{d}'s lease runs out"
    if s["x", d] == w.forward[d].index("hung"):
        return [] if w.mutation == "the reconciler renews the lease" else [Move(label, {("lapsed", d): 1})]
    return [] if s["phase", d] == RECEIVED else w.fault(s, label, {("lapsed", d): 1}, "lapses")


def hands(w: World, c: str) -> list[Row]:
    """A person changes a component by hand, or restores it by hand while its environment is held."""
    if not w.budget("hands"):
        return []
    keys = [("at", c), ("fresh", c), ("flying", c), *w.optional(("next", c), ("publishing", c)), "held"]
    return [Row("hands", value, keys, partial(_hand, w, c)) for value in range(1, w.budget("hands") + 1)]


def _hand(w: World, c: str, s: State) -> list[Move]:
    def wrote(content: int) -> State:
        changes: State = {("at", c): content, ("fresh", c): 0, ("flying", c): 0, "hands": s["hands"] - 1}
        return changes | ({("next", c): content, ("publishing", c): 0} if ("next", c) in s else {})

    moves = []
    if s["at", c] != w.hand:
        moves.append(Move(f"A person changes the {c} by hand", wrote(w.hand), FAULT))
    elif s["held"]:
        moves.append(Move(f"A person restores the {c} by hand", wrote(w.content_mended(s["held"])), FAULT))
    return moves


def rows(w: World) -> list[Row]:
    """All of these rows."""
    found = [row for c in w.kinds for row in [*landing(w, c), *hands(w, c)]]
    for i in w.reconcilers:
        found += reconciler(w, i)
    for d in w.all:
        found += [*due(w, d), *leases(w, d)]
    return found
