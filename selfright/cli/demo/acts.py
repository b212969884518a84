"""The three releases of the demo, and how one of them is released and watched."""

import time
from dataclasses import dataclass
from pathlib import Path

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from selfright.account.releasing import release
from selfright.account.status import back_in, restored_in
from selfright.cli.tools import CommandTools
from selfright.cli.views.narrator import narrating

PATIENCE_SECONDS = 180.0
"""A release of the demo takes about twenty seconds."""


@dataclass(frozen=True)
class Act:
    """One release: its version, its expected end, and its title."""

    version: str
    ends: Phase
    title: str


ACTS = (
    Act("1.0.0", Phase.SUCCEEDED, "The first release: nothing is live yet, so all visitors get it at once."),
    Act("1.1.0", Phase.SUCCEEDED, "A better one, with visitors on the site: 10 %, 50 %, then all of them."),
    Act("1.2.0", Phase.ROLLED_BACK, "A bad one: it passes every test, and then fails for one visitor in four."),
)


@dataclass(frozen=True)
class Performed:
    """An act that is over. `seconds` counts from the end of the upload to live, or to restored and verified."""

    act: Act
    deployment: Deployment
    seconds: float

    @property
    def as_planned(self) -> bool:
        """Whether it ended as expected."""
        return self.deployment.phase is self.act.ends

    @property
    def stopped_by(self) -> str | None:
        """The source of its trip: `alarm`, `judge`, `check` …; None without one."""
        return self.deployment.trip.source if self.deployment.trip else None

    @property
    def trip_to_restored(self) -> float | None:
        """Seconds from the trip (or from the alarm's change of state) until all traffic was set back to stable."""
        return restored_in(self.deployment)

    @property
    def trip_to_back(self) -> float | None:
        """Seconds from the trip (or from the alarm's change of state) until that had arrived at the visitors."""
        return back_in(self.deployment)


def perform(tools: CommandTools, act: Act, source: Path, environment_key: str) -> Performed:
    """Release the folder `source` and follow it to its end."""
    sent = release(tools.account, source, environment_key)
    uploaded = time.monotonic()
    with narrating(tools.terminal, sent.deployment_id, tools.clock) as see:
        ended = tools.watcher.watch(sent.deployment_id, see, timeout=PATIENCE_SECONDS)
    return Performed(act, ended, time.monotonic() - uploaded)
