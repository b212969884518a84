"""What must hold in every state, and what must hold wherever no process can go on by itself."""

from collections.abc import Mapping
from functools import partial

from tests.model.in_place import before_visitors, once_at_a_time, whoever_bypasses
from tests.model.search import Property
from tests.model.space import Key, State
from tests.model.world import (
    BAKED_EARLY,
    BEGUN_LATE,
    CLOSED_EARLY,
    ENDED,
    FAILED,
    MIXED,
    MOVED_ANOTHER,
    NONE,
    NOT_ITS_OWN,
    OVER,
    PART,
    QUEUED,
    ROLLED_BACK,
    ROLLING_BACK,
    SUCCEEDED,
    TOUCHED,
    UNDONE_EARLY,
    UNGUARDED,
    World,
)

WRONG = {
    BAKED_EARLY: "I9 a bake begins when its step has arrived",
    CLOSED_EARLY: "I9 a rollback ends when its restoration has arrived",
    MOVED_ANOTHER: "I10 a late alarm moves only the release that it is about, and what stands on it",
    UNGUARDED: "I10 an alarm after the guard moves nothing",
    NOT_ITS_OWN: "I12 nobody writes into a function whose release does not hold the lock",
    UNDONE_EARLY: "I12 what was staged is undone when visitors are back",
    BEGUN_LATE: "I13 no task is claimed after a trip, or on the way back",
}
"""What must never be, by the value that a process leaves when it was."""


def everywhere(w: World) -> list[Property]:
    """The properties of every state."""
    phases = [key for d in w.all for key in (("phase", d), ("granted", d))]
    stable = [("stable", d, c) for d in w.all for c in w.kinds]
    weights = [("weight", d) for d in w.all]
    at = [("at", c) for c in w.kinds]
    return [
        ("(L) the holder is the one whose item says so", ["holder", *phases], partial(lock, w)),
        ("I8 who is queued waits or holds the lock", ["waiting", *phases], partial(waiting, w)),
        ("I1 only a change by hand holds an environment", ["held", *phases, *w.optional("hands")], partial(held, w)),
        ("no write is wrong by itself", ["broken"], broken),
        (
            "I2 visitors get what the ledger says",
            ["holder", "live", "held", *phases, *weights, *stable, *at],
            partial(traffic, w),
        ),
        *_later(w),
    ]


def _later(w: World) -> list[Property]:
    """The properties of what arrives late, and of what is kept for a while."""
    found: list[Property] = []
    if "wrong" in w.sizes:
        found += [(name, ["wrong"], partial(wrong, value)) for value, name in WRONG.items()]
    phases = [("phase", d) for d in w.all]
    stable = [("stable", d, c) for d in w.all for c in w.kinds]
    if w.configuration.stages:
        own = [key for c in w.kinds for key in (("own", c), ("settings", c))]
        keys = ["holder", "live", "held", *phases, *stable, *own]
        found += [
            ("I12 whoever bypasses the alias gets what is live", keys, partial(whoever_bypasses, w)),
            ("I13 no two tasks run at the same time", [("runs", d) for d in w.all], partial(once_at_a_time, w)),
            (
                "I13 no visitor comes before the task is done",
                [key for d in w.all for key in (("weight", d), ("done", d))],
                partial(before_visitors, w),
            ),
        ]
    if w.configuration.arrivals:
        near = [("near", c) for c in w.kinds]
        keys = ["holder", "live", "held", *phases, *stable, *near]
        found.append(("I9 visitors are where the ledger says when nobody holds the lock", keys, partial(arrived, w)))
    if w.configuration.discards:
        places = [key for c in w.kinds for key in (("at", c), ("far", c), ("gone", c))]
        found.append(("I11 nothing that a visitor may reach is deleted", [*stable, *places], partial(reachable, w)))
        keys = ["live", *phases, *stable, *(("gone", c) for c in w.kinds)]
        found.append(("I11 nothing that a deployment needs is deleted", keys, partial(needed, w)))
    return found


def wrong(value: int, s: State) -> str:
    """What a process saw that may never be."""
    return "it happened" if s["wrong"] == value else ""


def arrived(w: World, s: State) -> str:
    """I2 where visitors are: what they are served has arrived before the lock is free."""
    if s["holder"] or s["held"]:
        return ""
    for c in w.kinds:
        gets, should = w.release(s, c, s["near", c]), expected(w, s, c)
        if should is not None and gets != should:
            return f"visitors of the {c} are still at {w.said(s['near', c])}, and release {should} is live"
    return ""


def reachable(w: World, s: State) -> str:
    """No place leads visitors to what was deleted."""
    for c in w.kinds:
        for content in (s["at", c], s["far", c]):
            for d in w.reached(s, content, c):
                if s["gone", c] & w.revision(d):
                    return f"visitors of the {c} may get {w.said(content)}, and what D{d} staged is deleted"
    return ""


def needed(w: World, s: State) -> str:
    """What a deployment on its way has staged, what is live, and what each of them would go back to."""
    for d in w.all:
        if s["phase", d] not in TOUCHED | {ROLLING_BACK} and s["live"] != d:
            continue
        for c in w.kinds:
            own = w.revision(d) if c in w.changes[d] and s["phase", d] != ROLLED_BACK else 0
            if s["gone", c] & (own | w.revision(s["stable", d, c])):
                return f"what D{d} ({_phase(s, d)}) staged or would go back to is deleted of the {c}"
    return ""


