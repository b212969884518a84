"""What a test lets happen, and when: at a moment of a Task, at a touch of a switch, at any call of a port."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, local
from typing import Literal

When = Literal["before", "after", "instead"]
Action = Callable[[], None]


@dataclass
class Moment:
    """Something that a test lets happen the `nth` time that a task's state comes to this moment; 0: every time."""

    state: str
    when: When
    action: Action
    nth: int = 1
    seen: int = 0


class Script:
    """The moments of one scene. Which state's function a thread runs is known here, too."""

    def __init__(self) -> None:
        self._moments: list[Moment] = []
        self._touches: dict[tuple[str, str], list[Action]] = {}
        self._listener: Callable[[str, str, When], None] | None = None
        self._lock = Lock()
        self._here = local()

    def at(self, state: str, when: When, action: Action, nth: int = 1) -> None:
        """Let `action` happen at a moment of a Task: before its function runs, after it, or instead of it.

        What the action raises is what the Task gets. Instead: the function runs at `run_late`, if at all.
        """
        self._moments.append(Moment(state, when, action, nth))

    def forget(self) -> None:
        """Nothing that was planned happens any more."""
        self._moments.clear()

    def at_switch(self, component: str, what: str, action: Action) -> None:
        """Let `action` happen once when a component's switch was read, is about to be written, or was written."""
        self._touches.setdefault((component, what), []).append(action)

    def tap(self, listener: Callable[[str, str, When], None]) -> None:
        """Tell `listener` every call of a port within a Task: the state, the call, before or after."""
        self._listener = listener

    def touched(self, component: str, what: str) -> None:
        """A switch was touched."""
        waiting = self._touches.get((component, what))
        if waiting and getattr(self._here, "state", "") == "Shift traffic":
            waiting.pop(0)()

    def tapped(self, call: str, when: When) -> None:
        """A port was called."""
        state = getattr(self._here, "state", "")
        if self._listener and state:
            self._listener(state, call, when)

    def _due(self, state: str, when: When) -> list[Action]:
        with self._lock:
            mine = [moment for moment in self._moments if (moment.state, moment.when) == (state, when)]
            for moment in mine:
                moment.seen += 1
            return [moment.action for moment in mine if moment.nth in {0, moment.seen}]
