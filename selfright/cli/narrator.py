"""Tells what happens while a deployment is followed: a moving picture on a terminal, else one line per event."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from selfright.cli import signs, view
from selfright.cli.live import picture
from selfright.cli.terminal import Terminal
from selfright.cli.words import at, clean
from selfright.following import Sight
from selfright.story import needs_decision

See = Callable[[Sight], None]
REPEAT_SECONDS = 60
WATCHED = frozenset({Phase.BAKING, Phase.WATCHING})


@contextmanager
def narrating(terminal: Terminal, deployment_id: str, clock: Callable[[], datetime]) -> Iterator[See]:
    """What to show every sight to; on a terminal the picture goes away at the end, and the events stay."""
    lines = Lines(terminal)
    if not terminal.err.is_terminal:
        yield lines.see
        return
    seen = [Sight(clock())]

    def show() -> RenderableType:
        return picture(seen[0], deployment_id, clock())

    def see(sight: Sight) -> None:
        seen[0] = sight
        lines.see(sight)

    with Live(console=terminal.err, get_renderable=show, refresh_per_second=5, transient=True):
        yield see


@dataclass
class Lines:
    """One line per event; without a picture, also what the judge thinks, and when the ledger is silent."""

    terminal: Terminal
    opinion: tuple[int, str] = (-1, "")
    opinion_at: datetime | None = None
    silent: bool = False
    asked: bool = False

    def see(self, sight: Sight) -> None:
        """Say what is new."""
        one = sight.deployment
        for event in sight.news:
            self.terminal.note(view.line(event, one.phase if one else Phase.RECEIVED))
        if not self.terminal.err.is_terminal:
            self._say_opinion(one)
            self._say_silence(sight)
        if one and needs_decision(one) and not self.asked:
            self.asked = True
            self._say_decision(one)

    def _say_opinion(self, one: Deployment | None) -> None:
        """What the judge saw: whenever the verdict changes, and every minute."""
        if one is None or one.look is None or one.bake is None or one.phase not in WATCHED:
            return
        opinion = (one.bake.step, one.look.verdict)
        age = (one.look.at - self.opinion_at).total_seconds() if self.opinion_at else REPEAT_SECONDS
        if opinion != self.opinion or age >= REPEAT_SECONDS:
            self.opinion, self.opinion_at = opinion, one.look.at
            seen = "; ".join(f"{who} {view.counted(counts)}" for who, counts in view.compared(one.look))
            self.terminal.note(view.row(one.look.at, one.phase, Text(f"{one.look.verdict}: {seen}")))

    def _say_silence(self, sight: Sight) -> None:
        if sight.trouble and not self.silent:
            self.terminal.note(f"{at(sight.at)}  The ledger does not answer; trying again. {clean(sight.trouble)}")
        self.silent = bool(sight.trouble)

    def _say_decision(self, one: Deployment) -> None:
        go_on, back = (self.terminal.commands(f"{word} {one.deployment_id}") for word in ("resume", "rollback"))
        self.terminal.note(Text(f"A person must decide. Let it go on: {go_on}", signs.CAREFUL))
        self.terminal.note(Text(f"                      Take it back: {back}", signs.CAREFUL))