def lock(w: World, s: State) -> str:
    """(L): the lock's holder is exactly the deployment whose item says that it holds it."""
    for d in w.all:
        if (s["holder"] == d) != w.holds(s, d):
            return f"D{d} is {_phase(s, d)}, and the lock's holder is {_name(s['holder'])}"
    return ""


def waiting(w: World, s: State) -> str:
    """Exactly the deployment that is queued without a fencing token has the waiting place."""
    for d in w.all:
        if (s["waiting"] == d) != (s["phase", d] == QUEUED and not s["granted", d]):
            return f"D{d} is {_phase(s, d)}, and {_name(s['waiting'])} waits"
    return ""


def held(w: World, s: State) -> str:
    """An environment is held, and a rollback has failed, only after somebody has changed something by hand."""
    by_hand = s.get("hands", 0) < w.budget("hands")
    for d in w.all:
        if s["phase", d] == FAILED and not by_hand:
            return f"the rollback of D{d} has failed, and nobody changed anything by hand"
    if s["held"] and s["phase", s["held"]] not in {FAILED, ROLLING_BACK}:
        return f"the environment is held by D{s['held']}, which is {_phase(s, s['held'])}"
    return ""


def illegal(s: State, changes: Mapping[Key, int]) -> bool:
    """I3: an end stays; only a rollback reopens SUCCEEDED and ROLLBACK_FAILED. A trip and a fencing token stay."""
    for key, value in changes.items():
        before = s[key]
        if key[0] == "phase" and before != value and before in ENDED:
            if value != ROLLING_BACK or before not in {SUCCEEDED, FAILED}:
                return True
        elif key[0] in {"trip", "granted"} and before > value:
            return True
    return False


def broken(s: State) -> str:
    """A process saw something that may never be: see `broken` in the processes."""
    what = "told twice, refused for no reason, an end changed, or a forward write on its own restoration"
    return what if s["broken"] else ""


def traffic(w: World, s: State) -> str:
    """I2, as it is while something is on its way, too.

    While the lock is free (or its holder has not begun) visitors get the live release, wholly. While a deployment holds
    it they get its stable revisions, or what it has written itself. So no late write of another one ever lands.
    """
    h = s["holder"]
    begun = h and s["phase", h] != QUEUED
    if s["held"] and not begun:
        return ""
    for c in w.kinds:
        at, gets = s["at", c], w.traffic(s, c)
        if gets == len(w.all) + 1:
            continue  # A person changed it.
        should = s["stable", h, c] if begun else expected(w, s, c)
        own = begun and s["weight", h] and c in w.changes[h] and at and ((at - 1) // 4 + 1 == h or gets == h)
        if own and gets != MIXED and s["weight", h] == PART and gets == h and should != h:
            return f"all visitors of the {c} get D{h}, which is to have a part of them"
        if not own and should is not None and gets != should:
            got = "a mixture" if gets == MIXED else f"release {gets}"
            return f"visitors of the {c} get {got} ({w.said(at)}) instead of release {should}; holder: {_name(h)}"
    return ""


def expected(w: World, s: State, c: str) -> int | None:
    """The release of a component when the live deployment is what it says; None after a person's *unlock*."""
    d = s["live"]
    if not d:
        return 0
    if s["phase", d] != SUCCEEDED:
        return None
    return d if c in w.changes[d] else s["stable", d, c]


def at_rest(w: World) -> Property:
    """What must hold when no process can go on by itself."""

    def check(s: State) -> str:
        if troubles := [trouble for d in w.all if (trouble := _unfinished(w, s, d))]:
            return troubles[0]
        if s["holder"] or s["waiting"]:
            return f"the lock is {_name(s['holder'])}'s for ever"
        if any(s["flying", c] for c in w.kinds):
            return "a write is on its way for ever"
        return ""

    return ("at rest all is ended, told and free", [], check)


def _unfinished(w: World, s: State, d: int) -> str:
    """What is left of a deployment for ever."""
    still = s["phase", d] == SUCCEEDED and w.brought(s, s["live"]) == d and not s["held"]
    known = (
        (s["phase", d] not in ENDED | {NONE}, f"D{d} is {_phase(s, d)} for ever"),
        (s["x", d] != OVER, f"D{d}'s execution waits for ever"),
        (s["due", d] or s["untold", d], f"an end of D{d} is never told"),
        (still and s.get(("owed", d)), f"an alarm about D{d} came while it was guarded, and it is live for ever"),
        (s.get(("grace", d)), f"the grace of D{d} never ends"),
    )
    return next((what for wrong, what in known if wrong), "")


def _phase(s: State, d: int) -> str:
    from tests.model.world import PHASES  # noqa: PLC0415 - for messages alone

    return str(PHASES[s["phase", d]]) + (" with a fencing token" if s.get(("granted", d)) else "")


def _name(d: int) -> str:
    return f"D{d}" if d else "nobody"
