"""The requests that Lambda's control plane gets for one function.

The figures are those of the controller's own adapters; a test counts theirs and compares.
"""

from selfright.components.planned import ComponentPlan, LambdaCalls

LOOK_AT = 2
"""To see what is live: the alias, and the configuration of its version."""
MOVE = 2
"""To move an alias: read it, write it."""
AGAIN = 1
"""To see that an alias has been moved: the rollback machine repeats what an alarm has done."""
PUBLISH = 3
"""Besides looking: `$LATEST` is read, the version published, and read again until it is ready."""
UPDATE = 2
"""An update of code or configuration, and an evaluation whether it is done."""
PRUNE = 2
"""The versions and the aliases are listed. Deleting an old version is one more."""


def calls_of(component: ComponentPlan, steps: int, evaluations: int) -> LambdaCalls:
    """Those of a release by so many steps and evaluations; what does not change is looked at all the same."""
    if component.change == "unchanged":
        return LambdaCalls(staging=2 * LOOK_AT, rollback=LOOK_AT)
    return LambdaCalls(
        staging=2 * LOOK_AT + PUBLISH + UPDATE * _updates(component),
        shifting=steps * MOVE,
        watching=evaluations * LOOK_AT,
        closing=PRUNE,
        rollback=MOVE + AGAIN + LOOK_AT,
    )


def _updates(component: ComponentPlan) -> int:
    """Code and configuration are updated one after the other, each only where it differs."""
    same_code = component.package is not None and component.package.same
    return (not same_code) + bool(component.differences)
