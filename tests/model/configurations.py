"""The bounds of each search."""

from tests.model.world import FULL, PART, Configuration

ALIAS = {"alias": "alias"}
SITE = {"site": "site"}
BOTH = {"alias": "alias", "site": "site"}
TWO = {"alias": "alias", "other": "alias"}
POINTER = {"pointer": "pointer"}
SPLIT = (PART, FULL)

CONFIGURATIONS = {
    one.name: one
    for one in (
        Configuration(
            "hand-overs", "three uploads, two reconcilers", (("alias",),) * 3,
            reconcilers=2, deaths=1, lates=1, faults=1,
        ),
        Configuration(
            "shifts", "two releases in two steps, against alarms", (("alias",),) * 2, weights=SPLIT,
            executions=2, deaths=1, lates=1, faults=1, alarms=1, verdicts=1,
        ),
        Configuration(
            "site", "a site, written and published in two writes", (("site",),) * 2, SITE, weights=SPLIT,
            deaths=1, lates=1, faults=1, alarms=1,
        ),
        Configuration(
            "both", "two components at once", (("alias", "site"),) * 2, BOTH,
            lates=1, faults=1, verdicts=1, deaths=1,
        ),
        Configuration(
            "people", "two requests of people, a change by hand", (("alias",),) * 2, live=1,
            executions=2, requests=2, hands=2, deaths=1,
        ),
        Configuration(
            "apart", "releases of different components, two requests", (("alias",), ("site",)), BOTH,
            requests=2, lates=1, verdicts=1,
        ),
        Configuration(
            "leases", "leases that run out, executions that hang, two reconcilers", (("alias",),) * 2,
            reconcilers=2, executions=2, lapses=2, deaths=1, lates=1,
        ),
        Configuration(
            "pointer", "a parameter that has no conditional write", (("pointer",),) * 2, POINTER,
            deaths=1, lates=1, faults=1, alarms=1, verdicts=1,
        ),
    )
}
