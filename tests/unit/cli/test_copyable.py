"""Commands in what is printed can be copied as they are: by the name that people use here, and with `--local`."""

import json
from dataclasses import replace

import pytest

from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from selfright.cli.terminal import Terminal
from selfright.wording import PROGRAM, Commands
from tests.cli_world import BAKING, ID, LIVE, ROLLED_BACK, CliWorld

SAID = f"See `selfright logs {ID}`."
COPIED = f"See `./dev logs {ID}`."
EVENTS = tuple((str(kind), SAID) for kind in EventKind)


@pytest.fixture
def spoken(world: CliWorld, monkeypatch: pytest.MonkeyPatch) -> CliWorld:
    """An account in which every text of the ledger has a command; people call the program `./dev`."""
    monkeypatch.setenv(PROGRAM, "./dev")
    world.register()
    trip = replace(ROLLED_BACK.trip, reason=SAID) if ROLLED_BACK.trip else None
    evaluation = replace(BAKING.evaluation, reason=SAID) if BAKING.evaluation else None
    texts = {"reason": SAID, "next_step": SAID, "trip": trip, "evaluation": evaluation}
    world.write(replace(LIVE, **texts), *EVENTS)
    world.write(replace(ROLLED_BACK, phase=Phase.ROLLBACK_FAILED, **texts), *EVENTS)
    world.lock(held=SAID, held_by=ID)
    return world


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize(
    "words",
    [("status",), ("status", "smartpack/prod"), ("status", ID), ("show", ID), ("history", "smartpack/prod")],
    ids=" ".join,
)
def test_every_text_of_the_ledger_has_commands_to_copy(spoken: CliWorld, words: tuple[str, ...], output: str) -> None:
    """Reasons, next steps, timelines, and why an environment is held: as a page and as a document."""
    shown = spoken.run(*words, "--output", output)
    assert shown.exit_code == 0, shown.output
    assert COPIED in shown.stdout
    assert "`selfright" not in shown.stdout


def test_a_watched_deployment_tells_commands_to_copy(spoken: CliWorld) -> None:
    """Line by line, as it happens."""
    shown = spoken.run("watch", ID)
    assert COPIED in shown.stderr
    assert "`selfright" not in shown.output


def test_a_document_has_commands_to_copy_at_any_depth(capsys: pytest.CaptureFixture[str]) -> None:
    """With `--local` where that was used; keys and numbers stay."""
    terminal = Terminal()
    terminal.as_json, terminal.commands = True, Commands("./dev", local=True)
    terminal.result("", {"`selfright x`": [{"next_step": "Run `selfright status a/b`."}, 1, None, True]})
    step = "Run `./dev status a/b --local`."
    assert json.loads(capsys.readouterr().out) == {"`selfright x`": [{"next_step": step}, 1, None, True]}
