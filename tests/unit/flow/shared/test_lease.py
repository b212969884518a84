"""The lease: a deployment without progress is stuck, one that waits as planned is not."""

from controller.flow.pausing.pause import pause
from controller.flow.reconcile import STUCK, reconcile
from controller.flow.shared.lease import LEASE, PAUSE_SECONDS
from tests.unit.flow.scenes import a_silent_deployment


def test_a_deployment_within_its_lease_is_left_alone() -> None:
    """A running execution with a valid lease needs nothing."""
    world = a_silent_deployment()
    world.clock.forward(LEASE.total_seconds() - 1)
    assert reconcile(world) == {}


def test_a_deployment_whose_lease_ran_out_is_rolled_back_though_its_execution_runs() -> None:
    """It waits for an answer that will never come."""
    world = a_silent_deployment()
    world.clock.forward(LEASE.total_seconds() + 60)
    assert reconcile(world) == {"d2": "rollback started"}
    assert STUCK in world.deployments.events["d2"][-1].message


def test_a_pause_lasts_as_long_as_a_person_may_take() -> None:
    """A deployment that is paused for a week is not stuck."""
    world = a_silent_deployment()
    pause(world, "d2", "pause-token")
    world.clock.forward(PAUSE_SECONDS)
    assert reconcile(world) == {}
