"""Newcomers: components that no release has brought to visitors before: there is nobody to compare them with."""

from collections.abc import Callable

from controller.domain.deployment import Deployment
from controller.errors import NotFoundError

FAR_BACK = 200
"""So many releases are read at most, once, where the ledger does not say what they had brought together."""


def served_until(find: Callable[[str], Deployment], live: str) -> tuple[str, ...] | None:
    """The components of the release that is live (a deployment's id, "" for none) and of those that were live before.

    `find` reads a deployment by its id or raises `NotFoundError`. As a rule that is one read: each release notes what
    was served before it. None when it cannot be known: then nothing is taken for new, and goes by the steps.
    """
    served: set[str] = set()
    for _ in range(FAR_BACK):
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
