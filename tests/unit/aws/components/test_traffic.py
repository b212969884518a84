"""Moving traffic, for both kinds of components: who wins when several want to move it at the same moment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from controller.domain.components.site.routing import RoutingTable, render
from controller.domain.deployment import Revision
from controller.errors import ChangedByOthersError, ConflictError, TrippedError
from controller.ports.components import Component
from tests.unit.aws.conftest import World

State = tuple[str, str, int]


@dataclass
class Switch:
    """A component whose traffic is on `stable`, and a look at where its visitors go."""

    component: Component
    fake: Any
    write: str
    stable: Revision
    canary: Revision
    state: Callable[[], State]
    meddle: Callable[[State], None]

    def shift(self, weight: int, permit: Callable[[], None] = lambda: None) -> None:
        """Go forward."""
        self.component.shift(self.stable, self.canary, weight, permit)

    def restore(self) -> None:
        """Go back."""
        self.component.restore(self.stable, self.canary)

    def at(self, weight: int) -> State:
        """The state with this share on the canary."""
        if weight == 100:
            return (self.canary.id, "", 0)
        return (self.stable.id, self.canary.id if weight else "", weight)


def function_switch(world: World) -> Switch:
    """An alias on version 1, and version 2."""
    fake = world.functions
    fake.latest["CodeSha256"] = "other"
    fake.publish_version()
    fake.versions["9"] = fake.versions["2"]
    fake.calls.clear()

    def state() -> State:
        version, shares = fake.live
        other, share = next(iter(shares.items()), ("", 0))
        return version, other, round(100 * share)

    def meddle(to: State) -> None:
        fake.point("live", to[0], {to[1]: to[2] / 100} if to[1] else None)

    return Switch(world.function(), fake, "update_alias", Revision("1"), Revision("2"), state, meddle)


def site_switch(world: World) -> Switch:
    """A routing table on one revision, and another revision."""
    fake, folders = world.routing, {"a" * 16: ("assets/",), "b" * 16: ("assets/",)}

    def meddle(to: State) -> None:
        for stage in ("DEVELOPMENT", "LIVE"):
            fake.edit(stage, render(RoutingTable(*to, hashed=folders)))

    def state() -> State:
        return fake.table.stable, fake.table.canary, fake.table.weight

    meddle(("a" * 16, "", 0))
    fake.calls.clear()
    return Switch(world.site(), fake, "update_function", Revision("a" * 16), Revision("b" * 16), state, meddle)


@pytest.fixture(params=[function_switch, site_switch], ids=["function", "site"])
def switch(request: pytest.FixtureRequest, world: World) -> Switch:
    """A switch of each kind."""
    made: Switch = request.param(world)
    return made


def tripped() -> None:
    """A permit of a deployment that has tripped."""
    raise TrippedError("The alarm fired.")


def tripped_at_second_evaluation() -> Callable[[], None]:
    """A permit of a deployment that trips after it was asked once."""
    answers = iter([None, TrippedError("The alarm fired.")])

    def permit() -> None:
        if error := next(answers):
            raise error

    return permit


@pytest.mark.parametrize("weight", [10, 50, 100])
def test_traffic_goes_where_it_is_sent_and_back(switch: Switch, weight: int) -> None:
    """Forward by any share, and back to the stable revision alone."""
    switch.shift(weight)
    assert switch.state() == switch.at(weight)
    switch.restore()
    assert switch.state() == switch.at(0)


@pytest.mark.parametrize("weight", [10, 100])
def test_what_is_done_is_not_done_again(switch: Switch, weight: int) -> None:
    """Lambda and Step Functions deliver at least once; the second time nothing is written."""
    switch.shift(weight)
    switch.fake.calls.clear()
    switch.shift(weight)
    assert switch.fake.mutations == []


def test_what_is_restored_is_not_restored_again(switch: Switch) -> None:
    """The rollback machine repeats what the alarm's handler has done already."""
    switch.shift(10)
    switch.restore()
    switch.fake.calls.clear()
    switch.restore()
    assert switch.fake.mutations == []


def test_restoring_what_was_never_shifted_is_fine(switch: Switch) -> None:
    """A deployment that failed while staging has no canary."""
    switch.component.restore(switch.stable, None)
    assert switch.fake.mutations == []


def test_a_tripped_deployment_does_not_go_forward(switch: Switch) -> None:
    """The permit is asked after the read and before the write."""
    with pytest.raises(TrippedError):
        switch.shift(10, tripped)
    assert switch.fake.mutations == []


def test_a_trip_during_the_write_takes_it_back(switch: Switch) -> None:
    """A rollback that looked before our write saw nothing to put back; so the shift looks again and does it."""
    with pytest.raises(TrippedError):
        switch.shift(10, tripped_at_second_evaluation())
    assert switch.state() == switch.at(0)


def test_back_wins_over_forward(switch: Switch) -> None:
    """A rollback between read and write makes the write fail, and the permit of the next attempt says no."""
    switch.shift(10)
    switch.fake.before[switch.write] = switch.restore
    with pytest.raises(TrippedError):
        switch.shift(50, tripped_at_second_evaluation())
    assert switch.state() == switch.at(0)


def test_back_wins_when_forward_writes_first(switch: Switch) -> None:
    """A shift between the restoring's read and write only makes it read again."""
    switch.shift(10)
    switch.fake.before[switch.write] = lambda: switch.shift(50)
    switch.restore()
    assert switch.state() == switch.at(0)


def test_two_of_the_same_shift_do_no_harm(switch: Switch) -> None:
    """The slower one finds that it has been done."""
    switch.fake.before[switch.write] = lambda: switch.shift(10)
    switch.shift(10)
    assert switch.state() == switch.at(10)


@pytest.mark.parametrize("direction", ["forward", "back"])
def test_a_persons_change_is_left_alone(switch: Switch, direction: str) -> None:
    """Traffic on a revision that this deployment does not know was put there by somebody else."""
    switch.shift(10)
    theirs = ("9", "", 0) if switch.write == "update_alias" else ("c" * 16, "", 0)
    switch.fake.before[switch.write] = lambda: switch.meddle(theirs)
    with pytest.raises(ChangedByOthersError, match="somebody else moved it"):
        switch.shift(50) if direction == "forward" else switch.restore()
    assert switch.state() == theirs


def test_the_canary_as_stable_is_not_ours_either(switch: Switch) -> None:
    """All on the canary is ours; the canary with a share for the stable one never is."""
    switch.meddle((switch.canary.id, switch.stable.id, 30))
    with pytest.raises(ChangedByOthersError):
        switch.restore()


def test_somebody_who_never_stops_is_a_conflict(switch: Switch) -> None:
    """It is tried a few times, and then left as it is."""
    switch.shift(10)

    def again() -> None:
        switch.meddle(switch.at(20 + len(switch.fake.calls) % 50))
        switch.fake.before[switch.write] = again

    switch.fake.before[switch.write] = again
    with pytest.raises(ConflictError, match="was changed 5 times"):
        switch.restore()
