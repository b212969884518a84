"""The signs and colours of phases and events, in one place."""

from rich.text import Text

from controller.domain.phases import Phase

GOOD, BAD, BUSY, CAREFUL, QUIET = "green", "red", "cyan", "yellow", "dim"
PHASES: dict[Phase, tuple[str, str]] = {
    Phase.RECEIVED: ("●", BUSY),
    Phase.QUEUED: ("●", QUIET),
    Phase.STAGING: ("●", BUSY),
    Phase.SHIFTING: ("●", BUSY),
    Phase.BAKING: ("●", BUSY),
    Phase.WATCHING: ("●", BUSY),
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
VERDICTS = {"healthy": GOOD, "unhealthy": BAD, "inconclusive": CAREFUL}


def phase(one: Phase) -> Text:
    """A phase with its sign."""
    sign, style = PHASES[one]
    return Text(f"{sign} {one}", style)


def bar(share: float, width: int, style: str) -> Text:
    """A bar that is filled to this share (0 to 1)."""
    filled = round(min(1.0, max(0.0, share)) * width)
    return Text.assemble(("█" * filled, style), ("░" * (width - filled), "bright_black"))
