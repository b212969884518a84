"""Predicts what the judge can detect in each component, from its usual traffic and the strategy."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from controller.domain.components.target import Target
from controller.domain.deployment import Step
from controller.domain.environment import MINUTE, Environment
from controller.domain.judging.power import (
    LONGEST,
    Detection,
    PowerTerms,
    RequestRate,
    bake_for,
    detection,
    seconds_for_any_test,
    smallest,
    weight_for,
)
from controller.domain.judging.sequential.priors import ERRORS, METRICS, risk_shares
from controller.domain.strategy import ALL

Usual = Callable[[Target], RequestRate | None]


@dataclass(frozen=True)
class Outlook:
    """The outlook of one component. `smallest` is the smallest error rate that is caught (None: none is).

    `goal` is the error rate that should be caught, that is the usual one plus the environment's tolerance, with the
    probability that it is. If that is too small, a bake of `bake` seconds at the first step's `weight`, or a weight of
    `heavier` percent for the first step's bake, would suffice; None if even that would not. `at_least` is the number
    of seconds that any test would need for the goal at that weight.
    """

    component: str
    traffic: RequestRate | None
    weight: int = 0
    smallest: Detection | None = None
    goal: Detection | None = None
    at_least: float = 0.0
    bake: int | None = None
    heavier: int | None = None

    @property
    def suffices(self) -> bool:
        """Whether the error rate that should be caught is caught."""
        return bool(self.smallest and self.goal and self.smallest.error_rate <= self.goal.error_rate)


@dataclass(frozen=True)
class Unjudged:
    """A step that will probably get too few requests for a verdict.

    At `weight` percent, the canary gets about `expected` of the `needed` requests, even when the bake is extended. Then
    the environment's `when_inconclusive` decides: `then`. A bake of `bake` seconds would do; None if a day would not.
    """

    weight: int
    expected: float
    needed: int
    then: str
    bake: int | None = None


def unjudged(
    environment: Environment, compared: Collection[str], steps: Sequence[Step], usual: Usual
) -> Unjudged | None:
    """The first step that will probably not be judged; None if all are, or if the usual traffic is unknown.

    The requests of all `compared` components count together, as the judge counts them.
    """
    targets = [environment.components[name] for name in compared if environment.components[name].measured_by_version]
    known = [traffic for traffic in map(usual, targets) if traffic]
    policy, per_second = environment.judge, sum(traffic.per_second for traffic in known)
    if not targets or len(known) < len(targets):
        return None
    for step in steps:
        share = step.weight / ALL
        longest = step.bake + max(step.bake, 2 * policy.period)
        expected = share * (per_second * longest + policy.synthetic.requests)
        if step.weight < ALL and step.bake and expected < policy.minimum_requests:
            return Unjudged(
                step.weight,
                expected,
                policy.minimum_requests,
                str(policy.when_inconclusive),
                _sufficient(policy.minimum_requests - share * policy.synthetic.requests, share * per_second),
            )
    return None


def _sufficient(requests: float, per_second: float) -> int | None:
    """The bake in seconds, whole minutes, in which so many requests come if it is extended once."""
    minutes = ceil(requests / per_second / 2 / MINUTE) if per_second else LONGEST
    return minutes * MINUTE if minutes * MINUTE <= LONGEST else None


def outlooks(
    environment: Environment, changed: Collection[str], steps: Sequence[Step], usual: Usual
) -> Iterator[Outlook]:
    """The outlook of every component whose versions are compared."""
    targets = {name: environment.components[name] for name in sorted(changed)}
    compared = {name: target for name, target in targets.items() if target.measured_by_version}
    if not compared or not any(step.weight < ALL and step.bake for step in steps):
        return
    shares = risk_shares(tuple(compared), METRICS)
    for name, target in compared.items():
        limit = 1 / (environment.judge.alpha * shares[name, ERRORS])
        terms = PowerTerms(limit, max(environment.judge.evaluate_every, environment.judge.period))
        traffic = usual(target)
        yield _outlook(name, traffic, steps, terms, environment) if traffic else Outlook(name, None)


def _outlook(
    name: str, traffic: RequestRate, steps: Sequence[Step], terms: PowerTerms, environment: Environment
) -> Outlook:
    first, rate = next(step for step in steps if step.bake), min(1.0, traffic.error_rate + environment.judge.tolerance)
    settle = environment.judge.settled_seconds
    goal, found = detection(steps, traffic, terms, rate), smallest(steps, traffic, terms)
    enough = found is not None and found.error_rate <= rate
    return Outlook(
        component=name,
        traffic=traffic,
        weight=first.weight,
        smallest=_later(found, settle) if found else None,
        goal=_later(goal, settle),
        at_least=seconds_for_any_test(traffic, rate, first.weight, environment.judge.alpha),
        bake=None if enough else bake_for(first.weight, traffic, terms, rate),
        heavier=None if enough else weight_for(first.bake, traffic, terms, rate),
    )


def _later(one: Detection, seconds: float) -> Detection:
    """Add the seconds after which metrics are known."""
    median, late = (None if time is None else time + seconds for time in (one.median, one.late))
    return replace(one, median=median, late=late)
