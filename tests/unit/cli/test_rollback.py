import json
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.aws.bundles import S3Bundles
from controller.aws.client.clients import client
from controller.domain.deployment import Revision, Trip, TripSource
from controller.domain.phases import Phase
from selfright.account.status import DeploymentRecord
from selfright.cli.commands.rollback import question
from tests.cli_world import (
    BAKING,
    BUCKET,
    ID,
    LIVE,
    LIVE_ID,
    MACHINES,
    PAUSED,
    ROLLED_BACK,
    START,
    SUCCEEDED,
    CliWorld,
    ended,
)

FROM = ("--environment", "smartpack/prod")


def released_again(world: CliWorld) -> None:
    """What is live was released once more, which changed nothing."""
    live = replace(LIVE, restore_point={"api": Revision("5")}, staged={"api": Revision("6")})
    world.write(live)
    world.write(replace(live, deployment_id="again", previous=LIVE_ID, restore_point=live.staged))
    world.lock(live="again")


def rolls_back(world: CliWorld, deployment_id: str, phase: Phase = Phase.ROLLED_BACK) -> None:
    """Act like the rollback machine."""

    def end() -> None:
        done = replace(ROLLED_BACK, deployment_id=deployment_id, phase=phase, rollback_execution_arn=world.states.arn)
        world.write(done, ("rolling_back", "Rolling back."), ("closed", str(phase)))

    world.time.plan(2, end)


def test_a_deployment_is_rolled_back_in_a_persons_name(world: CliWorld) -> None:
    """The rollback machine is started with who wanted it and why, and watched until everything is restored."""
    world.write(BAKING)
    rolls_back(world, ID)
    result = world.run("rollback", ID, "--reason", "wrong prices")
    assert result.exit_code == 0
    (started,) = world.states.started
    assert started["stateMachineArn"] == f"{MACHINES}:selfright-rollback"
    assert started["input"] == {"deployment_id": ID, "by": "person", "reason": "wrong prices"}
    assert "was rolled back in smartpack/prod" in result.stdout


def test_the_longest_id_still_gives_a_valid_execution_name(world: CliWorld) -> None:
    """Step Functions allows 80 characters."""
    longest = "a" * 64
    world.write(replace(BAKING, deployment_id=longest))
    rolls_back(world, longest)
    world.run("rollback", longest)
    assert len(world.states.started[0]["name"]) <= 80


def test_of_an_environment_what_is_on_its_way_goes_first(world: CliWorld) -> None:
    """What is live was good until now."""
    world.write(BAKING)
    world.lock(holder=ID)
    rolls_back(world, ID)
    assert world.run("rollback", *FROM).exit_code == 0
    assert world.states.started[0]["input"]["deployment_id"] == ID


def test_of_a_quiet_environment_what_is_live_is_rolled_back(world: CliWorld) -> None:
    """It begins with a deployment that has ended, and is over when the rollback has ended it again."""
    world.write(LIVE, ("received", "A day ago."))
    rolls_back(world, LIVE_ID)
    result = world.run("rollback", *FROM)
    assert result.exit_code == 0
    assert "A day ago." not in result.stderr
    assert world.states.started[0]["input"]["deployment_id"] == LIVE_ID


def test_of_a_held_environment_the_one_whose_rollback_failed_is_meant(world: CliWorld) -> None:
    """Rolling back what is live there would make it worse."""
    world.write(ended("ROLLBACK_FAILED"))
    world.lock(held=f"The rollback of {ID} failed.", held_by=ID)
    rolls_back(world, ID)
    assert world.run("rollback", *FROM).exit_code == 0
    assert world.states.started[0]["input"]["deployment_id"] == ID


def test_an_environment_in_place_of_a_deployment_is_told_its_option(world: CliWorld) -> None:
    """Nothing is started: whoever mistyped may have meant another command."""
    result = world.run("rollback", "smartpack/prod")
    assert (result.exit_code, world.states.started) == (2, [])
    assert "Name it as one: selfright rollback --environment smartpack/prod" in result.stderr


@pytest.mark.parametrize("command", ["watch", "show", "explain", "logs", "resume", "restore"])
def test_an_environment_is_no_deployment(world: CliWorld, command: str) -> None:
    """Wrong usage, as every command says it."""
    result = world.run(command, "smartpack/prod")
    assert result.exit_code == 2
    assert "smartpack/prod is an environment, not a deployment" in result.stderr


