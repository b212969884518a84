"""Releasing the contents of a deployment again."""

import json
from dataclasses import replace

import pytest

from controller.aws.bundles import S3Bundles
from controller.aws.client.clients import client
from controller.domain.deployment import Upload
from selfright.cli.commands.retry import question
from selfright.wording import Commands
from tests.cli_world import BAKING, BUCKET, ID, LIVE_ID, ROLLED_BACK, CliWorld, ended

AGAIN = "incoming/smartpack/prod/smartpack-1.2.0-again.zip"
RETRY = ("retry", ID, "--reason", "the payment provider was down")


@pytest.fixture
def refused(world: CliWorld) -> CliWorld:
    """A release that an alarm rolled back, with its bundle."""
    key = "incoming/smartpack/prod/x.zip"
    version = client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"the same")["VersionId"]
    world.write(replace(ROLLED_BACK, upload=S3Bundles().pin(BUCKET, key, version)))
    return world


def sent() -> Upload:
    """What was uploaded."""
    return S3Bundles().pin(BUCKET, AGAIN, None)


def test_the_same_contents_are_released_again_with_a_reason(refused: CliWorld) -> None:
    """Also after evidence against them; the controller is told why, and by whom."""
    result = refused.run(*RETRY, "--no-watch", "--output", "json")
    assert result.exit_code == 0
    upload = sent()
    assert json.loads(result.stdout)["deployment_id"].startswith("smartpack-prod-")
    assert (upload.retry, upload.hotfix) == ("the payment provider was down", "")
    assert upload.by
    assert S3Bundles().open(upload).read() == b"the same"


def test_it_may_be_a_hotfix_as_well(refused: CliWorld) -> None:
    """The alarm that it silences may still be firing."""
    assert refused.run(*RETRY, "--hotfix", "--no-watch").exit_code == 0
    assert sent().hotfix == "the payment provider was down"


def test_it_is_watched_like_a_release(refused: CliWorld) -> None:
    """The exit code says whether it is live: here, it is not yet."""
    result = refused.run(*RETRY, "--timeout", "3s")
    assert result.exit_code == 1
    assert "Releasing 1.2.0 again: deployment smartpack-prod-" in result.stderr


def test_it_needs_a_reason(refused: CliWorld) -> None:
    """Somebody will ask."""
    assert refused.run("retry", ID).exit_code == 2
    assert refused.run("retry", ID, "--reason", " ").exit_code == 2


def test_what_is_on_its_way_is_not_retried(world: CliWorld) -> None:
    """It may still succeed."""
    world.write(BAKING)
    result = world.run(*RETRY)
    assert (result.exit_code, "has not ended yet" in result.stderr) == (1, True)


def test_what_is_live_is_not_retried(world: CliWorld) -> None:
    """It would change nothing."""
    result = world.run("retry", LIVE_ID, "--reason", "again")
    assert (result.exit_code, "would change nothing" in result.stderr) == (1, True)


def test_into_a_held_environment_nothing_is_released(world: CliWorld) -> None:
    """The controller would reject it."""
    world.write(ended("ROLLBACK_FAILED"))
    world.lock(held=f"The rollback of {ID} failed.", held_by=ID)
    result = world.run(*RETRY)
    assert (result.exit_code, "smartpack/prod is held" in result.stderr) == (1, True)


def test_the_question_says_how_it_ended() -> None:
    """Whoever says yes knows what speaks against it."""
    assert question(ROLLED_BACK, Commands()) == (
        f"{ID} was ROLLED_BACK. Alarm smartpack-prod-api-errors: 5 errors.\n"
        "Release smartpack 1.2.0 in smartpack/prod again?"
    )
