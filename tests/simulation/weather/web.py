"""The application as it answers: its API behind the front ends, its pages behind the edges, all of it measured."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from controller.domain.checks.check import Answer
from tests.simulation.releases import ANSWERS
from tests.simulation.visitors import ALIAS, FUNCTION, Visitors
from tests.simulation.weather.edges import Edges
from tests.simulation.weather.front_ends import FrontEnds, Routed
from tests.simulation.weather.minutes import Dimensions, Minutes

LAMBDA, GATEWAY = "AWS/Lambda", "AWS/ApiGateway"
THROUGH_ALIAS: Dimensions = frozenset({("FunctionName", FUNCTION), ("Resource", f"{FUNCTION}:{ALIAS}")})
OF_API: Dimensions = frozenset({("ApiId", "shop")})
USUAL_ERRORS = 0.0002
"""The share of the requests that fail in every release: so few that chance condemns no good one."""
FAILS = {"errors": 0.3, ANSWERS: 0.4}
"""In which way a release is bad → the share of its requests that go wrong."""
SECONDS = (0.02, 0.4)
"""How long an invocation takes."""


@dataclass
class Web:
    """Answers requests from outside. `errors` of the API are those of the version that answered, not of AWS."""

    visitors: Visitors
    edges: Edges
    front_ends: FrontEnds
    minutes: Minutes
    chance: Random
    now: Callable[[], float]
    _known: dict[str, str] = field(default_factory=dict)

    def api(self) -> Answer:
        """One request to the API, by any front end; 502 when that one routes to a version that does not exist."""
        routed = self.front_ends.any_routed()
        if not routed.is_there:
            self.minutes.add(GATEWAY, OF_API, {"5xx": 1})
            return Answer(502, b"Function not found")
        release = self._release(routed.version)
        way = next((way for way in FAILS if self.visitors.is_bad(release, way)), "")
        luck = self.chance.random()
        failed = luck < (FAILS["errors"] if way == "errors" else USUAL_ERRORS)
        refused = failed or (way == ANSWERS and luck < FAILS[ANSWERS])
        self._measure(routed, failed=failed)
        self.minutes.add(GATEWAY, OF_API, {"5xx": refused})
        is_wrong = refused or self.visitors.is_bad(release, "outside")
        return Answer(500, b"It failed.") if is_wrong else Answer(200, b'"ok"', {"content-type": "application/json"})

    def site(self, path: str) -> Answer:
        """One request to the site, by any edge."""
        return self.edges.any_get(self.chance, path)

    def _measure(self, routed: Routed, *, failed: bool) -> None:
        seconds = self.chance.uniform(*SECONDS)
        values = {"Invocations": 1.0, "Errors": float(failed), "Duration": 1000 * seconds}
        self.minutes.add(LAMBDA, THROUGH_ALIAS, values, seconds)
        if routed.is_weighted:
            by_version = THROUGH_ALIAS | {("ExecutedVersion", routed.version)}
            self.minutes.add(LAMBDA, by_version, values, seconds)

    def _release(self, version: str) -> str:
        """The release whose code a version of the function has."""
        if version not in self._known:
            self._known[version] = self.visitors.of_function(version)
        return self._known[version]