def test_right_after_another_rollback_the_release_must_be_named(world: CliWorld) -> None:
    """Two people who act at the same time want one release undone, not two."""
    by_person = Trip(START, "person", "Not yet.")
    world.write(replace(ROLLED_BACK, closed_at=world.time.now() - timedelta(minutes=14), trip=by_person))
    result = world.run("rollback", *FROM)
    assert (result.exit_code, world.states.started) == (1, [])
    assert f"{ID} was rolled back just now, so 1.1.0 is live again." in result.stderr
    assert f"`selfright rollback {LIVE_ID}`" in result.stderr
    rolls_back(world, LIVE_ID)
    assert world.run("rollback", LIVE_ID).exit_code == 0


@pytest.mark.parametrize(("source", "minutes"), [("person", 15), ("alarm", 1)])
def test_some_time_after_another_rollback_the_live_release_is_meant(
    world: CliWorld, source: TripSource, minutes: int
) -> None:
    """Whoever asks now has seen how that one ended; and what an alarm undid, no other person has."""
    closed_at = world.time.now() - timedelta(minutes=minutes)
    world.write(replace(ROLLED_BACK, closed_at=closed_at, trip=Trip(START, source, "It is wrong.")))
    rolls_back(world, LIVE_ID)
    assert world.run("rollback", *FROM).exit_code == 0
    assert world.states.started[0]["input"]["deployment_id"] == LIVE_ID


def test_what_is_on_its_way_right_after_a_rollback_needs_no_name(world: CliWorld) -> None:
    """There is one release that can be meant."""
    world.write(replace(ROLLED_BACK, deployment_id="before", closed_at=world.time.now(), restore_point={}))
    world.write(BAKING)
    world.lock(holder=ID)
    rolls_back(world, ID)
    assert world.run("rollback", *FROM).exit_code == 0
    assert world.states.started[0]["input"]["deployment_id"] == ID


def test_a_rollback_that_failed_exits_with_1(world: CliWorld) -> None:
    """A person is needed, and the next command is printed."""
    world.write(BAKING)
    rolls_back(world, ID, Phase.ROLLBACK_FAILED)
    result = world.run("rollback", ID)
    assert result.exit_code == 1
    assert "a person is needed, and smartpack/prod is held" in result.stdout
    assert f"  then        selfright rollback {ID}\n" in result.stdout


def test_a_refused_rollback_says_why(world: CliWorld) -> None:
    """The controller knows best: here a newer release is live."""
    world.states.ended = {"status": "FAILED", "cause": "api is not on this release any more."}
    result = world.run("rollback", LIVE_ID)
    assert result.exit_code == 1
    assert "It was not rolled back: api is not on this release any more." in result.stderr


def test_the_json_is_how_it_ended(world: CliWorld) -> None:
    """The same document as that of a release."""
    world.write(BAKING)
    rolls_back(world, ID)
    document = json.loads(world.run("rollback", ID, "--output", "json").stdout)
    assert (document["deployment_id"], document["phase"]) == (ID, "ROLLED_BACK")


@pytest.mark.parametrize("phase", ["ROLLED_BACK", "REJECTED", "SUPERSEDED"])
def test_what_is_not_live_cannot_be_rolled_back(world: CliWorld, phase: str) -> None:
    """Nothing is started."""
    world.write(ended(phase))
    result = world.run("rollback", ID)
    assert (result.exit_code, world.states.started) == (1, [])
    assert f"is {phase} already: nothing of it is live." in result.stderr


def test_an_environment_where_nothing_is_live_has_nothing_to_roll_back(world: CliWorld) -> None:
    """The message says how to find what could be meant."""
    world.lock(live="")
    result = world.run("rollback", *FROM)
    assert result.exit_code == 1
    assert "`selfright history smartpack/prod`" in result.stderr


def test_the_question_says_what_will_be_live_again() -> None:
    """Whoever says yes knows what happens."""
    assert (
        question(DeploymentRecord(BAKING, previous=LIVE))
        == "Roll back smartpack 1.2.0 (BAKING) in smartpack/prod to 1.1.0?"
    )
    assert question(DeploymentRecord(SUCCEEDED)) == "Roll back smartpack 1.2.0 (live) in smartpack/prod?"


