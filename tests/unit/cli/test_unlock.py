"""Unlocking a held environment as it is."""

import json

import pytest

from selfright.recovery.hold import reason_of
from tests.cli_world import ID, LIVE_ID, CliWorld, ended

KEY = "smartpack/prod"
UNLOCK = ("unlock", KEY, "--reason", "moved forward by hand")


@pytest.fixture
def held(world: CliWorld) -> CliWorld:
    """An environment that is held since a rollback failed; the controller does what it is asked for."""
    world.write(ended("ROLLBACK_FAILED"))
    world.lock(held=f"The rollback of {ID} failed.", held_by=ID)
    world.states.ended = {"status": "SUCCEEDED", "output": json.dumps({"outcome": "unlocked"})}
    return world


def test_the_rollback_machine_is_asked_only_to_unlock(held: CliWorld) -> None:
    """The deployment that holds the environment is found, and the reason goes into the ledger."""
    result = held.run(*UNLOCK)
    assert result.exit_code == 0
    started = held.states.started[0]["input"]
    assert (started["deployment_id"], started["unlock"]) == (ID, True)
    assert started["reason"] == "moved forward by hand"
    assert "smartpack/prod takes releases again, as it is now." in result.stdout


def test_the_json_says_what_was_unlocked(held: CliWorld) -> None:
    """A script need not read the sentence."""
    document = json.loads(held.run(*UNLOCK, "--output", "json").stdout)
    assert document == {"environment": KEY, "deployment_id": ID, "unlocked": True}


def test_an_interrupted_recovery_is_unlocked_too(held: CliWorld) -> None:
    """It names the deployment from whose restore point it began, which may be the live one."""
    held.lock(held=reason_of(KEY, LIVE_ID), held_by=LIVE_ID)
    assert held.run(*UNLOCK).exit_code == 0
    assert held.states.started[0]["input"]["deployment_id"] == LIVE_ID


def test_an_environment_that_is_not_held_is_left_alone(world: CliWorld) -> None:
    """Nothing is started."""
    result = world.run(*UNLOCK)
    assert (result.exit_code, world.states.started) == (1, [])
    assert "smartpack/prod is not held" in result.stderr


def test_a_hold_of_an_unknown_deployment_is_said(held: CliWorld) -> None:
    """The command does not guess, and does not read ids from a sentence."""
    held.lock(held=f"The rollback of {ID} failed.", held_by="shop-prod-20260102T100000-3f9a01")
    result = held.run(*UNLOCK)
    assert (result.exit_code, held.states.started) == (1, [])
    assert "the ledger does not have the deployment that caused it" in result.stderr


def test_what_the_controller_refuses_says_why(held: CliWorld) -> None:
    """Exit code 1, with the controller's own reason."""
    held.states.ended = {"status": "FAILED", "cause": "nothing is held because of it"}
    result = held.run(*UNLOCK)
    assert result.exit_code == 1
    assert "smartpack/prod was not unlocked: nothing is held because of it" in result.stderr


def test_a_machine_that_does_not_end_is_not_waited_for_for_ever(held: CliWorld) -> None:
    """Half a minute; then the person must look."""
    held.states.ended = {"status": "RUNNING"}
    result = held.run(*UNLOCK)
    assert result.exit_code == 1
    assert "is not unlocked after 30 s" in result.stderr


def test_a_reason_must_be_given(held: CliWorld) -> None:
    """Whoever reads the ledger later wants to know why."""
    assert held.run("unlock", KEY).exit_code == 2


def test_unlocking_changes_an_environment_of_the_wrong_form_never(held: CliWorld) -> None:
    """A deployment's id is no environment."""
    assert held.run("unlock", ID, "--reason", "x").exit_code == 2


def test_a_reason_without_end_is_cut_where_it_is_given(held: CliWorld) -> None:
    """It is kept with an ellipsis, and never refused by AWS."""
    assert held.run("unlock", KEY, "--reason", "x" * 100_000, "--yes").exit_code == 0
    assert held.states.started[0]["input"]["reason"] == "x" * 997 + "…"
