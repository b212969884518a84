"""Whose turn it is: one deployment at a time per environment, the newest waits, older ones are superseded.

Pure functions from a turn to the next one; the ledger saves the result only if nobody saved another in between, so
every decision here may be made as if nobody else were there. The fencing token rises with every grant.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Place:
    """A deployment's place in the queue; `order` sorts by upload time, then version."""

    deployment_id: str
    order: str


@dataclass(frozen=True)
class Turn:
    """The turn of one environment.

    `holder` is the deployment that may change the environment ("" when free), `newest` the highest order that ever
    asked, `live` the deployment whose release is live, `held` why no deployment may start (after a failed rollback).
    `revision` counts the saves.
    """

    environment_key: str
    holder: str = ""
    token: int = 0
    waiting: Place | None = None
    newest: str = ""
    live: str = ""
    held: str = ""
    revision: int = 0


Outcome = Literal["granted", "waiting", "superseded", "held"]


@dataclass(frozen=True)
class Answer:
    """What came of asking for a turn; `displaced` is the older deployment that need not wait any more."""

    turn: Turn
    outcome: Outcome
    displaced: Place | None = None


def order_of(uploaded_at: datetime, version: str) -> str:
    """The sort key of an upload: its time, then (S3 tells only seconds) its version.

    Of two uploads of the same version in the same second, neither is the older one: the one that asks later is newer.
    """
    natural = re.sub(r"\d+", lambda digits: digits[0].zfill(12), version)
    return f"{uploaded_at.isoformat(timespec='seconds')}#{natural}"


def ask(turn: Turn, place: Place) -> Answer:
    """Ask for the turn. Asking again changes nothing."""
    if turn.holder == place.deployment_id:
        return Answer(turn, "granted")
    if turn.held:
        return Answer(turn, "held")
    if turn.waiting and turn.waiting.deployment_id == place.deployment_id:
        return Answer(turn, "waiting")
    if place.order < turn.newest:
        return Answer(turn, "superseded")
    newest = replace(turn, newest=place.order)
    if not turn.holder:
        return Answer(_granted(newest, place.deployment_id), "granted")
    return Answer(replace(newest, waiting=place), "waiting", displaced=turn.waiting)


def release(turn: Turn, deployment_id: str, *, hold: str = "") -> tuple[Turn, Place | None]:
    """End the turn (or the waiting) of a deployment; returns the deployment that was waiting, if it is affected.

    Without `hold` that one is the new holder; with `hold` it must be refused, because the environment is held.
    """
    if turn.waiting and turn.waiting.deployment_id == deployment_id:
        return replace(turn, waiting=None), None
    if turn.holder != deployment_id:
        return turn, None
    after = replace(turn, holder="", waiting=None, held=hold)
    if hold or not turn.waiting:
        return after, turn.waiting
    return _granted(after, turn.waiting.deployment_id), turn.waiting


def take_back(turn: Turn, deployment_id: str) -> Turn | None:
    """Take the turn to roll a finished deployment back, even of a held environment; None when somebody has it."""
    if turn.holder == deployment_id:
        return turn
    return None if turn.holder else _granted(turn, deployment_id)


def _granted(turn: Turn, deployment_id: str) -> Turn:
    return replace(turn, holder=deployment_id, token=turn.token + 1, waiting=None)
