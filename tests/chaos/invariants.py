"""What must hold after every round, seen from outside: by public APIs, the ledger, and visitors' eyes.

The names I1 to I8 are those of the protocol.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from controller.domain.phases import Phase
from tests.chaos.place import PLANTED, Place

QUIET_ENDS = {Phase.SUCCEEDED}
"""An end that needs no reason."""


@dataclass
class Known:
    """What the harness knows of the round, and of those before it.

    `since` is when the round began, in seconds since the epoch. An end may be told `told_at_most` times, because of
    faults in that very moment. `undone` are the deployments that a person rolled back. `ends` are the deployments of
    former rounds, and how they ended.
    """

    since: float = 0.0
    told_at_most: int = 1
    undone: set[str] = field(default_factory=set)
    ends: dict[str, str] = field(default_factory=dict)


def unrest(lab: Place, uploads: list[str]) -> list[str]:
    """What is still on its way, or missing. Empty when all is at rest as it should be."""
    return [*_not_ended(lab, uploads), *_on_their_way(lab), *_lock(lab), *_untold(lab, uploads)]


def broken(lab: Place, uploads: list[str], known: Known) -> list[str]:
    """What must never be, found at rest."""
    return [
        *_visitors(lab),
        *_told_too_often(lab, uploads, known.told_at_most),
        *_changed_ends(lab, known),
        *_failed_rollbacks(lab, uploads),
        *(f"I6: the secret is in {sink}." for sink in sinks_with_secret(lab, known.since)),
    ]


def _not_ended(lab: Place, uploads: list[str]) -> Iterator[str]:
    for one in uploads:
        found = lab.ledger.find(one)
        if found is None:
            yield f"I8: the upload of {one} has no deployment."
        elif not found.phase.is_terminal:
            yield f"I1: {one} has not ended; it is {found.phase}."
        elif not found.reason and found.phase not in QUIET_ENDS:
            yield f"I8: {one} ended as {found.phase} without a reason."


def _on_their_way(lab: Place) -> Iterator[str]:
    for one in lab.executions():
        if one["status"] == "RUNNING":
            yield f"I1: {one['executionArn'].rpartition(':')[2]} still runs."


def _lock(lab: Place) -> Iterator[str]:
    lock = lab.lock()
    if lock.held:
        yield f"I7: the environment is held, and nobody has changed anything by hand: {lock.held}"
    if lock.holder:
        yield f"I1: the lock is held by {lock.holder}."
    if lock.waiting:
        yield f"I1: {lock.waiting.deployment_id} waits for the lock."


def _untold(lab: Place, uploads: list[str]) -> Iterator[str]:
    told = set(lab.notifications())
    for one in uploads:
        found = lab.ledger.find(one)
        if found and found.phase.is_terminal and (one, str(found.phase)) not in told:
            yield f"I4: nobody was told that {one} ended as {found.phase}."


def _told_too_often(lab: Place, uploads: list[str], most: int) -> Iterator[str]:
    for (one, phase), times in Counter(lab.notifications()).items():
        if one in uploads and times > most:
            yield f"I4: it was told {times} times that {one} ended as {phase}."


def _visitors(lab: Place) -> Iterator[str]:
    live = lab.ledger.get(lab.lock().live)
    seen = lab.live()
    if not seen.is_only(live.version):
        yield f"I2: {live.version} is live, but visitors get {sorted(seen.api)} and {sorted(seen.site)}."
    if live.phase is not Phase.SUCCEEDED:
        yield f"I3: {live.deployment_id} is live, but it ended as {live.phase}."
    if weights := lab.alias().get("RoutingConfig", {}).get("AdditionalVersionWeights"):
        yield f"I2: the alias still has weights: {weights}."


def _changed_ends(lab: Place, known: Known) -> Iterator[str]:
    for one, end in known.ends.items():
        now = str(lab.ledger.get(one).phase)
        if now != end and one not in known.undone:
            yield f"I3: {one} had ended as {end}, and now it is {now}."


def _failed_rollbacks(lab: Place, uploads: list[str]) -> Iterator[str]:
    for one in uploads:
        found = lab.ledger.find(one)
        if found and found.phase is Phase.ROLLBACK_FAILED:
            yield f"I7: {one} ended as ROLLBACK_FAILED: {found.reason}"


def sinks_with_secret(lab: Place, since: float) -> Iterator[str]:
    """Every place where the planted secret was written since this moment."""
    yield from (f"a line of {group}" for group, line in lab.logs_since(since) if PLANTED in line)
    for item in lab.table():
        if PLANTED in json.dumps(item, default=str):
            yield f"the ledger's item {item['pk']} {item['sk']}"
    for one in lab.executions():
        if one["startDate"].timestamp() >= since and PLANTED in json.dumps(
            lab.history(one["executionArn"]), default=str
        ):
            yield f"the history of {one['name']}"
    yield from (f"the object {key}" for key, body in lab.objects_since(since) if PLANTED.encode() in body)
