"""What is not restored yet, and why."""

import pytest

from controller.domain.phases import Phase
from controller.errors import AwsError, ChangedByOthersError, InvalidEnvironmentError, TransientError
from controller.flow.rollback.differences import differences
from controller.flow.rollback.restore import restore_component
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import KEY, STABLE, an_environment, moving, rolling_back, with_a_stack


def back(*restored: str) -> FakeWorld:
    """A rollback in which these components were restored."""
    world = rolling_back(moving())
    for name in restored:
        restore_component(world, "d2", name)
    return world


def found(world: FakeWorld) -> dict[str, tuple[bool, str]]:
    """Whether it lasts, and the reason, by component."""
    troubles = differences(world, world.deployments.get("d2"), slow=())
    return {name: (one.lasting, one.reason) for name, one in troubles.items()}


def test_nothing_is_wrong_when_all_is_restored() -> None:
    """Each is on its stable revision, with its seal."""
    assert found(back("api", "site")) == {}


def test_what_was_never_restored_is_not_restored_although_visitors_are_on_stable() -> None:
    """Without the seal of its restoration, a shift that is late could still move it."""
    world = back("api")
    site = world.components.known["site"]
    site.live, site.canary, site.weight = STABLE["site"].id, "", 0
    assert found(world) == {"site": (False, "it is not restored yet")}


@pytest.mark.parametrize(
    ("error", "lasting"),
    [(TransientError("no answer"), False), (ChangedByOthersError("split"), False), (AwsError("denied"), True)],
)
def test_what_cannot_be_read_passes_unless_it_is_refused(error: Exception, lasting: bool) -> None:
    """That traffic is split means at first only that it is not restored yet."""
    world = back("api", "site")
    world.components.known["api"].broken = error
    assert found(world) == {"api": (lasting, str(error))}


def test_an_environment_that_cannot_be_read_needs_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody deleted or broke its document in the middle of a release."""
    world = back()
    del world.environments.known[KEY]
    assert {lasting for lasting, _ in found(world).values()} == {True}

    def invalid(application: str, environment: str) -> None:
        raise InvalidEnvironmentError(f"{application}/{environment} is not JSON.")

    monkeypatch.setattr(world.environments, "get", invalid)
    assert found(world) == dict.fromkeys(("api", "site"), (True, f"{KEY} is not JSON."))


def test_what_no_shift_ever_moved_is_not_of_this_deployment() -> None:
    """Whoever moved it is left alone."""
    world = rolling_back(moving(Phase.STAGING, weight=0, reached=0))
    world.components.known["api"].live = "9"
    assert found(world) == {}


def test_a_stack_that_the_environment_does_not_name_any_more_needs_a_person() -> None:
    """It was staged before any shift: without its target, nobody can restore it."""
    world = with_a_stack(Phase.ROLLING_BACK, reached=0)
    components = {"api": {"kind": "function", "function_name": "f"}}
    world.environments.known[KEY] = an_environment(components=components)
    assert found(world) == {"infra": (True, f"{KEY} does not have it any more")}
