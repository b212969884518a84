"""The signs and colours of phases and events, in one place."""

from rich.text import Text

from controller.domain.judging.verdict import MISSING
from controller.domain.phases import Phase
from controller.domain.timeline import TimelineEvent

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
EVENTS = {
    "tripped": BAD,
    "restore_failed": BAD,
    "held": CAREFUL,
    "extended": CAREFUL,
    "rolling_back": CAREFUL,
    "traffic_restored": GOOD,
    "restoration_verified": GOOD,
    "shifted": "bold",
}
"""Event kind → colour; all others are as they are."""
PHASE_OF = {
    "received": Phase.RECEIVED,
    "validated": Phase.RECEIVED,
    "queued": Phase.QUEUED,
    "granted": Phase.QUEUED,
    "restore_point": Phase.STAGING,
    "staged": Phase.STAGING,
    "tested": Phase.STAGING,
    "newcomers": Phase.STAGING,
    "shifted": Phase.SHIFTING,
    "verified": Phase.SHIFTING,
    "baking": Phase.BAKING,
    "extended": Phase.BAKING,
    "held": Phase.BAKING,
    "resumed": Phase.BAKING,
    "rolling_back": Phase.ROLLING_BACK,
    "traffic_restored": Phase.ROLLING_BACK,
    "restored": Phase.ROLLING_BACK,
    "restore_failed": Phase.ROLLING_BACK,
    "restoration_verified": Phase.ROLLING_BACK,
    "discarded": Phase.ROLLING_BACK,
    "discard_failed": Phase.ROLLING_BACK,
}
"""Event kind → the phase in which it happens; all others happen in several, so the present one is shown."""
VERDICTS = {"healthy": GOOD, "promotable": GOOD, "unhealthy": BAD} | {str(one): CAREFUL for one in MISSING}


def phase(one: Phase) -> Text:
    """A phase with its sign."""
    sign, style = PHASES[one]
    return Text(f"{sign} {one}", style)


def phase_of(event: TimelineEvent, present: Phase) -> Phase:
    """The phase in which an event happened, when the deployment is in the `present` one."""
    said = event.message.partition(":")[0]
    if event.kind == "closed" and said in set(Phase):
        return Phase(said)
    return PHASE_OF.get(event.kind, present)


def bar(share: float, width: int, style: str) -> Text:
    """A bar that is filled to this share (0 to 1)."""
    filled = round(min(1.0, max(0.0, share)) * width)
    return Text.assemble(("█" * filled, style), ("░" * (width - filled), "bright_black"))
