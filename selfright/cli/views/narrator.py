"""Shows a watched deployment: a live picture on a terminal, otherwise one line for each event."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.domain.timeline import TimelineEvent
from selfright.account.status import is_paused
from selfright.account.watching import LedgerReading
from selfright.cli.terminal import Terminal
from selfright.cli.views import deployment_page, signs
from selfright.cli.views.live import picture
from selfright.wording import at

See = Callable[[LedgerReading], None]
REPEAT_SECONDS = 60
WATCHED = frozenset({Phase.BAKING})


@contextmanager
def narrating(terminal: Terminal, deployment_id: str, clock: Callable[[], datetime]) -> Iterator[See]:
    """A function that shows every reading; on a terminal, the picture disappears at the end, and the events stay."""
    lines = Lines(terminal)
    if not terminal.err.is_terminal:
        yield lines.see
        return
    seen = [LedgerReading(clock())]

    def show() -> RenderableType:
        return picture(seen[0], deployment_id, clock(), terminal.commands)

    def see(reading: LedgerReading) -> None:
        seen[0] = reading
        lines.see(reading)

    with Live(console=terminal.err, get_renderable=show, refresh_per_second=5, transient=True):
        yield see


@dataclass
class Lines:
    """One line per event; without a picture, also the judge's verdict, and when the ledger does not answer."""

    terminal: Terminal
    opinion: tuple[int, str] = (-1, "")
    opinion_at: datetime | None = None
    silent: bool = False
    asked: bool = False
    said: list[str] = field(default_factory=list)

    def see(self, reading: LedgerReading) -> None:
        """Print the news of a reading."""
        one = reading.deployment
        present = one.phase if one else Phase.RECEIVED
        for event in reading.news:
            self.terminal.note(deployment_page.line(self._once(event), present, self.terminal.commands))
        if not self.terminal.err.is_terminal:
            self._say_opinion(one)
            self._say_silence(reading)
        if one and is_paused(one) and not self.asked:
            self.asked = True
            self._say_decision(one)

    def _once(self, event: TimelineEvent) -> TimelineEvent:
        """The event, without its reason if that is a line above already."""
        before = next((one for one in self.said if event.message.endswith(f": {one}")), "")
        self.said.append(event.message)
        return replace(event, message=event.message.removesuffix(f": {before}")) if before else event

    def _say_opinion(self, one: Deployment | None) -> None:
        """Print the judge's evaluation when the verdict changes, and every minute."""
        if one is None or one.evaluation is None or one.bake is None or one.phase not in WATCHED:
            return
        opinion = (one.bake.step, one.evaluation.verdict)
        age = (one.evaluation.at - self.opinion_at).total_seconds() if self.opinion_at else REPEAT_SECONDS
        if opinion != self.opinion or age >= REPEAT_SECONDS:
            self.opinion, self.opinion_at = opinion, one.evaluation.at
            seen = "; ".join(
                f"{who} {deployment_page.counted(counts)}" for who, counts in deployment_page.compared(one.evaluation)
            )
            self.terminal.note(
                deployment_page.row(
                    one.evaluation.at, one.phase, Text(f"{deployment_page.opinion(one.evaluation)}: {seen}")
                )
            )

    def _say_silence(self, reading: LedgerReading) -> None:
        if reading.trouble and not self.silent:
            trouble = self.terminal.commands.said(reading.trouble)
            self.terminal.note(f"{at(reading.at)}  The ledger does not answer; trying again. {trouble}")
        self.silent = bool(reading.trouble)

    def _say_decision(self, one: Deployment) -> None:
        go_on, back = (self.terminal.commands(f"{word} {one.deployment_id}") for word in ("resume", "rollback"))
        self.terminal.note(Text(f"A person must decide. Resume it:    {go_on}", signs.CAREFUL))
        self.terminal.note(Text(f"                      Roll it back: {back}", signs.CAREFUL))
