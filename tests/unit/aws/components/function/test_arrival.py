"""A change of an alias has arrived when calls through the alias run on it."""

from typing import Any

from controller.domain.checks.verification import read_check
from controller.domain.deployment import Revision
from tests.fences import FORWARD
from tests.unit.aws.components.function.invoking.test_events import behind_a_denied_api
from tests.unit.aws.components.function.test_component import staged
from tests.unit.aws.conftest import World

V1, V2 = Revision("1"), Revision("2")
READS = [read_check('{"component":"api","path":"/health"}')]
WRITES = [read_check('{"component":"api","method":"POST","path":"/orders"}')]


def moved(world: World, weight: int) -> World:
    """A staged version 2 with this share of the visitors."""
    staged(world)
    world.function().shift(V1, V2, weight, FORWARD)
    world.functions.calls.clear()
    return world


def invoked(world: World) -> list[Any]:
    """The calls of the function."""
    return [call for call in world.functions.calls if call == "invoke"]


def test_calls_through_the_alias_show_that_all_visitors_get_the_new_version(world: World) -> None:
    """Several in a row, because each may meet another host."""
    moved(world, 100)
    assert world.function().arrival(V1, V2, 100, READS).missing == ""
    assert len(invoked(world)) == 3


def test_a_host_that_still_runs_the_old_version_is_seen(world: World) -> None:
    """The change is written, and has not arrived."""
    moved(world, 100)
    world.functions.straggler = "1"
    missing = world.function().arrival(V1, V2, 100, READS).missing
    assert "still run version 1 instead of 2" in missing


def test_a_host_that_routes_to_a_deleted_version_is_late_and_not_broken(world: World) -> None:
    """Its answer is that the function does not exist."""
    moved(world, 100)
    world.functions.straggler = "9"
    assert "does not exist any more" in world.function().arrival(V1, V2, 100, READS).missing


def test_an_alias_that_is_read_as_before_has_not_arrived(world: World) -> None:
    """A read just after a write may be stale."""
    staged(world)
    assert "is read as version 1" in world.function().arrival(V1, V2, 100, READS).missing
    assert invoked(world) == []


def test_a_function_that_cannot_be_called_harmlessly_is_not_called(world: World) -> None:
    """An order must not be placed to see whether a release has arrived."""
    moved(world, 100)
    assert world.function().arrival(V1, V2, 100, WRITES).missing == ""
    assert invoked(world) == []


def test_while_two_versions_serve_the_alias_is_believed(world: World) -> None:
    """A call that runs on either of them proves nothing."""
    moved(world, 10)
    assert world.function().arrival(V1, V2, 10, READS).missing == ""
    assert invoked(world) == []


def test_a_function_whose_events_are_not_known_is_not_called(world: World) -> None:
    """It might fail, and its failures would count as those of visitors."""
    moved(world, 100)
    assert behind_a_denied_api(world).arrival(V1, V2, 100, READS).missing == ""
    assert invoked(world) == []
