"""Newcomers: components that no earlier release brought to visitors. They have no stable to be compared with."""

from collections.abc import Callable

from controller.domain.deployment import Deployment
from controller.errors import NotFoundError

MAX_RELEASES_READ = 200
"""The most releases that are read, once, when the live release did not record what was served before it."""


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
