from typing import Any

import pytest
from rich.console import Console

from controller.domain.deployment import Step
from controller.domain.durations import written
from controller.domain.environment import Environment
from controller.domain.judging.power import POWER, PowerTerms, RequestRate, detection
from controller.domain.judging.sequential.priors import SLOW_SHARE
from selfright.cli.views.outlook_page import outlooks as drawn
from selfright.planning.outlook import Outlook, Unjudged, outlooks, unjudged

STEPS = (Step(10, 300), Step(50, 300), Step(100, 300))
SLOW, BUSY = RequestRate(1, 0.001), RequestRate(20, 0.001)


def environment(**judge: Any) -> Environment:  # noqa: ANN401
    """Two functions and a site."""
    function = {"kind": "function", "function_name": "f"}
    site = {"kind": "site", "bucket": "some-bucket", "routing_function": "routing"}
    components = {"api": function, "ai": function, "site": site}
    return Environment.model_validate(
        {"application": "shop", "environment": "prod", "components": components, "judge": judge}
    )


def outlook(traffic: RequestRate | None, steps: tuple[Step, ...] = STEPS, **judge: float) -> Outlook:
    """Of one function that changes alone."""
    (one,) = outlooks(environment(**judge), ["api", "site"], steps, lambda _: traffic)
    return one


def said(one: Outlook) -> str:
    """As it is drawn."""
    console = Console(width=300, force_terminal=False)
    with console.capture() as capture:
        console.print(drawn([one]))
    return " ".join(capture.get().split())


def test_enough_traffic_needs_no_suggestion() -> None:
    """What the tolerance asks for is seen."""
    one = outlook(BUSY)
    assert one.suffices
    assert one.smallest
    assert one.smallest.error_rate < 0.011
    assert (one.bake, one.heavier) == (None, None)
    assert "what would" not in said(one)


def test_too_little_traffic_is_told_with_what_would_do() -> None:
    """At one request a second, five minutes at 10 % see no regression of a percentage point; hours would."""
    one = outlook(SLOW)
    assert not one.suffices
    assert one.bake
    assert 3600 < one.bake < 4 * 3600
    limit = 1 / (0.05 * (1 - SLOW_SHARE))
    assert detection((Step(10, one.bake),), SLOW, PowerTerms(limit, 60), 0.011).chance >= POWER
    assert f"what would: {{weight: 10, bake: {written(one.bake)}}}" in said(one)
    assert "no test at all needs less than" in said(one)


def test_almost_no_traffic_is_told_plainly() -> None:
    """Then alarms and checks are what guards it."""
    one = outlook(RequestRate(0.01, 0.001))
    assert one.smallest is None
    assert "not even a release that always fails would be caught" in said(one)
    assert "guard it by alarms and checks" in said(one)


def test_the_risk_is_shared_by_what_changes() -> None:
    """Two functions: each is judged more carefully, so less is seen."""
    alone = outlook(BUSY)
    api = next(one for one in outlooks(environment(), ["api", "ai"], STEPS, lambda _: BUSY) if one.component == "api")
    assert alone.smallest
    assert api.smallest
    assert api.smallest.error_rate > alone.smallest.error_rate


def test_a_greater_tolerance_asks_for_less() -> None:
    """The goal is the environment's own."""
    assert outlook(SLOW, tolerance=0.3).suffices


@pytest.mark.parametrize("steps", [(), (Step(100, 300),), (Step(10, 0), Step(100, 300))])
def test_nothing_is_forecast_where_nothing_is_compared(steps: tuple[Step, ...]) -> None:
    """Without a baking canary, or without a function."""
    assert list(outlooks(environment(), ["api"], steps, lambda _: BUSY)) == []
    assert list(outlooks(environment(), ["site"], STEPS, lambda _: BUSY)) == []


def test_unknown_traffic_is_told() -> None:
    """With the option that says it."""
    assert "add --requests-per-second" in said(outlook(None))


FEW = RequestRate(0.1, 0.001)


def missing(traffic: RequestRate | None, steps: tuple[Step, ...] = STEPS, **judge: Any) -> Unjudged | None:  # noqa: ANN401
    """What a release of one function and a site lacks for a verdict."""
    return unjudged(environment(**judge), ["api", "site"], steps, lambda _: traffic)


def test_a_canary_with_too_few_requests_is_told_beforehand() -> None:
    """Thirty requests in five minutes, twice, and a tenth of them on the canary: six of twenty."""
    found = missing(FEW)
    assert found
    assert (found.weight, found.needed) == (10, 20)
    assert found.expected == pytest.approx(6)
    assert found.bake == 17 * 60
    assert missing(FEW, (Step(10, 17 * 60), Step(100, 300))) is None


@pytest.mark.parametrize(
    ("traffic", "judge"),
    [(BUSY, {}), (None, {}), (FEW, {"minimum_requests": 0}), (FEW, {"synthetic": {"requests": 150}})],
    ids=["enough", "unknown", "none needed", "synthetic requests"],
)
def test_nothing_is_told_where_a_verdict_is_to_be_expected_or_unknown(
    traffic: RequestRate | None, judge: dict[str, Any]
) -> None:
    """Requests that the controller sends itself count as well."""
    assert missing(traffic, **judge) is None


def test_the_requests_of_all_functions_count_together() -> None:
    """So does the judge: two functions with half of the requests each are judged as one with all of them."""
    half = RequestRate(0.2, 0.001)
    assert unjudged(environment(), ["api"], STEPS, lambda _: half)
    assert unjudged(environment(), ["api", "ai"], STEPS, lambda _: half) is None


def test_where_nothing_is_compared_nothing_is_missing() -> None:
    """A site has no numbers, and at 100 % there is nothing to compare with."""
    assert unjudged(environment(), ["site"], STEPS, lambda _: FEW) is None
    assert unjudged(environment(), ["api"], (Step(100, 300),), lambda _: FEW) is None


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("advance", "with nothing against it, alarms quiet and checks passed, it goes live"),
        ("hold", "stays at that weight until a person decides"),
        ("roll_back", "is rolled back"),
    ],
)
def test_it_says_what_the_environment_does_without_a_verdict(then: str, said: str) -> None:
    """Each value of `when_inconclusive` has its own sentence."""
    console = Console(width=300, force_terminal=False)
    with console.capture() as capture:
        console.print(drawn([outlook(FEW)], Unjudged(10, 6.2, 20, then, 1020)))
    shown = " ".join(capture.get().split())
    assert "at 10 % the canary gets about 6 of at least 20 requests" in shown
    assert f"so it is not judged, and {said}" in shown or f"so it is not judged: {said}" in shown
    assert "{weight: 10, bake: 17m}" in shown
