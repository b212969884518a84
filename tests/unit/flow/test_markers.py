"""Every phase that visitors notice is marked on the graphs."""

from controller.domain.phases import Phase
from controller.flow.complete import complete
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.close import close_rollback
from controller.flow.shared.closure import close
from controller.flow.shift import shift
from tests.unit.flow.scenes import a_deployment, a_world, at_weight, on_its_way


def test_every_shift_is_marked() -> None:
    """At each step more visitors get the new version: that is where a graph may bend."""
    world = a_world()
    on_its_way(world, Phase.STAGING)
    shift(world, "d2", 0)
    assert world.markers.made == [("d2", Phase.SHIFTING)]


def test_a_good_end_is_marked_once() -> None:
    """Closing again, because something failed, marks nothing again."""
    world = a_world()
    on_its_way(world, Phase.BAKING, weight=100)
    at_weight(world, 100)
    complete(world, "d2")
    complete(world, "d2")
    assert world.markers.made == [("d2", Phase.SUCCEEDED)]


def test_a_rollback_is_marked_where_it_begins_and_ends() -> None:
    """Both are on the graph, so that one sees what was between them."""
    world = a_world()
    on_its_way(world, Phase.BAKING, weight=10)
    begin_rollback(world, "d2", "arn:rollback", "alarm", "It broke.")
    close_rollback(world, "d2", "")
    assert world.markers.made == [("d2", Phase.ROLLING_BACK), ("d2", Phase.ROLLED_BACK)]


def test_what_never_came_as_far_as_traffic_is_not_marked() -> None:
    """No visitor got anything of a rejected release, or of one that failed while it was staged."""
    world = a_world()
    a_deployment(world, Phase.RECEIVED, "d0")
    on_its_way(world, Phase.STAGING, steps=())
    close(world, "d0", Phase.REJECTED, "It is no bundle.")
    begin_rollback(world, "d2", "arn:rollback", "check", "It is unhealthy.")
    close_rollback(world, "d2", "")
    assert world.markers.made == []
