"""`selfright restore`: it shows, does, verifies, writes it down, and keeps others away meanwhile."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from controller.aws.client.clients import Clients, client
from controller.aws.components.exports import AwsExports
from controller.aws.restore_points import S3RestorePoints
from controller.domain.deployment import Revision
from controller.domain.environment import Environment
from controller.domain.restore_point import Part, RestorePoint
from selfright.recovery.hold import reason_of
from tests.cli_world import BAKING, BUCKET, ID, LIVE_ID, START, SUCCEEDED, CliWorld
from tests.registering import register

PREFIX = "/smartpack/prod/settings"
SETTINGS = {"settings": {"kind": "parameters", "prefix": PREFIX}}


def put(name: str, value: str) -> None:
    """Write a parameter, as anybody can."""
    client("ssm").put_parameter(Name=f"{PREFIX}/{name}", Value=value, Type="String", Overwrite=True)


def current() -> str:
    """Where the pointer is."""
    return str(client("ssm").get_parameter(Name=f"{PREFIX}/current")["Parameter"]["Value"])


@pytest.fixture
def recorded(world: CliWorld) -> CliWorld:
    """A release is live, before which settings `aa` were; its restore point is kept."""
    document = {"application": "smartpack", "environment": "prod", "components": SETTINGS}
    register(client("ssm"), document)
    environment = Environment.model_validate(document)
    put("revisions/aa/HUT", "Spruce")
    put("current", "aa")
    exported = AwsExports(BUCKET).of(environment, "settings", Revision("aa"))
    parts = {"settings": Part("parameters", Revision("aa", "aa"), exported)}
    configuration: Mapping[str, Any] = environment.model_dump(mode="json")
    point = RestorePoint(ID, "smartpack", "prod", START, configuration, parts, LIVE_ID)
    digest = S3RestorePoints(BUCKET, Clients()).keep(point)
    world.write(replace(SUCCEEDED, components=("settings",), export=digest))
    world.lock(live=ID)
    put("current", "bb")
    return world


def kinds(world: CliWorld) -> list[str]:
    """What the timeline says."""
    return [event.kind for event in world.deployments.timeline(ID)]


def test_a_dry_run_shows_and_does_nothing(recorded: CliWorld) -> None:
    """The steps on stderr, and in the document."""
    result = recorded.run("restore", ID, "--dry-run", "--output", "json")
    assert (result.exit_code, current()) == (0, "bb")
    document = json.loads(result.stdout)
    assert (document["restored"], [one["what"] for one in document["steps"]]) == (None, ["do"])
    assert "point to revision aa (now: revision bb)" in result.stderr
    assert kinds(recorded) == []


def test_everything_is_restored_verified_and_recorded(recorded: CliWorld) -> None:
    """And the ledger says what is live now."""
    result = recorded.run("restore", ID, "--yes")
    assert (result.exit_code, current()) == (0, "aa"), result.stderr
    assert "verified" in result.stdout
    assert kinds(recorded) == ["recovered", "recovery_verified"]
    lock = recorded.locks.load("smartpack/prod")
    assert (lock.live, lock.held) == (LIVE_ID, "")


def test_of_one_component_the_ledger_still_names_the_release(recorded: CliWorld) -> None:
    """Only a part of the environment is as before."""
    result = recorded.run("restore", ID, "--component", "settings")
    assert result.exit_code == 0, result.stderr
    assert recorded.locks.load("smartpack/prod").live == ID


def test_a_component_that_was_not_recorded_is_said(recorded: CliWorld) -> None:
    """With those that were."""
    result = recorded.run("restore", ID, "--component", "api")
    assert (result.exit_code, "It has: settings." in result.stderr) == (1, True)


def test_it_does_not_wait_for_a_deployment(recorded: CliWorld) -> None:
    """While a deployment is on its way, nothing is done."""
    recorded.lock(holder="another")
    result = recorded.run("restore", ID)
    assert (result.exit_code, current()) == (1, "bb")
    assert "Deployment another is on its way" in result.stderr


def test_it_continues_where_it_was_interrupted(recorded: CliWorld) -> None:
    """Its own hold is no obstacle, and is released in the end; another's stays."""
    recorded.lock(held=reason_of("smartpack/prod", ID))
    assert recorded.run("restore", ID).exit_code == 0
    assert recorded.locks.load("smartpack/prod").held == ""
    recorded.lock(held="The rollback of d9 failed.")
    assert recorded.run("restore", ID).exit_code == 0
    assert recorded.locks.load("smartpack/prod").held == "The rollback of d9 failed."


def test_an_incomplete_recovery_holds_the_environment(recorded: CliWorld) -> None:
    """The state is unknown; the reason says how to continue, and how to accept it."""
    document = {"application": "smartpack", "environment": "prod", "components": {"other": SETTINGS["settings"]}}
    register(client("ssm"), document)
    result = recorded.run("restore", ID)
    assert (result.exit_code, "takes no release" in result.stdout) == (1, True)
    assert recorded.locks.load("smartpack/prod").held == reason_of("smartpack/prod", ID)
    assert "selfright unlock smartpack/prod --reason" in reason_of("smartpack/prod", ID)


def test_a_restore_point_that_somebody_changed_is_not_believed(recorded: CliWorld) -> None:
    """Neither its manifest nor a part."""
    root = f"restore-points/smartpack/prod/{ID}"
    s3 = client("s3")
    part = s3.get_object(Bucket=BUCKET, Key=f"{root}/settings.json")["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=f"{root}/settings.json", Body=part.replace(b"Spruce", b"Poison"))
    result = recorded.run("restore", ID)
    assert (result.exit_code, "it was changed" in result.stderr) == (1, True)
    s3.put_object(Bucket=BUCKET, Key=f"{root}/_manifest.json", Body=b"{}")
    assert "it was changed" in recorded.run("restore", ID).stderr
    assert current() == "bb"


def test_without_a_restore_point_it_says_so(world: CliWorld) -> None:
    """A deployment that never began has none."""
    world.write(BAKING)
    result = world.run("restore", ID)
    assert (result.exit_code, "Nothing was exported" in result.stderr) == (1, True)


def test_the_bucket_alone_is_enough(recorded: CliWorld) -> None:
    """Without ledger, registration and the controller's parameter."""
    client("dynamodb").delete_table(TableName="selfright")
    client("ssm").delete_parameters(Names=["/selfright/controller", "/selfright/smartpack/prod/1"])
    result = recorded.run("restore", ID, "--bucket", BUCKET)
    assert (result.exit_code, current()) == (0, "aa"), result.stderr
    missing = recorded.run("restore", "smartpack-prod-20200101T000000-ffffff", "--bucket", BUCKET)
    assert "has no restore point" in missing.stderr
