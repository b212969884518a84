"""What the controller keeps about the sandbox goes, and nothing of anybody else."""

import json
from dataclasses import replace

import boto3
import pytest

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from selfright.errors import AdviceError
from selfright.proving.names import APPLICATION, ENVIRONMENT, KEY
from selfright.proving.sandbox.records import PATIENCE, Records
from tests.cli_world import BUCKET, LIVE_ID, STAGED, SUCCEEDED, TABLE, CliWorld
from tests.unit.proving.late_account import VirtualClock

ID = "selfright-prove-sandbox-20260102T100000-3f9a01"


def of_sandbox(deployment: Deployment) -> Deployment:
    """The same deployment in the sandbox."""
    return replace(deployment, deployment_id=ID, application=APPLICATION, environment=ENVIRONMENT)


def records(world: CliWorld, clock: VirtualClock | None = None) -> Records:
    """Those of this account."""
    return Records(world.tools().account, boto3.client, clock or VirtualClock())


def put(key: str) -> None:
    """Put an object into the controller's bucket."""
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")


def keys() -> set[str]:
    """The keys of all objects, whatever their version."""
    return {one["Key"] for one in boto3.client("s3").list_object_versions(Bucket=BUCKET).get("Versions", [])}


def items() -> list[str]:
    """All items of the ledger, as text."""
    return [json.dumps(one, default=str) for one in boto3.client("dynamodb").scan(TableName=TABLE)["Items"]]


def hold(world: CliWorld, holder: str) -> None:
    """Let a deployment hold the sandbox's lock."""
    world.locks.save(replace(world.locks.load(KEY), holder=holder))


def test_only_the_sandboxs_records_and_objects_go(world: CliWorld) -> None:
    """The timeline too; SmartPack's deployment, its lock and its bundle stay."""
    world.write(of_sandbox(SUCCEEDED), ("received", "Received."), ("closed", "SUCCEEDED"))
    hold(world, "")
    put("incoming/selfright-prove/sandbox/selfright-prove-1.0.0.zip")
    put(f"restore-points/selfright-prove/sandbox/{ID}/_manifest.json")
    for key in ("incoming/smartpack/prod/smartpack-1.2.0.zip", "restore-points/code/abc.zip", "staging/abc.zip"):
        put(key)
    told = records(world).delete()
    assert told[0] == "2 objects"
    assert keys() == {
        "incoming/smartpack/prod/smartpack-1.2.0.zip",
        "restore-points/code/abc.zip",
        "staging/abc.zip",
    }
    assert [one for one in items() if APPLICATION in one] == []
    assert any(LIVE_ID in one for one in items())


def test_where_nothing_is_nothing_is_told(world: CliWorld) -> None:
    """A second time there is nothing left."""
    assert records(world).delete() == []


def test_a_deployment_on_its_way_is_rolled_back_first(world: CliWorld) -> None:
    """Once, and it is waited until it is over; the environment is there all the time."""
    world.write(of_sandbox(STAGED))
    hold(world, ID)
    clock = VirtualClock()
    sleep, slept = clock.sleep, list[float]()

    def end_after_a_while(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            world.write(of_sandbox(replace(STAGED, phase=Phase.ROLLED_BACK)))
            hold(world, "")
        sleep(seconds)

    clock.sleep = end_after_a_while  # type: ignore[method-assign]
    records(world, clock).end()
    assert [one["input"]["deployment_id"] for one in world.states.started] == [ID]
    assert len(slept) >= 3


def test_an_upload_that_is_not_yet_a_deployment_is_waited_for(world: CliWorld) -> None:
    """If it does not become one within a minute, it never will."""
    put("incoming/selfright-prove/sandbox/selfright-prove-1.0.0.zip")
    clock = VirtualClock()
    began = clock.now()
    records(world, clock).end()
    assert 60 <= clock.now() - began < 70


def test_an_environment_is_not_taken_away_from_a_deployment_that_does_not_end(world: CliWorld) -> None:
    """After twenty minutes it says which one it is, and deletes nothing."""
    world.write(of_sandbox(STAGED))
    hold(world, ID)
    clock = VirtualClock()
    began = clock.now()
    with pytest.raises(AdviceError, match=ID):
        records(world, clock).end()
    assert clock.now() - began >= PATIENCE
