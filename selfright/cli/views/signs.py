"""The signs and colours of phases and events, in one place."""

from rich.text import Text

from controller.domain.judging.verdict import MISSING, Verdict
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind, TimelineEvent

GOOD, BAD, BUSY, CAREFUL, QUIET = "green", "red", "cyan", "yellow", "dim"
PHASES: dict[Phase, tuple[str, str]] = {
    Phase.RECEIVED: ("●", BUSY),
    Phase.QUEUED: ("●", QUIET),
    Phase.STAGING: ("●", BUSY),
    Phase.SHIFTING: ("●", BUSY),
    Phase.BAKING: ("●", BUSY),
    Phase.ROLLING_BACK: ("↺", CAREFUL),
    Phase.SUCCEEDED: ("✔", GOOD),
    Phase.ROLLED_BACK: ("↺", BAD),
    Phase.REJECTED: ("✘", BAD),
    Phase.SUPERSEDED: ("✘", QUIET),
    Phase.ROLLBACK_FAILED: ("✘", "bold red"),
}
EVENTS: dict[str, str] = {
    EventKind.TRIPPED: BAD,
    EventKind.RESTORE_FAILED: BAD,
    EventKind.PAUSED: CAREFUL,
    EventKind.REMARK: CAREFUL,
    EventKind.EXTENDED: CAREFUL,
    EventKind.ROLLING_BACK: CAREFUL,
    EventKind.TRAFFIC_RESTORED: GOOD,
    EventKind.RESTORATION_VERIFIED: GOOD,
    EventKind.SHIFTED: "bold",
}
"""Event kind → colour; all others are as they are."""
PHASE_OF: dict[str, Phase] = {
    EventKind.RECEIVED: Phase.RECEIVED,
    EventKind.VALIDATED: Phase.RECEIVED,
    EventKind.QUEUED: Phase.QUEUED,
    EventKind.GRANTED: Phase.QUEUED,
    EventKind.RESTORE_POINT: Phase.STAGING,
    EventKind.STAGED: Phase.STAGING,
    EventKind.TASK: Phase.STAGING,
    EventKind.TESTED: Phase.STAGING,
    EventKind.NEWCOMERS: Phase.STAGING,
    EventKind.SHIFTED: Phase.SHIFTING,
    EventKind.VERIFIED: Phase.SHIFTING,
    EventKind.BAKING: Phase.BAKING,
    EventKind.EXTENDED: Phase.BAKING,
    EventKind.PAUSED: Phase.BAKING,
    EventKind.RESUMED: Phase.BAKING,
    EventKind.ROLLING_BACK: Phase.ROLLING_BACK,
    EventKind.TRAFFIC_RESTORED: Phase.ROLLING_BACK,
    EventKind.RESTORED: Phase.ROLLING_BACK,
    EventKind.RESTORE_FAILED: Phase.ROLLING_BACK,
    EventKind.RESTORATION_VERIFIED: Phase.ROLLING_BACK,
    EventKind.UNSTAGED: Phase.ROLLING_BACK,
    EventKind.DISCARDED: Phase.ROLLING_BACK,
    EventKind.DISCARD_FAILED: Phase.ROLLING_BACK,
}
"""Event kind → the phase in which it happens; all others happen in several, so the present one is shown."""
CAREFULLY = {str(one): CAREFUL for one in (*MISSING, Verdict.BLIND)}
VERDICTS = {"healthy": GOOD, "promotable": GOOD, "unhealthy": BAD} | CAREFULLY


def phase(one: Phase) -> Text:
    """A phase with its sign."""
    sign, style = PHASES[one]
    return Text(f"{sign} {one}", style)


def phase_of(event: TimelineEvent, present: Phase) -> Phase:
    """The phase in which an event happened, when the deployment is in the `present` one."""
    said = event.message.partition(":")[0]
    if event.kind == EventKind.CLOSED and said in set(Phase):
        return Phase(said)
    return PHASE_OF.get(event.kind, present)


def bar(share: float, width: int, style: str) -> Text:
    """A bar that is filled to this share (0 to 1)."""
    filled = round(min(1.0, max(0.0, share)) * width)
    return Text.assemble(("█" * filled, style), ("░" * (width - filled), "bright_black"))
