import pytest
from rich.console import Console

from controller.domain.deployment import Step
from controller.domain.durations import written
from controller.domain.environment import Environment
from controller.domain.judging.power import POWER, PowerTerms, RequestRate, detection
from controller.domain.judging.sequential.priors import SLOW_SHARE
from selfright.cli.views.outlook_page import outlooks as drawn
from selfright.planning.outlook import Outlook, outlooks

STEPS = (Step(10, 300), Step(50, 300), Step(100, 300))
SLOW, BUSY = RequestRate(1, 0.001), RequestRate(20, 0.001)


def environment(**judge: float) -> Environment:
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
    console = Console(width=300)
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
