"""The timeline of a deployment: the events that happened to it, and the kinds that there are."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """The kinds of events, in about the order in which a deployment meets them."""

    RECEIVED = "received"
    VALIDATED = "validated"
    QUEUED = "queued"
    GRANTED = "granted"
    SNAPSHOT = "snapshot"
    SNAPSHOTS_TAKEN = "snapshots_taken"
    EXPORT_FAILED = "export_failed"
    RESTORE_POINT = "restore_point"
    HOTFIX = "hotfix"
    PENDING = "pending"
    STAGED = "staged"
    TESTED = "tested"
    NEWCOMERS = "newcomers"
    HOOK = "hook"
    SHIFTED = "shifted"
    VERIFIED = "verified"
    BAKING = "baking"
    GUARDED = "guarded"
    EXTENDED = "extended"
    PAUSED = "paused"
    RESUMED = "resumed"
    PROMOTED_EARLY = "promoted_early"
    PRUNED = "pruned"
    PRUNE_FAILED = "prune_failed"
    TRIPPED = "tripped"
    RECONCILED = "reconciled"
    ROLLING_BACK = "rolling_back"
    RESTORED = "restored"
    RESTORE_FAILED = "restore_failed"
    TRAFFIC_RESTORED = "traffic_restored"
    RESTORATION_VERIFIED = "restoration_verified"
    DISCARDED = "discarded"
    DISCARD_FAILED = "discard_failed"
    CLOSED = "closed"
    UNLOCKED = "unlocked"
    RECOVERED = "recovered"
    RECOVERY_VERIFIED = "recovery_verified"


@dataclass(frozen=True)
class TimelineEvent:
    """One event: when, what, in words.

    `kind` is text when it is read, because a ledger may hold events of another version of the controller.
    """

    at: datetime
    kind: str
    message: str
