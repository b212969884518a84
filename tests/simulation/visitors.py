"""The visitors: what they are served at any moment, what a check from outside sees, and what is measured of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import OutsideCheck
from controller.domain.components.site.routing import RoutingTable, parse
from controller.domain.deployment import Counts
from controller.domain.strategy import ALL
from controller.errors import ChangedByOthersError, NoAnswerError
from tests.fake_metrics import FakeMetrics
from tests.simulation.aws.cloudfront import CloudFront
from tests.simulation.aws.lambdas import Lambda
from tests.simulation.aws.ssm import Ssm
from tests.simulation.releases import Release

FUNCTION, ALIAS, ROUTING, PREFIX = "shop-api", "live", "shop-routing", "/shop/prod/settings"
UNKNOWN = "unknown"
Served = Mapping[str, int]
"""The version whose content is served → percent of the visitors."""


@dataclass
class Visitors:
    """Sees what is served. `identities`: (component, what AWS knows of a content) → its version."""

    functions: Lambda
    routing: CloudFront
    parameters: Ssm
    releases: dict[str, Release] = field(default_factory=dict)
    identities: dict[tuple[str, str], str] = field(default_factory=dict)

    def know(self, release: Release) -> None:
        """Learn what this release is."""
        self.releases[release.version] = release
        self.identities |= release.identities()

    def served(self) -> dict[str, Served]:
        """Component → what its visitors get now."""
        version, shares = self.functions.live(FUNCTION, ALIAS)
        rest = ALL - sum(round(share * ALL) for share in shares.values())
        api = {self.of_function(version): rest, **{self.of_function(one): round(shares[one] * ALL) for one in shares}}
        return {"api": api, "settings": {self._settings(): ALL}, "site": self._site()}

    def of_function(self, version: str) -> str:
        """The version of the release whose code a function's version has."""
        known = self.functions.get_function_configuration
        code = known(FunctionName=FUNCTION, Qualifier=version)["CodeSha256"]
        return self.identities.get(("api", code), UNKNOWN)

    def publication(self) -> str:
        """The name of the publication that an edge location has."""
        table = _table(self.routing.code(ROUTING))
        if table is None:
            raise NoAnswerError("somebody edited the routing function")
        return table.publication

    def _site(self) -> Served:
        table = _table(self.routing.code(ROUTING))
        if table is None:
            return {UNKNOWN: ALL}
        stable = self.identities.get(("site", table.stable), UNKNOWN)
        if not table.canary:
            return {stable: ALL}
        return {stable: ALL - table.weight, self.identities.get(("site", table.canary), UNKNOWN): table.weight}

    def _settings(self) -> str:
        return self.identities.get(("settings", self.parameters.value(f"{PREFIX}/current") or ""), UNKNOWN)

    def is_bad(self, version: str, way: str) -> bool:
        """Whether the release of this version is bad in this way."""
        return version in self.releases and self.releases[version].bad == way


@dataclass
class SimulatedProbe:
    """Implements `ports.Probe`: each request meets the visitors' luck. `pause` lets an answer take its time."""

    visitors: Visitors
    share: Callable[[], float]
    pause: Callable[[], None]

    def run(
        self, url: str, check: OutsideCheck, others: Sequence[OutsideCheck] = (), *, private: bool = False
    ) -> CheckResult:
        """Ask what is served by the component of the check."""
        self.pause()
        luck = self.share() * ALL
        for version, percent in self.visitors.served()[check.component].items():
            luck -= percent
            if luck < 0:
                return CheckResult(check.name, not self.visitors.is_bad(version, "outside"), f"{version} answered")
        raise AssertionError

    def publication(self, url: str, *, private: bool = False) -> str:
        """What the routing function answers at the site's address."""
        self.pause()
        return self.visitors.publication()

    def refusal(self, url: str) -> str:
        """Every URL may be asked."""
        return ""


@dataclass
class SimulatedMetrics(FakeMetrics):
    """Implements `ports.Metrics`: a bad release fails for many; `few` visitors come when there is no telling."""

    visitors: Visitors | None = None
    few: bool = False

    def counts_of(self, version: str) -> Counts | None:
        """Requests and errors in a period."""
        assert self.visitors
        if self.few:
            return Counts(0, 0)
        bad = self.visitors.is_bad(self.visitors.of_function(version), "errors")
        return Counts(100, 60 if bad else 0)


@cache
def _table(code: bytes) -> RoutingTable | None:
    """The routing table in this code; None when it is nobody's whom we know."""
    try:
        return parse(code)
    except ChangedByOthersError:
        return None
