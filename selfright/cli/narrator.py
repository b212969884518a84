"""Tells what happens while a deployment is followed: a moving picture on a terminal, else one line per event."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from controller.domain.deployment import Deployment, TimelineEvent
from selfright.cli import signs
from selfright.cli.live import picture
from selfright.cli.terminal import Terminal
from selfright.cli.view import counted, happened
from selfright.cli.words import at, clean
from selfright.following import Sight
from selfright.story import needs_decision

See = Callable[[Sight], None]
PHASE_WIDTH = 16


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
    """One line per event; without a picture, also one whenever the judge's opinion changes or the ledger is silent."""

    terminal: Terminal
    opinion: tuple[int, str] = (-1, "")
    silent: bool = False
    asked: bool = False

    def see(self, sight: Sight) -> None:
        """Say what is new."""
        for event in sight.news:
            self.terminal.note(line(event, sight.deployment))
        if not self.terminal.err.is_terminal:
            self._say_opinion(sight.deployment)
            self._say_silence(sight)
        if sight.deployment and needs_decision(sight.deployment) and not self.asked:
            self.asked = True
            self._say_decision(sight.deployment)

    def _say_opinion(self, one: Deployment | None) -> None:
        if one is None or one.look is None or one.bake is None or one.phase.is_terminal:
            return
        opinion = (one.bake.step, one.look.verdict)
        if opinion != self.opinion:
            self.opinion = opinion
            seen = f"canary {counted(one.look.canary)}; stable {counted(one.look.stable)}"
            self.terminal.note(f"{at(one.look.at)}  {one.phase:{PHASE_WIDTH}}{one.look.verdict}: {seen}")

    def _say_silence(self, sight: Sight) -> None:
        if sight.trouble and not self.silent:
            self.terminal.note(f"{at(sight.at)}  The ledger does not answer; trying again. {clean(sight.trouble)}")
        self.silent = bool(sight.trouble)

    def _say_decision(self, one: Deployment) -> None:
        go_on, back = (self.terminal.commands(f"{word} {one.deployment_id}") for word in ("resume", "rollback"))
        self.terminal.note(Text(f"A person must decide. Let it go on: {go_on}", signs.CAREFUL))
        self.terminal.note(Text(f"                      Take it back: {back}", signs.CAREFUL))


def line(event: TimelineEvent, one: Deployment | None) -> Text:
    """An event as one line: time of day, phase, what happened."""
    phase = f"{one.phase}" if one else ""
    style = signs.PHASES[one.phase][1] if one else ""
    return Text.assemble((at(event.at), signs.QUIET), "  ", (f"{phase:{PHASE_WIDTH}}", style), happened(event))
