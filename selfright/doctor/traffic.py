"""Whether the usual traffic suffices for a verdict on a release, and what happens if it does not."""

from collections.abc import Iterator
from dataclasses import dataclass

from controller.domain.durations import written
from controller.domain.environment import Environment
from controller.domain.printable import figure
from controller.domain.strategy import ALL, steps_of
from selfright.components.examined import Examination, Finding, note, ok, problem
from selfright.planning.outlook import Outlook, Usual, outlooks
from selfright.wording import percent, plural

EXTENSIONS = 2
"""A bake in which evidence is missing is made twice as long."""


@dataclass(frozen=True)
class TrafficExaminer:
    """Forecasts a release that changes every component. `usual` gives the usual traffic of a function."""

    environment: Environment
    usual: Usual

    def examinations(self) -> list[Examination]:
        """One of all components that are compared."""
        return [Examination("the traffic", self._traffic)]

    def _traffic(self) -> Iterator[Finding]:
        environment = self.environment
        steps = steps_of(environment.deployment_preference, environment.final_bake)
        names = [name for name, one in environment.components.items() if one.in_bundles]
        found = list(outlooks(environment, names, steps, self.usual))
        if not found:
            yield ok("no component is compared with its former version before all visitors get it")
        for one in found:
            yield self._of(one)

    def _of(self, one: Outlook) -> Finding:
        if one.traffic is None:
            means = "Whether a release would get enough requests for a verdict is not known."
            step = "Nothing was measured in the last week, or it may not be read: cloudwatch:GetMetricData."
            return note(f"{one.component}: its usual traffic is unknown", means, step)
        judge, first = self.environment.judge, self._first_bake()
        expected = one.traffic.per_second * one.weight / ALL * first * EXTENSIONS + judge.synthetic.requests
        if expected < judge.minimum_requests:
            return self._too_few(one, expected)
        if one.suffices:
            return ok(f"{one.component}: {figure(one.traffic.per_second)} requests a second suffice for a verdict")
        worse = one.goal.error_rate if one.goal else 1.0
        found = f"{one.component}: a release with {percent(worse)} errors, the tolerance, may not be seen"
        ways = [] if one.bake is None else [f"a bake of {written(one.bake)} at {one.weight} %"]
        ways += [] if one.heavier is None else [f"a first weight of {one.heavier} %"]
        step = f"It would with {' or '.join(ways)}." if ways else "Guard it by alarms and checks."
        return note(found, "With so little traffic the judge needs longer, or sees only larger regressions.", step)

    def _first_bake(self) -> int:
        steps = steps_of(self.environment.deployment_preference, self.environment.final_bake)
        return next((step.bake for step in steps if step.bake), 0)

    def _too_few(self, one: Outlook, expected: float) -> Finding:
        policy, least = self.environment.judge.when_inconclusive, self.environment.judge.minimum_requests
        found = f"{one.component}: its canary will get about {plural(round(expected), 'request')} of the {least} needed"
        step = "Bake longer, begin with a larger weight, or set `judge.synthetic` or `judge.when_inconclusive`."
        if policy == "roll_back":
            return problem(found, "A good release would be rolled back for lack of evidence.", step)
        return note(found, f"The release would not be judged there (`when_inconclusive: {policy}`).", step)
