"""What to do about a release that its environment's state refuses. Plan and release give the same advice."""

from collections.abc import Sequence

HELD_ADVICE = (
    "Look at `selfright status`, correct what is wrong, then run `selfright rollback` on the failed deployment."
)
ALARM_ADVICE = (
    "Correct the alarm first; a release cannot be judged while its alarm is firing. If this release is what silences"
    ' it: `selfright release … --hotfix --reason "…"` leaves out the alarms that are firing.'
)
ACCUSED_ADVICE = (
    "It is rolled back by itself within minutes: then upload the same bundle again. If this release corrects it:"
    ' `selfright release … --hotfix --reason "…"` goes ahead.'
)
CHANGED_ADVICE = "Finish or undo that change, then upload the bundle again."
INDIVISIBLE_ADVICE = (
    "Set `when_indivisible: at_once` for this component in the environment, so that all visitors get it at the first"
    " step; or undo what makes the two versions differ. Then upload the bundle again."
)
AGAIN_ADVICE = (
    "Nothing speaks against this version: correct what was wrong, and upload the same bundle again, or let"
    ' `selfright retry DEPLOYMENT --reason "…"` do that.'
)
BYPASSED_ADVICE = (
    "Point these callers to the alias, and take their permissions from the function itself; or set `when_bypassed: say`"
    " for this component in the environment. Then upload the bundle again."
)


def bypassed(callers: Sequence[str], entrance: str) -> str:
    """That somebody calls a component past its traffic, in a sentence; `entrance` is what they should call."""
    return (
        f"It is called without its alias, by {'; '.join(callers)}. They run what is staged before any check, and are"
        f" not divided; what calls {entrance} is."
    )
