"""Verify restoration: what is restored is proven, and what is not is reported."""

from dataclasses import replace

import pytest

from controller.domain.phases import Phase
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.close import close_rollback
from controller.flow.rollback.restore import restore_component
from controller.flow.rollback.verify_restoration import verify_restoration
from tests.unit.flow.scenes import moving, with_a_stack


def test_the_release_that_is_live_again_is_checked_from_outside() -> None:
    """Its own checks must pass: the restoration is proven, not assumed."""
    world = moving(weight=0)
    world.probe.wrong = ["no", "no", "no"]
    assert "GET /health of api: no" in verify_restoration(world, "d2").reason
    assert verify_restoration(world, "d2").outcome == "verified"


def test_a_rollback_makes_no_load() -> None:
    """Of the former release's checks, only those are made that a visitor could make."""
    world = moving(weight=0)
    checks = (
        '{"component":"api","kind":"load","path":"/load","p95_ms":100}',
        '{"component":"api","path":"/staged","only":"staged"}',
        '{"component":"site","kind":"site"}',
    )
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), checks=checks)
    assert verify_restoration(world, "d2").outcome == "verified"
    assert world.probe.asked == ["https://site.example/"]


def test_a_stack_stays_while_the_code_that_may_need_it_is_live() -> None:
    """Code that cannot be restored keeps what it needs, and the reason names both."""
    world = with_a_stack(Phase.BAKING)
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    world.components.known["api"].edit("9")
    restore_component(world, "d2", "api")
    answer = verify_restoration(world, "d2")
    assert answer.outcome == "failed"
    assert "infra: was left as it is, because what may need it is not restored" in answer.reason
    assert world.components.known["infra"].live == "b"


def test_a_stack_that_cannot_even_be_asked_is_given_up() -> None:
    """After a fault that no attempt survives, the rollback fails in bounded time, and a person takes over."""
    world = with_a_stack(Phase.BAKING)
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    restore_component(world, "d2", "api")
    world.components.known["infra"].broken = ZeroDivisionError()
    answer, rounds = verify_restoration(world, "d2"), 0
    while answer.outcome == "pending":
        assert answer.wait_seconds or not rounds
        rounds += 1
        with pytest.raises(ZeroDivisionError):
            restore_component(world, "d2", "infra")
        world.clock.forward(answer.wait_seconds)
        answer = verify_restoration(world, "d2")
    assert "infra: could not be asked in time" in answer.reason
    assert rounds < 300
    assert close_rollback(world, "d2", answer.reason).outcome == Phase.ROLLBACK_FAILED
