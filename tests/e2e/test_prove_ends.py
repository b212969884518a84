"""However `selfright prove` ends, nothing of it is left; and three releases end as they should."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from selfright.account.account import Account
from selfright.local import emulator
from selfright.local.edge.targets import Targets, save
from selfright.local.installation import install
from selfright.local.place import LocalFolder
from selfright.local_state import LocalAws
from selfright.proving.names import KEY, SETTINGS, STACK
from selfright.proving.releases.acts import releasing
from selfright.proving.releases.sources import BAD
from selfright.proving.results import Measured
from selfright.proving.run import Prover
from selfright.proving.scene import RunClock, Scene, ServiceClients
from tests.e2e.lab import Lab
from tests.e2e.programs import program
from tests.e2e.test_prove import variables
from tests.e2e.waiting import until
from tests.ports import PORT
from tests.registering import register, registered

HANGS = 120
LONG = ("--only", "version_metrics")
"""A fact that takes as long as CloudWatch's minutes do."""
FACTOR = 1 / 5
BAKES: dict[str, Any] = {"type": [{"weight": 50, "bake": "4s"}]}
JUDGE = {"evaluate_every": "1s", "period": "1s", "minimum_requests": 0}


def prove(lab: Lab, folder: Path, *words: str) -> Any:  # noqa: ANN401 - a context manager
    """The command, with its report in this folder."""
    command = [sys.executable, "-m", "selfright", "prove", "--yes", "--report", str(folder)]
    return program([*command, *words], {**lab.running.variables(), "SELFRIGHT_LOCAL_FOLDER": str(lab.folder / "local")})


def stacks(lab: Lab) -> list[str]:
    """The statuses of the sandbox's stacks that are there."""
    pages = lab.client("cloudformation").get_paginator("list_stacks").paginate()
    found = [one for page in pages for one in page["StackSummaries"] if one["StackName"] == STACK]
    return [one["StackStatus"] for one in found if one["StackStatus"] != "DELETE_COMPLETE"]


def left(lab: Lab) -> list[str]:
    """What is left of a sandbox."""
    parameters = lab.client("ssm").get_parameters_by_path(Path=SETTINGS, Recursive=True)["Parameters"]
    objects = lab.s3.list_object_versions(Bucket=lab.resources["bucket"])
    keys = [one["Key"] for name in ("Versions", "DeleteMarkers") for one in objects.get(name, [])]
    items = lab.client("dynamodb").scan(TableName=lab.resources["table"])["Items"]
    functions = [one["FunctionName"] for one in lab.client("lambda").list_functions()["Functions"]]
    roles = [one["RoleName"] for one in lab.client("iam").list_roles()["Roles"]]
    return [
        *stacks(lab),
        *(one["Name"] for one in parameters),
        *(name for name in [*keys, *functions, *roles] if STACK in name),
        *(one["pk"]["S"] for one in items if STACK in json.dumps(one)),
    ]


def test_a_run_ends_with_a_report_and_without_a_trace(lab: Lab, tmp_path: Path) -> None:
    """Both files are there, and the sandbox is not."""
    with prove(lab, tmp_path, "--only", "runtime_sdk", "--only", "read_after_write_index") as process:
        said = process.communicate(timeout=HANGS)
    assert process.returncode == 0, said
    (document,) = [json.loads(file.read_text()) for file in tmp_path.glob("*.json")]
    assert [fact["name"] for fact in document["facts"]] == ["read_after_write_index", "runtime_sdk"]
    assert all(finding["measured"] for fact in document["facts"] for finding in fact["findings"])
    (page,) = [file.read_text() for file in tmp_path.glob("*.md")]
    assert f"This is not AWS: a local AWS, with the weather {lab.running.weather}, at {lab.running.endpoint}" in page
    assert document["factor"] == lab.running.factor
    assert left(lab) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_deletes_its_sandbox(lab: Lab, tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C or `kill` in the middle of a fact; it says at once what it does, and the exit code is that of Ctrl-C."""
    with prove(lab, tmp_path, *LONG) as process:
        until("the sandbox is there", lambda: stacks(lab) == ["CREATE_COMPLETE"])
        process.send_signal(number)
        said = process.communicate(timeout=HANGS)
    assert process.returncode == 130, said
    assert "Stopping. What this run has made is deleted first" in said[1]
    assert left(lab) == []


def test_what_a_killed_run_has_left_is_found_and_deleted(lab: Lab, tmp_path: Path) -> None:
    """A second run is refused and leaves it alone, because the first one might still be under way."""
    with prove(lab, tmp_path, *LONG) as process:
        until("the sandbox is there", lambda: stacks(lab) == ["CREATE_COMPLETE"])
        process.kill()
        process.communicate(timeout=HANGS)
    with prove(lab, tmp_path, *LONG) as second:
        _, said = second.communicate(timeout=HANGS)
    assert (second.returncode, "another run is under way" in said) == (1, True), said
    assert stacks(lab) == ["CREATE_COMPLETE"]
    with prove(lab, tmp_path, "--clean") as cleaning:
        told, said = cleaning.communicate(timeout=HANGS)
    assert (cleaning.returncode, f"the stack {STACK}" in told) == (0, True), said
    assert left(lab) == []


@contextmanager
def quick_sandbox(folder: Path, running: LocalAws) -> Iterator[tuple[Prover, Scene]]:
    """The sandbox behind the edge, with bakes of seconds."""
    prover = Prover(Account(), lambda _: None, ServiceClients(), RunClock())
    with prover.sandbox(dict.fromkeys(("ApiDomain", "SiteDomain"), running.edge_url), FACTOR) as scene:
        save(folder, Targets("selfright-prove-api", "live", scene.outputs["SiteDomain"], api_paths=("/hello",)))
        ssm = scene.client("ssm")
        now = registered(ssm, KEY)
        now |= {"allow_private_urls": True, "final_bake": "5s", "judge": {**now["judge"], **JUDGE}}
        now["deployment_preference"] |= BAKES
        register(ssm, now)
        yield prover, scene


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_three_releases_and_a_rollback_end_as_they_should(tmp_path: Path) -> None:
    """Two go live, the bad one is rolled back, and so is the second by hand; then no record of them is left."""
    folder = tmp_path / "local"
    running = install(lambda _: None, folder=folder, attached=True, port=PORT)
    try:
        with variables(running):
            with quick_sandbox(LocalFolder(folder).targets, running) as (prover, scene):
                fact = releasing(prover.account)
                prover.measure(scene, [fact])
            (answer,) = prover.answers([fact])
            keys = {"region_name": "us-east-1", "endpoint_url": running.endpoint}
            table = prover.account.resources.table
            items = boto3.client("dynamodb", **keys).scan(TableName=table)["Items"]  # type: ignore[call-overload]
    finally:
        emulator.stop(folder)
    assert answer.is_complete, answer.findings
    said = {one.what: one.said for one in answer.findings if isinstance(one, Measured)}
    assert said[f"{BAD}, which should end as ROLLED_BACK"].startswith("ROLLED_BACK")
    assert said["1.1.0, rolled back by hand"].startswith("ROLLED_BACK")
    assert [one for one in items if STACK in json.dumps(one)] == []
