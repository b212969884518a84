"""The timeline of a deployment: its events and their kinds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.domain.checks.redaction import bind
from controller.domain.printable import MESSAGE_BYTES


class EventKind(StrEnum):
    """The kinds of events, roughly in the order in which they happen to a deployment."""

    RECEIVED = "received"
    VALIDATED = "validated"
    REMARK = "remark"
    QUEUED = "queued"
    GRANTED = "granted"
    SNAPSHOT = "snapshot"
    SNAPSHOTS_TAKEN = "snapshots_taken"
    EXPORT_FAILED = "export_failed"
    RESTORE_POINT = "restore_point"
    HOTFIX = "hotfix"
    PENDING = "pending"
    STAGED = "staged"
    TASK = "task"
    TESTED = "tested"
    NEWCOMERS = "newcomers"
    AT_ONCE = "at_once"
    HOOK = "hook"
    SHIFTED = "shifted"
    ARRIVED = "arrived"
    SEEN = "seen"
    VERIFIED = "verified"
    BAKING = "baking"
    GUARDED = "guarded"
    EXTENDED = "extended"
    ADVANCED = "advanced"
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
    UNSTAGED = "unstaged"
    DISCARDED = "discarded"
    DISCARD_FAILED = "discard_failed"
    CLOSED = "closed"
    UNSENT = "unsent"
    UNLOCKED = "unlocked"
    RECOVERED = "recovered"
    RECOVERY_VERIFIED = "recovery_verified"


@dataclass(frozen=True)
class TimelineEvent:
    """One event: when it happened, its kind, and a message.

    `kind` is text, because a ledger may hold events from another version of the controller.
    """

    at: datetime
    kind: str
    message: str

    def __post_init__(self) -> None:
        bind(self, "message", most=MESSAGE_BYTES)
