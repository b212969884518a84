from dataclasses import replace

import pytest

from tests.cli_world import BAKING, ID, PAUSED, RECEIVED, ROLLED_BACK, SUCCEEDED, CliWorld


def test_a_deployment_that_has_ended_is_told_at_once(world: CliWorld) -> None:
    """Following something that is over is the same as asking how it ended."""
    world.write(SUCCEEDED, ("closed", "SUCCEEDED"))
    result = world.run("watch", ID)
    assert (result.exit_code, world.time.slept) == (0, [])
    assert "✔ SUCCEEDED  smartpack 1.2.0 is live in smartpack/prod, 1 min 30 s after its upload." in result.stdout


def test_what_the_judge_sees_is_said_when_its_verdict_changes(world: CliWorld) -> None:
    """A log has the figures of canary and stable without a line every second."""
    world.write(BAKING)
    world.time.plan(3, lambda: world.write(replace(BAKING, weight=10)))
    world.time.plan(4, lambda: world.write(ROLLED_BACK, ("closed", "ROLLED_BACK: it failed")))
    result = world.run("watch", ID)
    assert result.stderr.count("healthy:") == 1
    assert "healthy: canary 40 requests, 1 error (2.5 %); stable 360 requests, 2 errors (0.6 %)" in result.stderr


def test_a_pause_says_what_a_person_can_do(world: CliWorld) -> None:
    """Both answers are commands to copy, and they are said once."""
    world.write(PAUSED)
    world.time.plan(4, lambda: world.write(SUCCEEDED, ("closed", "SUCCEEDED")))
    result = world.run("watch", ID)
    assert result.stderr.count(f"selfright resume {ID}") == 1
    assert result.stderr.count(f"selfright rollback {ID}") == 1


def test_an_unknown_deployment_is_said(world: CliWorld) -> None:
    """A mistyped id does not wait for ever."""
    result = world.run("watch", "smartpack-prod-nonsense")
    assert result.exit_code == 1
    assert "smartpack-prod-nonsense" in result.stderr


@pytest.mark.parametrize("typo", [ID.replace("3f9a01", "3f9a10"), ID.replace("smartpack", "smartpak")])
def test_a_typo_is_told_at_once_with_what_may_be_meant(world: CliWorld, typo: str) -> None:
    """Nobody waits half a minute, and EventBridge is not to blame."""
    world.write(SUCCEEDED)
    result = world.run("watch", typo)
    assert (result.exit_code, world.time.slept) == (1, [])
    assert f"Did you mean {ID}?" in result.stderr
    assert "EventBridge" not in result.stderr


def test_what_was_just_uploaded_is_waited_for(world: CliWorld) -> None:
    """The ledger may not have it yet."""
    world.time.plan(3, lambda: world.write(SUCCEEDED, ("closed", "SUCCEEDED")))
    assert world.run("watch", ID).exit_code == 0


def test_what_was_uploaded_long_ago_is_not_waited_for(world: CliWorld) -> None:
    """It has a deployment, or never will."""
    result = world.run("watch", "smartpack-prod-20251101T100000-aaaaaa")
    assert (result.exit_code, world.time.slept) == (1, [])
    assert "The ledger has no deployment" in result.stderr


def test_text_from_a_bundle_cannot_steer_the_terminal(world: CliWorld) -> None:
    """Escape codes in what the ledger says are taken away; square brackets are no markup."""
    world.write(replace(ROLLED_BACK, reason="\x1b[2J[red]boo[/red]"), ("closed", "\x1b]0;owned\x07"))
    result = world.run("watch", ID)
    assert "\x1b" not in result.output
    assert "[red]boo[/red]" in result.stdout


@pytest.mark.parametrize("timeout", ["0s", "-1s", "soon", "30"])
def test_a_timeout_is_a_duration(world: CliWorld, timeout: str) -> None:
    """Anything else is wrong usage."""
    assert world.run("watch", ID, "--timeout", timeout).exit_code == 2


def test_printed_commands_are_what_people_type_here(world: CliWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `./dev` is the way in, `./dev` is what is printed."""
    monkeypatch.setenv("SELFRIGHT_PROGRAM", "./dev")
    world.write(replace(RECEIVED, phase=ROLLED_BACK.phase, reason="No."), ("closed", "ROLLED_BACK"))
    result = world.run("watch", ID)
    assert f"./dev show {ID}" in result.stdout
