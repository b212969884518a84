"""What to do about a release that its environment's state refuses. Plan and release give the same advice."""

from collections.abc import Sequence

from controller.domain.deployment import Deployment

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


def by_hand_advice(deployment: Deployment, names: Sequence[str]) -> str:
    """What a person can do who wants to roll back a live release of which components were changed by hand."""
    one, where = deployment.deployment_id, deployment.environment_key
    whole = f" `selfright restore {one}` shows everything that is not as it was before this release, asks, and restores"
    back = f" put {' and '.join(names)} back as the release left it (`selfright status {where}` prints how)"
    return (
        "Nothing was changed, because a rollback overwrites nobody's change."
        + (f"{whole} it with your own rights, {' and '.join(names)} included. Or" if deployment.export else " First")
        + f"{back}, then run `selfright rollback {one}`."
    )


def held_advice(environment_key: str, held: str, held_by: str) -> str:
    """What to do about a held environment: `held` is why it is, because of the deployment `held_by`."""
    if "`selfright restore " in held:  # Nothing failed: a recovery has to end, and the reason has its commands.
        return "Run one of these two first, then release again."
    again = f"`selfright rollback {held_by or f'--environment {environment_key}'}`"
    return (
        f"Look at `selfright status {environment_key}`, correct what is wrong, then run {again}; or accept what serves"
        f' now: `selfright unlock {environment_key} --reason "…"`.'
    )


def again_advice(deployment_id: str) -> str:
    """That a deployment's version may be released again as it is, and how."""
    return (
        "Nothing speaks against this version: correct what was wrong, and upload the same bundle again, or let"
        f' `selfright retry {deployment_id} --reason "…"` do that.'
    )


def failed_advice(deployment: Deployment) -> str:
    """What to do about a deployment whose rollback has failed."""
    return (
        f"Restore it by hand to what was live before, then run `selfright rollback {deployment.deployment_id}`: that"
        " verifies it and unlocks the environment. If what serves now is right, although it is something else, run"
        f' `selfright unlock {deployment.environment_key} --reason "…"`.'
    )
