"""Plays the demo: set up, release three times with visitors on the site, prove each end from outside, sum up."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from rich.text import Text

from app_artifacts.smartpack.build import built
from app_artifacts.smartpack.plain import plain
from app_artifacts.smartpack.visits import trips
from controller.errors import InvalidBundleError
from selfright.cli.demo.acts import ACTS, Performed, perform
from selfright.cli.demo.proof import served, visit
from selfright.cli.demo.summary import Line, ending
from selfright.cli.tools import CommandTools
from selfright.local import emulator
from selfright.local.installation import APPLICATION, ENVIRONMENT, install
from selfright.local.local_weather import LocalWeather
from selfright.local.visitors import VisitorLoad, from_list, visiting
from selfright.local_state import LocalAws
from selfright.wording import Commands, program

KEY = f"{APPLICATION}/{ENVIRONMENT}"
TRAFFIC = VisitorLoad(rate=30, visitors=400)
SEED = 7


def play(tools: CommandTools, weather: LocalWeather, *, keep: bool) -> bool:
    """Play the whole demo; True only if every release ended as it had to. `keep` leaves the local AWS running.

    Raises `LocalAwsError` when the local AWS cannot be started.
    """
    say = tools.terminal.note
    with _local_aws(tools, weather, keep=keep) as (running, sources):
        lines: list[Line] = []
        for act in ACTS:
            say(Text(f"\n▶ {act.version}  {act.title}", "bold"))
            with visiting(running.edge_url, from_list(list(islice(trips(SEED), 300))), _traffic(first=not lines)):
                done = perform(tools, act, sources[act.version], KEY)
            lines.append(_line(running, done, lines[-1].live if lines else ""))
            if not lines[-1].as_planned:
                break
        good = len(lines) == len(ACTS) and all(line.as_planned for line in lines)
        document = {"as_planned": good, "releases": [line.document() for line in lines], "kept": keep}
        tools.terminal.result(ending(lines, _where(lines[-1].performed, running, keep=keep)), document)
        return good


def _traffic(*, first: bool) -> VisitorLoad:
    """Very little traffic before the first release, because a stream needs a rate above 0."""
    return VisitorLoad(rate=0.2, visitors=1) if first else TRAFFIC


def _line(running: LocalAws, done: Performed, live_before: str) -> Line:
    staged = done.deployment.staged.get("api")
    requests, failed = served(running.edge_url, staged.id) if staged else (0, 0)
    live = done.act.version if done.deployment.phase == "SUCCEEDED" else live_before
    return Line(done, visit(running.edge_url), requests, failed, live)


@contextmanager
def _local_aws(tools: CommandTools, weather: LocalWeather, *, keep: bool) -> Iterator[tuple[LocalAws, dict[str, Path]]]:
    """The local AWS with everything deployed, and the built releases by version.

    It ends with the demo, also by Ctrl-C or a signal, unless it is kept.
    """

    def say(text: str) -> None:
        tools.terminal.note(Text(f"  {text}", "dim"))

    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    sources = _built(say)
    running = install(say, attached=not keep, weather=weather)
    say("Left out: the AI's container image, because no container can run here.")
    try:
        os.environ.update(running.variables())
        yield running, sources
    except BaseException:
        emulator.stop()
        raise
    if not keep:
        say("Stopping the local AWS …")
        emulator.stop()


def _built(say: Callable[[str], None]) -> dict[str, Path]:
    """The three releases with their pages built: some seconds, unless its sources have not changed the last time.

    A machine without npm's registry gets a plain page, and a line says so.
    """
    say("Building SmartPack's page with Vite, once for each release, where something has changed …")
    try:
        return {act.version: built(act.version) for act in ACTS}
    except InvalidBundleError as error:
        last = error.reason.strip().splitlines()[-1].strip()
        say(
            f"The page could not be built ({last}); a plain one is released instead. The rest of the demo is unchanged."
        )
        return {act.version: plain(act.version) for act in ACTS}


def _where(last: Performed, running: LocalAws, *, keep: bool) -> Text:
    local, anywhere = Commands(program(), local=True), Commands(program())
    if not keep:
        return Text(
            f"Keep it running to try more: {anywhere('demo --keep')}\nHow it works: README.md, state_machine/README.md",
            "dim",
        )
    variables = " ".join(f"{name}={value}" for name, value in running.variables().items())
    lines = [
        f"The app:             {running.edge_url}",
        f"What happened:       {local(f'show {last.deployment.deployment_id}')}",
        f"Status:              {local(f'status {KEY}')}",
        f"Roll 1.1.0 back:     {local(f'rollback --environment {KEY}')}",
        f"For any AWS tool:    export {variables}",
        f"Stop it:             {anywhere('down')}",
    ]
    return Text("\n".join(lines))
