"""Unlock: a person frees a held environment and changes nothing else."""

from dataclasses import replace

import pytest

from controller.domain.phases import Phase
from controller.flow.rollback.unlock import unlock
from selfright.recovery.hold import reason_of
from tests.unit.flow.scenes import KEY, a_world, on_its_way


def test_a_held_environment_can_be_unlocked_as_it_is() -> None:
    """A person has solved the problem without a rollback."""
    world = a_world()
    on_its_way(world, Phase.ROLLBACK_FAILED)
    world.locks.known[KEY] = replace(world.locks.known[KEY], holder="", held="The rollback of d2 failed.")
    assert unlock(world, "d2", "moved forward by hand").outcome == "unlocked"
    assert world.locks.load(KEY).held == ""
    assert world.deployments.get("d2").phase is Phase.ROLLBACK_FAILED
    assert "moved forward by hand" in world.deployments.events["d2"][-1].message


def test_an_environment_held_by_an_interrupted_recovery_can_be_unlocked_too() -> None:
    """It names the deployment from whose restore point it began."""
    world = a_world()
    on_its_way(world, Phase.SUCCEEDED)
    world.locks.known[KEY] = replace(world.locks.known[KEY], holder="", held=reason_of(KEY, "d2"))
    assert unlock(world, "d2", "good enough").outcome == "unlocked"
    assert world.locks.load(KEY).held == ""


@pytest.mark.parametrize("held", ["", "The rollback of d1 failed."])
def test_only_the_deployment_that_holds_the_environment_unlocks_it(held: str) -> None:
    """What another deployment holds stays held."""
    world = a_world()
    on_its_way(world, Phase.SUCCEEDED)
    world.locks.known[KEY] = replace(world.locks.known[KEY], held=held)
    assert unlock(world, "d2", "").outcome == "refused"
    assert world.locks.load(KEY).held == held
