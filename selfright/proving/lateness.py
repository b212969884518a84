"""How long something old is still answered after a write: the one measurement that most facts need."""

from collections.abc import Callable
from dataclasses import dataclass, field

from selfright.proving.scene import NeverSeen, Scene

IN_A_ROW = 8
"""So many new answers, one after another, and no old one since: then it counts as settled."""


@dataclass
class Sight:
    """What one place has been answered since `start`; times are seconds since then."""

    start: float
    first_new: float | None = None
    settled_at: float | None = None
    """The first new answer after the last old one."""
    old: int = 0
    in_a_row: int = 0
    trouble: dict[str, int] = field(default_factory=dict)
    """What was answered neither old nor new → how often."""

    def note(self, at: float, *, new: bool) -> None:
        """Add one answer."""
        if not new:
            self.old, self.in_a_row, self.settled_at = self.old + 1, 0, None
            return
        self.first_new = at if self.first_new is None else self.first_new
        self.settled_at = at if self.settled_at is None else self.settled_at
        self.in_a_row += 1

    def note_trouble(self, what: str) -> None:
        """Add an answer that is an error; it is not the new one."""
        self.trouble[what] = self.trouble.get(what, 0) + 1
        self.in_a_row, self.settled_at = 0, None

    @property
    def is_settled(self) -> bool:
        """Whether only the new has been answered for some time."""
        return self.in_a_row >= IN_A_ROW

    @property
    def seconds(self) -> float:
        """When the new was answered for good, in seconds; raises `NeverSeen` if that has not happened."""
        if self.settled_at is None:
            raise NeverSeen("the new was not answered for good within the patience")
        return self.settled_at


def settle(scene: Scene, is_new: Callable[[], bool], patience: float) -> Sight:
    """Ask, from now on, until the new is answered for good, or for `patience` seconds (before scaling)."""
    sight = Sight(scene.clock.now())
    while not sight.is_settled and not scene.is_over(sight.start, patience):
        new = is_new()
        sight.note(scene.since(sight.start), new=new)
        scene.pause(sight.start)
    return sight
