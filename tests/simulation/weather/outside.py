"""The controller's own requests from outside: each meets one edge or one front end, as a visitor's does."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from controller.domain.checks.check import Check, CheckResult, check_answer_with
from controller.domain.checks.verification import OutsideCheck
from controller.domain.components.site.routing import PUBLICATION_PATH
from tests.simulation.weather.web import Web


@dataclass
class Outside:
    """Implements `ports.Probe` over the simulated web. `pause` lets an answer take its time."""

    web: Web
    pause: Callable[[], None]

    def run(
        self, url: str, check: OutsideCheck, others: Sequence[OutsideCheck] = (), *, private: bool = False
    ) -> CheckResult:
        """Ask, and compare as the product does."""
        self.pause()
        assert isinstance(check, Check)
        answer = self.web.api() if check.component == "api" else self.web.site(check.path)
        return check_answer_with(check, [other for other in others if isinstance(other, Check)], answer)

    def publication(self, url: str, *, private: bool = False) -> str:
        """The publication that any edge has."""
        self.pause()
        return str(json.loads(self.web.site(PUBLICATION_PATH).body)["publication"])

    def refusal(self, url: str) -> str:
        """Every URL may be asked."""
        return ""
