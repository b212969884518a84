"""Unlock: a person frees a held environment and changes nothing else."""

from dataclasses import replace

import pytest

from controller.domain.phases import Phase
from controller.flow.rollback.unlock import unlock
from selfright.recovery.hold import reason_of
from tests.unit.flow.scenes import KEY, failed_rollback, succeeded


def test_a_held_environment_can_be_unlocked_as_it_is() -> None:
    """A person has solved the problem without a rollback; what visitors get counts as that release from now on."""
    world = failed_rollback()
    assert unlock(world, "d2", "moved forward by hand").outcome == "unlocked"
    assert (world.locks.load(KEY).held, world.locks.load(KEY).live) == ("", "d2")
    assert world.deployments.get("d2").phase is Phase.ROLLBACK_FAILED
    assert "moved forward by hand" in world.deployments.events["d2"][-1].message


def test_an_environment_held_by_an_interrupted_recovery_can_be_unlocked_too() -> None:
    """It names the deployment from whose restore point it began; what is live is what the lock says."""
    world = succeeded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), held=reason_of(KEY, "d1"), held_by="d1")
    assert unlock(world, "d1", "good enough").outcome == "unlocked"
    assert (world.locks.load(KEY).held, world.locks.load(KEY).live) == ("", "d2")


@pytest.mark.parametrize(("held", "by"), [("", ""), ("The rollback of d1 failed.", "d1")])
def test_only_the_deployment_that_holds_the_environment_unlocks_it(held: str, by: str) -> None:
    """What another deployment holds stays held."""
    world = succeeded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), held=held, held_by=by)
    assert unlock(world, "d2", "").outcome == "refused"
    assert world.locks.load(KEY).held == held


def test_a_deployment_that_does_not_exist_is_refused() -> None:
    """A person has mistyped its id."""
    assert unlock(succeeded(), "d9", "It serves.").outcome == "refused"
