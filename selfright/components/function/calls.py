"""The requests that Lambda's control plane gets for one function.

The figures are those of the controller's own adapters; a test counts theirs and compares.
"""

from selfright.components.planned import ComponentPlan, LambdaCalls

READ_LIVE = 2
"""Reading what is live: the alias, and the configuration of its version."""
MOVE = 2
"""Moving an alias: read it, write it."""
RESTORE = 1
"""Restoring an alias: written on condition that it is as the last shift left it, without reading it."""
RECHECK = 1
"""Seeing that an alias has been restored: the rollback machine repeats what the alarm's handler has done."""
TEMPLATE = 2
"""Whether the function's template has changed what is live: `$LATEST`, before and while staging."""
DIVISIBLE = 2
"""Whether visitors can be divided: the alias's own provisioned concurrency, and `$LATEST`."""
BYPASSED = 3
"""Who calls it without its alias: its policy, the mappings, the function URLs."""
UNSTAGE = 3
"""Giving the function itself stable's code again, besides the updates: two configurations, and where the code is."""
PUBLISH = 4
"""Besides reading what is live: read `$LATEST`, publish, see that it is there, and read it until it is ready."""
UPDATE = 2
"""Updating code or configuration, and checking whether that is done."""
PRUNE = 2
"""Listing the versions and the aliases. Deleting an old version is one more request."""


def calls_of(component: ComponentPlan, steps: int, evaluations: int) -> LambdaCalls:
    """The requests of a release with so many steps and evaluations; an unchanged function is read all the same."""
    if component.change == "unchanged":
        return LambdaCalls(staging=2 * READ_LIVE + TEMPLATE, rollback=READ_LIVE)
    return LambdaCalls(
        staging=2 * READ_LIVE + DIVISIBLE + BYPASSED + PUBLISH + UPDATE * _number_of_updates(component),
        shifting=steps * MOVE,
        baking=evaluations * READ_LIVE,
        closing=PRUNE,
        rollback=RESTORE + RECHECK + READ_LIVE + UNSTAGE + UPDATE * _number_of_updates(component),
    )


def _number_of_updates(component: ComponentPlan) -> int:
    """Code and configuration are updated one after the other, each only if it differs."""
    same_code = component.package is not None and component.package.same
    return (not same_code) + bool(component.differences)
