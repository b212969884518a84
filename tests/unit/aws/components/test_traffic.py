"""Moving the traffic of functions and sites: which of several writers wins at the same moment."""

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
    """A component whose traffic is on `stable`, and the state of that traffic."""

    component: Component
    fake: Any
    write: str
    stable: Revision
    canary: Revision
    state: Callable[[], State]
    meddle: Callable[[State], None]

    def shift(self, weight: int, permit: Callable[[], None] = lambda: None) -> None:
        """Shift to the canary."""
        self.component.shift(self.stable, self.canary, weight, permit)

    def restore(self) -> None:
        """Restore stable."""
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


def tripped_at_second_check() -> Callable[[], None]:
    """A permit of a deployment that trips after the first check."""
    answers = iter([None, TrippedError("The alarm fired.")])

    def permit() -> None:
        if error := next(answers):
            raise error

    return permit


@pytest.mark.parametrize("weight", [10, 50, 100])
def test_traffic_is_shifted_and_restored(switch: Switch, weight: int) -> None:
    """A shift sets any share, and a restore sets the stable revision alone."""
    switch.shift(weight)
    assert switch.state() == switch.at(weight)
    switch.restore()
    assert switch.state() == switch.at(0)


@pytest.mark.parametrize("weight", [10, 100])
def test_a_second_shift_writes_nothing(switch: Switch, weight: int) -> None:
    """Lambda and Step Functions deliver at least once."""
    switch.shift(weight)
    switch.fake.calls.clear()
    switch.shift(weight)
    assert switch.fake.mutations == []


def test_a_second_restore_writes_nothing(switch: Switch) -> None:
    """The rollback machine repeats the work of the alarm's handler."""
    switch.shift(10)
    switch.restore()
    switch.fake.calls.clear()
    switch.restore()
    assert switch.fake.mutations == []


def test_a_restore_without_a_shift_writes_nothing(switch: Switch) -> None:
    """A deployment that failed while staging has no canary."""
    switch.component.restore(switch.stable, None)
    assert switch.fake.mutations == []


def test_a_tripped_deployment_does_not_shift(switch: Switch) -> None:
    """The permit is checked after the read and before the write."""
    with pytest.raises(TrippedError):
        switch.shift(10, tripped)
    assert switch.fake.mutations == []


def test_a_trip_during_the_write_undoes_it(switch: Switch) -> None:
    """A rollback that read before our write found nothing to restore, so the shift checks again and restores it."""
    with pytest.raises(TrippedError):
        switch.shift(10, tripped_at_second_check())
    assert switch.state() == switch.at(0)


def test_a_rollback_wins_over_a_shift(switch: Switch) -> None:
    """A rollback between read and write makes the write fail, and the permit refuses the next attempt."""
    switch.shift(10)
    switch.fake.before[switch.write] = switch.restore
    with pytest.raises(TrippedError):
        switch.shift(50, tripped_at_second_check())
    assert switch.state() == switch.at(0)


def test_a_rollback_wins_when_a_shift_writes_first(switch: Switch) -> None:
    """A shift between the restore's read and write only makes the restore read again."""
    switch.shift(10)
    switch.fake.before[switch.write] = lambda: switch.shift(50)
    switch.restore()
    assert switch.state() == switch.at(0)


def test_the_same_shift_twice_at_once_is_harmless(switch: Switch) -> None:
    """The slower one finds the work done."""
    switch.fake.before[switch.write] = lambda: switch.shift(10)
    switch.shift(10)
    assert switch.state() == switch.at(10)


@pytest.mark.parametrize("direction", ["shift", "restore"])
def test_a_persons_change_is_not_overwritten(switch: Switch, direction: str) -> None:
    """Somebody else moved traffic to a revision that this deployment does not know."""
    switch.shift(10)
    theirs = ("9", "", 0) if switch.write == "update_alias" else ("c" * 16, "", 0)
    switch.fake.before[switch.write] = lambda: switch.meddle(theirs)
    with pytest.raises(ChangedByOthersError, match="somebody else moved it"):
        switch.shift(50) if direction == "shift" else switch.restore()
    assert switch.state() == theirs


def test_a_share_for_stable_beside_the_canary_is_not_ours(switch: Switch) -> None:
    """A deployment sets all traffic to the canary, but never the canary with a share for stable."""
    switch.meddle((switch.canary.id, switch.stable.id, 30))
    with pytest.raises(ChangedByOthersError):
        switch.restore()


def test_changes_that_never_stop_are_a_conflict(switch: Switch) -> None:
    """The restore tries a few times, and then leaves the traffic as it is."""
    switch.shift(10)

    def again() -> None:
        switch.meddle(switch.at(20 + len(switch.fake.calls) % 50))
        switch.fake.before[switch.write] = again

    switch.fake.before[switch.write] = again
    with pytest.raises(ConflictError, match="was changed 5 times"):
        switch.restore()