@pytest.mark.parametrize("arguments", [(), (ID, *FROM)])
def test_one_deployment_must_be_named_in_one_way(world: CliWorld, arguments: tuple[str, ...]) -> None:
    """Guessing which release to roll back would be dangerous."""
    assert world.run("rollback", *arguments).exit_code == 2


def test_a_paused_deployment_goes_on(world: CliWorld) -> None:
    """The waiting task is answered with its token."""
    world.write(PAUSED)
    result = world.run("resume", ID, "--output", "json")
    assert json.loads(result.stdout) == {"deployment_id": ID, "resumed": True}
    assert list(world.states.answered) == ["secret-token"]


def test_every_attempt_of_the_pause_is_answered(world: CliWorld) -> None:
    """A task that was retried has two tokens, and the execution waits for one of them."""
    world.write(replace(PAUSED, pause_tokens=("old", "new")))
    world.states.stale.add("old")
    assert world.run("resume", ID).exit_code == 0
    assert list(world.states.answered) == ["new"]


@pytest.mark.parametrize("deployment", [BAKING, SUCCEEDED, replace(LIVE, deployment_id=ID)])
def test_what_is_not_paused_is_not_resumed(world: CliWorld, deployment: object) -> None:
    """No task is answered."""
    world.write(deployment)  # type: ignore[arg-type]
    result = world.run("resume", ID)
    assert (result.exit_code, world.states.answered) == (1, {})
    assert "and not paused" in result.stderr


def test_a_release_that_changed_nothing_is_looked_through(world: CliWorld) -> None:
    """The same bundle was released again: what brought the change is rolled back."""
    released_again(world)
    rolls_back(world, LIVE_ID)
    assert world.run("rollback", *FROM).exit_code == 0
    assert world.states.started[0]["input"]["deployment_id"] == LIVE_ID


def test_of_a_named_release_that_changed_nothing_the_one_below_is_rolled_back(world: CliWorld) -> None:
    """It is what the person wants undone, and that is said."""
    released_again(world)
    rolls_back(world, LIVE_ID)
    result = world.run("rollback", "again")
    assert result.exit_code == 0
    assert "again changed nothing: what it stands on is rolled back." in result.stderr
    assert world.states.started[0]["input"]["deployment_id"] == LIVE_ID


def test_an_earlier_version_goes_live_while_an_alarm_is_firing(world: CliWorld) -> None:
    """That is what it is for: it ignores the alarms that fire, for a reason that the ledger keeps."""
    key = "incoming/smartpack/prod/x.zip"
    version = client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"first")["VersionId"]
    world.write(replace(LIVE, upload=S3Bundles().pin(BUCKET, key, version)))
    world.run("rollback", *FROM, "--to", "1.1.0", "--reason", "wrong prices", "--timeout", "1s")
    sent = S3Bundles().pin(BUCKET, "incoming/smartpack/prod/smartpack-1.1.0-again.zip", None)
    assert sent.hotfix == "Back to 1.1.0: wrong prices"


def test_a_release_that_went_live_since_the_last_rollback_needs_no_name(world: CliWorld) -> None:
    """Whoever rolled the former one back cannot have meant this one."""
    now = world.time.now()
    by_person = Trip(START, "person", "Not yet.")
    world.write(replace(ROLLED_BACK, closed_at=now - timedelta(minutes=5), trip=by_person))
    world.write(replace(LIVE, closed_at=now - timedelta(minutes=1)))
    rolls_back(world, LIVE_ID)
    assert world.run("rollback", *FROM).exit_code == 0


def test_it_is_said_when_what_would_be_live_again_was_accused(world: CliWorld) -> None:
    """An alarm accused that release while the next one was on its way, and nobody has rolled it back."""
    accused = Trip(START, "alarm", "Alarm errors: Too many errors.")
    world.write(replace(LIVE, late_alarm=accused))
    world.write(SUCCEEDED)
    rolls_back(world, ID)
    assert "1.1.0 was accused, too: Alarm errors: Too many errors." in world.run("rollback", ID).stderr
