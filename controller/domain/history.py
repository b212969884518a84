"""The releases that were live one after the other: what they served, and which of them last changed anything.

What none of them served is a newcomer, which has no stable to be compared with.
"""

from collections.abc import Callable, Collection

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.errors import NotFoundError

MAX_RELEASES_READ = 200
"""The most releases that are read, once, when the live release did not record what was served before it."""
MOST_UNCHANGED = 50
"""So many releases in a row that changed nothing are looked through."""


def served_until(find: Callable[[str], Deployment], live: str) -> tuple[str, ...] | None:
    """The components of the live release and of all that were live before it; None when that cannot be known.

    `live` is the live deployment's id, "" for none; `find` reads a deployment by its id or raises `NotFoundError`.
    Usually that is one read, because each release records what was served before it. When it cannot be known, no
    component counts as a newcomer, and all of them go through the steps.
    """
    served: set[str] = set()
    for _ in range(MAX_RELEASES_READ):
        if not live:
            return tuple(sorted(served))
        try:
            release = find(live)
        except NotFoundError:
            return None
        served |= release.staged.keys()
        if release.served_before is not None:
            return tuple(sorted(served.union(release.served_before)))
        live = release.previous
    return None


def accusation(find: Callable[[str], Deployment | None], live: Deployment | None) -> str:
    """Why nothing may stand on the live release: an alarm after its end has accused it, and it is to be rolled back.

    "" when none has, or when it is rolled back already; `find` as for `left_by`.
    """
    brought = last_change(find, live) if live else None
    if brought is None or brought.late_alarm is None:
        return ""
    if brought.phase is not Phase.SUCCEEDED or brought.grace_until is None:
        return ""
    return f"{brought.version}, which is live, is to be rolled back: {brought.late_alarm.reason}"


def left_by(
    find: Callable[[str], Deployment | None], live: Deployment | None, names: Collection[str]
) -> dict[str, Deployment]:
    """The release that brought each of these components last: it has left it on the revision that it staged.

    Left out are components that none has brought, and all that lies behind what is no release that ended well.
    `find` reads a deployment by its id; None when it is not known (any more).
    """
    left: dict[str, Deployment] = {}
    missing = set(names)
    for _ in range(MAX_RELEASES_READ):
        if live is None or not missing or live.phase is not Phase.SUCCEEDED:
            break
        left |= dict.fromkeys(missing & live.staged.keys(), live)
        missing -= live.staged.keys()
        if live.served_before is not None:
            missing &= set(live.served_before)
        live = find(live.previous) if missing and live.previous else None
    return left


def last_change(find: Callable[[str], Deployment | None], live: Deployment) -> Deployment:
    """The release before `live`, or `live` itself, that brought what visitors get now.

    `find` reads a deployment by its id; None when it is not known (any more): then that is as far as can be looked.
    """
    for _ in range(MOST_UNCHANGED):
        unchanged = live.phase is Phase.SUCCEEDED and not live.changed
        before = find(live.previous) if unchanged else None
        if before is None:
            break
        live = before
    return live
