"""What to do about a release that its environment's state refuses. Plan and release give the same advice."""

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
