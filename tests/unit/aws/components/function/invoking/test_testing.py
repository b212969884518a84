import itertools
import json
from typing import Any

import pytest

from controller.aws.components.function.invoking.testing import FunctionTests
from controller.domain.checks.check import Check, CheckResult
from controller.domain.checks.load_check import LoadCheck
from controller.domain.checks.verification import AnyCheck
from controller.domain.deployment import Revision
from tests.unit.aws.conftest import World

NAME = "smartpack-prod-api:7"
LOAD = LoadCheck(component="api", path="/health", requests=20, concurrency=1, p95_ms=500)


def results_of(world: World, *checks: AnyCheck, seconds: float = 0.1, **answer: Any) -> list[CheckResult]:  # noqa: ANN401
    """The results, when each reading of the clock is `seconds` after the last one."""
    world.functions.answers = {NAME: {"Payload": {"statusCode": 200, "body": "ok", **answer}}}
    ticks = itertools.count(0, seconds)
    return list(FunctionTests(world.clients, "smartpack-prod-api", "7", lambda: next(ticks)).run(checks))


def health(**expected: Any) -> Check:  # noqa: ANN401 - as in release.yaml
    """A check of the API."""
    return Check.model_validate({"component": "api", "path": "/health", **expected})


def test_headers_and_json_are_compared(world: World) -> None:
    """A direct invocation is compared with everything that a check can expect."""
    check = health(json={"ok": True}, header={"x-version": "7"}, max_latency_ms=100)
    [result] = results_of(world, check, body=json.dumps({"ok": True}), headers={"X-Version": "7"})
    assert result.passed


@pytest.mark.parametrize(("most", "requests"), [(100, 1), (99, 2)])
def test_a_slow_answer_is_requested_again(world: World, most: int, requests: int) -> None:
    """A cold start does not make a version slow; a second slow answer does."""
    [result] = results_of(world, health(max_latency_ms=most))
    assert (result.passed, len(world.functions.invoked)) == (requests == 1, requests)


def test_a_load_is_made_on_the_version_itself(world: World) -> None:
    """It comes after the checks, and makes as many requests as it says."""
    results = results_of(world, LOAD, health())
    assert [result.check for result in results] == ["GET /health of api", "load on GET /health of api"]
    assert results[1].detail.startswith("20 requests, 1 at a time: 0 errors, p95 ")
    assert [name for name, _ in world.functions.invoked] == [NAME] * 21


def test_a_wrong_version_gets_no_load(world: World) -> None:
    """The load would cost money and show nothing."""
    results = results_of(world, LOAD, health(contains="better"))
    assert [result.passed for result in results] == [False]
    assert len(world.functions.invoked) == 1


def test_wrong_answers_are_errors_of_the_load(world: World) -> None:
    """The first error ends the run here, and the result has it."""
    [result] = results_of(world, LOAD, statusCode=503)
    assert not result.passed
    assert result.detail.endswith("the first error: expected status 200, got 503")


def test_a_body_alone_is_an_answer_where_the_functions_api_takes_it(world: World) -> None:
    """An HTTP API does; a REST API would answer 502."""
    world.functions.answers = {NAME: {"Payload": {"ok": True}}}
    revision, check = Revision("7"), health(json={"ok": True}, route="/health")
    [http] = world.function(api_id="abc").check(revision, [check])
    [rest] = world.function(rest_api_id="abc", rest_api_stage="prod").check(revision, [check])
    assert http.passed
    assert not rest.passed
    assert "which a REST API needs" in rest.detail
