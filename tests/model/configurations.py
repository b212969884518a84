"""The bounds of each search."""

from tests.model.world import FULL, PART, Configuration

ALIAS = {"alias": "alias"}
SITE = {"site": "site"}
BOTH = {"alias": "alias", "site": "site"}
POINTER = {"pointer": "pointer"}

CONFIGURATIONS = {
    one.name: one
    for one in (
        Configuration("queue", "three uploads", (("alias",),) * 3, reconcilers=1, deaths=1, faults=1),
        Configuration("alias", "two releases", (("alias",),) * 2, weights=(PART, FULL), deaths=1, lates=1, faults=1),
    )
}
