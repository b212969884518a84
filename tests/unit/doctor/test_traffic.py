from typing import Any

import pytest

from controller.domain.environment import Environment
from controller.domain.judging.power import RequestRate
from selfright.components.examined import Finding
from selfright.doctor.traffic import TrafficExaminer
from tests.examining import found_in

FUNCTION = {"kind": "function", "function_name": "f"}
SITE = {"kind": "site", "bucket": "some-bucket", "routing_function": "routing"}


def look(per_second: float | None, policy: str = "roll_back", **more: Any) -> Finding:  # noqa: ANN401
    """What is found about the one function's traffic."""
    document = {"application": "a", "environment": "e", "components": {"api": FUNCTION, "site": SITE}}
    judge = {"when_inconclusive": policy, **more.pop("judge", {})}
    environment = Environment.model_validate({**document, "judge": judge, **more})
    rate = None if per_second is None else RequestRate(per_second, 0.001)
    (found,) = found_in(TrafficExaminer(environment, lambda _: rate).examinations(), "the traffic")
    return found


def test_enough_traffic_is_well() -> None:
    """The tolerance is seen with great probability."""
    found = look(200)
    assert (found.severity, found.found) == ("ok", "api: 200 requests a second suffice for a verdict")


def test_too_few_requests_for_a_verdict_are_a_problem_where_they_roll_back() -> None:
    """A good release would be rolled back; with the figures of its canary."""
    found = look(0.01)
    assert found.severity == "problem"
    assert found.found == "api: its canary will get about 1 request of the 20 needed"


def test_where_they_do_not_roll_back_they_are_a_note() -> None:
    """Somebody decides, or it goes live unjudged."""
    assert look(0.01, "pause").severity == "note"


def test_synthetic_requests_count() -> None:
    """The environment may have them sent."""
    assert look(0.01, judge={"synthetic": {"requests": 100}}).severity == "note"


def test_a_judge_that_sees_only_large_regressions_is_a_note_with_what_would_do() -> None:
    """A longer bake, or a heavier first step."""
    found = look(1)
    assert found.severity == "note"
    assert "a bake of" in found.next_step


def test_unknown_traffic_is_a_note() -> None:
    """With the permission that may be missing."""
    assert "cloudwatch:GetMetricData" in look(None).next_step


@pytest.mark.parametrize("kind", ["AllAtOnce"])
def test_without_a_canary_nothing_is_compared(kind: str) -> None:
    """So no traffic is needed."""
    found = look(None, deployment_preference={"type": kind})
    assert found.severity == "ok"
