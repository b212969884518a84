"""The lock: it is granted to the holder alone, and not taken from another."""

import pytest

from controller.domain.phases import Phase
from controller.errors import ConflictError
from controller.flow.shared.lock import grant, retake_lock
from tests.unit.flow.scenes import a_world, on_its_way, waiting


def test_a_grant_needs_a_queued_deployment() -> None:
    """A deployment that has moved on, or ended, gets no second answer."""
    world = a_world()
    grant(world, on_its_way(world, Phase.BAKING))
    assert not world.workflows.answers


def test_a_grant_is_only_for_the_holder() -> None:
    """A late grant does nothing when another deployment holds the lock."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    grant(world, waiting(world))
    assert not world.workflows.answers


def test_the_lock_is_not_taken_from_another() -> None:
    """The rollback of an older deployment does not begin while a newer one is deployed."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    with pytest.raises(ConflictError, match="d2 holds the lock"):
        retake_lock(world, world.deployments.get("d1"))
