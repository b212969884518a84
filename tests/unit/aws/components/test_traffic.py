"""Moving the traffic of functions and sites: which of several writers wins at the same moment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from controller.domain.components.site.hashes import Sharing
from controller.domain.components.site.routing import RoutingTable, render
from controller.domain.deployment import Revision
from controller.errors import ChangedByOthersError, TransientError, TrippedError
from controller.ports.components import Component
from controller.seen_again import PAUSES
from tests.fences import back, forward
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
        self.component.shift(self.stable, self.canary, weight, forward(permit))

    def restore(self, permit: Callable[[], None] = lambda: None) -> None:
        """Restore stable."""
        self.component.restore(self.stable, self.canary, back(permit))

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
    fake, folders = world.routing, {"a" * 16: Sharing(), "b" * 16: Sharing()}

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


def test_a_restore_where_nothing_is_to_be_moved_leaves_the_seal_once(switch: Switch) -> None:
    """A shift that read before it finds the component changed; the second restore finds the seal."""
    switch.restore()
    sealed = len(switch.fake.mutations)
    assert sealed > 0
    assert switch.state() == switch.at(0)
    switch.restore()
    assert len(switch.fake.mutations) == sealed


def test_a_shift_that_read_before_the_seal_fails(switch: Switch) -> None:
    """Although the restore moved nothing, the shift's write is refused, and so is its next permit."""
    switch.fake.before[switch.write] = switch.restore
    with pytest.raises(TrippedError):
        switch.shift(10, tripped_at_second_check())
    assert switch.state() == switch.at(0)


def test_the_seal_of_another_deployment_does_not_count(switch: Switch) -> None:
    """Its fencing token is another one, so the restore of this deployment leaves its own."""
    switch.restore()
    before = len(switch.fake.mutations)
    switch.component.restore(switch.stable, switch.canary, back(token=5))
    assert len(switch.fake.mutations) > before
    switch.component.restore(switch.stable, switch.canary, back(token=5))
    assert len(switch.fake.mutations) == 2 * before


def test_a_shift_writes_over_the_seal_of_a_rollback_before_it(switch: Switch) -> None:
    """The next deployment holds the lock, and begins with what it reads."""
    switch.restore()
    switch.component.shift(switch.stable, switch.canary, 10, forward(token=5))
    assert switch.state() == switch.at(10)


def test_a_tripped_deployment_does_not_shift(switch: Switch) -> None:
    """The permit is checked after the read and before the write."""
    with pytest.raises(TrippedError):
        switch.shift(10, tripped)
    assert switch.fake.mutations == []


def test_a_deployment_that_has_ended_does_not_restore(switch: Switch) -> None:
    """What it would restore is the next one's; its permit is checked after the read, too."""
    switch.shift(10)
    switch.fake.calls.clear()
    with pytest.raises(TrippedError):
        switch.restore(tripped)
    assert switch.fake.mutations == []
    assert switch.state() == switch.at(10)


def test_a_restore_that_comes_after_its_deployments_end_fails(switch: Switch) -> None:
    """Another restore has sealed the component, and the next deployment may have moved it."""
    switch.shift(10)

    def end() -> None:
        switch.restore()
        switch.component.shift(switch.stable, switch.canary, 50, forward(token=5))

    switch.fake.before[switch.write] = end
    with pytest.raises(TrippedError):
        switch.restore(tripped_at_second_check())
    assert switch.state() == switch.at(50)


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
    with pytest.raises(TransientError, match="was changed 5 times"):
        switch.restore()


# Reads that are older than the last write


def test_a_state_that_seems_to_be_a_persons_is_read_again(switch: Switch, slept: list[float]) -> None:
    """The change of a person that has just been undone is still seen for some seconds."""
    switch.meddle(("9", "", 0) if switch.write == "update_alias" else ("c" * 16, "", 0))
    switch.fake.lag(2)
    switch.meddle(switch.at(0))
    switch.restore()
    assert switch.state() == switch.at(0)
    assert slept
    assert set(slept) <= set(PAUSES)


@pytest.mark.parametrize("weight", [0, 50])
def test_a_write_that_fails_on_an_old_state_is_made_again(switch: Switch, slept: list[float], weight: int) -> None:
    """A write on the condition of what is no longer true fails, and waits until the next read shows what is."""
    switch.fake.lag(5 if switch.write == "update_alias" else 10)  # A site has two stages to read.
    switch.shift(10)
    switch.fake.calls.clear()
    switch.restore() if weight == 0 else switch.shift(weight)
    assert switch.state() == switch.at(weight)
    assert sum(slept) >= PAUSES[0] + PAUSES[1]


def test_a_state_that_is_as_expected_costs_no_pause(switch: Switch, slept: list[float]) -> None:
    """A restoration after an alarm waits for nothing, also where a shift is under way."""
    switch.shift(10)
    switch.fake.before[switch.write] = lambda: switch.shift(50)
    switch.restore()
    assert slept == []


def test_the_permit_comes_after_the_last_read(switch: Switch) -> None:
    """However often a state is read, between the permit and the write there is no read."""
    switch.fake.lag(5)
    switch.shift(10)
    switch.fake.calls.clear()
    switch.shift(50, lambda: switch.fake.calls.append("permit"))
    before_writes = [
        former for former, call in zip(switch.fake.calls, switch.fake.calls[1:], strict=False) if call == switch.write
    ]
    assert len(before_writes) > 1
    assert set(before_writes) == {"permit"}
