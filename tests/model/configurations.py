"""The bounds of each search."""

from dataclasses import replace

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
            "hand-overs",
            "three uploads, two reconcilers, finishers",
            (("alias",),) * 3,
            reconcilers=2,
            deaths=1,
            lates=1,
            faults=1,
        ),
        Configuration(
            "shifts",
            "two releases in two steps each, against alarms",
            (("alias",),) * 2,
            weights=SPLIT,
            deaths=1,
            lates=2,
            faults=1,
            alarms=1,
            finishers=False,
        ),
        Configuration(
            "rollbacks",
            "two rollback executions at once, two late attempts",
            (("alias",),) * 2,
            executions=2,
            deaths=2,
            lates=2,
            verdicts=1,
            finishers=False,
        ),
        Configuration(
            "site",
            "a site, updated and published in two writes",
            (("site",),) * 2,
            SITE,
            weights=SPLIT,
            deaths=1,
            lates=1,
            faults=1,
            alarms=1,
            finishers=False,
        ),
        Configuration(
            "both",
            "an alias and a site in one release",
            (("alias", "site"),) * 2,
            BOTH,
            deaths=1,
            lates=1,
            faults=1,
            verdicts=1,
            finishers=False,
        ),
        Configuration(
            "people",
            "two requests of people, changes by hand",
            (("alias",),) * 2,
            live=1,
            executions=2,
            requests=2,
            hands=2,
            finishers=False,
        ),
        Configuration(
            "accepted",
            "a failed rollback, accepted or repeated, beside late attempts",
            (("alias",),) * 2,
            live=1,
            lates=1,
            deaths=1,
            requests=2,
            hands=1,
            finishers=False,
        ),
        Configuration(
            "apart",
            "releases of different components, two requests of people",
            (("alias",), ("site",)),
            BOTH,
            requests=2,
            lates=1,
            finishers=False,
        ),
        Configuration(
            "leases",
            "leases that run out, executions that hang, two reconcilers",
            (("alias",),) * 2,
            reconcilers=2,
            lapses=2,
            deaths=1,
            lates=1,
            finishers=False,
        ),
        Configuration(
            "pointer",
            "a parameter, which has no conditional write",
            (("pointer",),) * 2,
            POINTER,
            deaths=1,
            lates=2,
            faults=1,
            alarms=1,
            finishers=False,
        ),
        Configuration(
            "arrivals",
            "changes that arrive late, two steps each, against alarms and bad verdicts",
            (("alias",),) * 2,
            weights=SPLIT,
            lates=1,
            deaths=1,
            alarms=1,
            verdicts=1,
            finishers=False,
            arrivals=True,
        ),
        Configuration(
            "late alarms",
            "a release that is guarded after its end, two more on their way, an alarm that comes late",
            (("alias",),) * 3,
            live=1,
            deaths=1,
            alarms=1,
            verdicts=1,
            finishers=False,
            graces=True,
        ),
        Configuration(
            "late again",
            "one more on its way, two alarms, a late attempt",
            (("alias",),) * 2,
            live=1,
            lates=1,
            alarms=2,
            verdicts=1,
            finishers=False,
            graces=True,
        ),
        Configuration(
            "unchanged",
            "a release between the two that changes nothing",
            (("alias",), (), ("alias",)),
            live=1,
            deaths=1,
            alarms=1,
            verdicts=1,
            finishers=False,
            graces=True,
        ),
        Configuration(
            "discards",
            "three releases, two with the same contents; what is rolled back is discarded later",
            (("alias",),) * 3,
            deaths=1,
            verdicts=1,
            requests=1,
            finishers=False,
            discards=True,
            same={2: 1},
        ),
    )
}

SMALL = {
    name: replace(CONFIGURATIONS[name], **less)
    for name, less in (
        ("hand-overs", {"lates": 0, "faults": 0, "reconcilers": 1}),
        ("shifts", {"alarms": 0, "lates": 0}),
        ("rollbacks", {"deaths": 1, "lates": 1, "verdicts": 0}),
        ("site", {"weights": (FULL,), "alarms": 0, "deaths": 0, "faults": 0, "verdicts": 1}),
        ("both", {"lates": 0, "deaths": 0}),
        ("people", {"requests": 1, "hands": 1}),
        ("accepted", {"requests": 1, "deaths": 0}),
        ("apart", {"requests": 1, "lates": 0}),
        ("leases", {"lapses": 1, "lates": 0, "reconcilers": 1}),
        ("pointer", {"alarms": 0, "deaths": 0}),
        ("arrivals", {"weights": (FULL,), "verdicts": 0, "lates": 0}),
        ("late alarms", {"changes": (("alias",),) * 2, "deaths": 0}),
        ("unchanged", {"deaths": 0, "verdicts": 0, "live": 2}),
        ("discards", {"verdicts": 1, "requests": 0, "deaths": 0}),
    )
}
"""Most of them with less, for the tests: some ten thousand states each."""
