"""`selfright prove` makes the controller anew: however that ends, the account has one afterwards."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from selfright.account.account import PARAMETER, ControllerResources
from selfright.local import emulator
from selfright.local.installation import install
from selfright.local.place import LocalFolder
from selfright.local_state import LocalAws
from selfright.proving.interrupts import Interrupts
from selfright.proving.releases.sources import REMADE
from selfright.proving.remaking.acts import Remaking
from selfright.proving.remaking.blueprint import CONTROLLER
from selfright.proving.remaking.keeping import PLACE, PREFIX, LocalCopy
from selfright.proving.remaking.remaker import ControllerRemaker
from selfright.proving.results import Measured
from selfright.proving.scene import RunClock, ServiceClients
from selfright.proving.stacks import AccountStack
from tests.e2e.programs import program
from tests.e2e.test_prove import variables
from tests.e2e.test_prove_ends import HANGS, quick_sandbox
from tests.e2e.waiting import until
from tests.ports import PORT

pytestmark = pytest.mark.timeout(900)
REMAKES = """\
import sys
from pathlib import Path
from selfright.account.account import Account
from selfright.proving.interrupts import Interrupts
from selfright.proving.remaking.keeping import LocalCopy
from selfright.proving.remaking.remaker import ControllerRemaker
from selfright.proving.scene import RunClock, ServiceClients

clock = RunClock()
interrupts = Interrupts(lambda text: print(text, flush=True), clock.stop)
with interrupts.listening():
    remaker = ControllerRemaker(ServiceClients(), clock, print, interrupts.held)
    remaker.remake(Account().resources.bucket, LocalCopy(Path(sys.argv[1]), "run"), 1, lambda: None)
"""
"""A program that makes the controller anew as a run does; after the deletion it waits as long as on AWS."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the installation."""
    return tmp_path_factory.mktemp("remade") / "local"


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[LocalAws]:
    """An own installation whose controller serves no application."""
    local = install(lambda _: None, folder=folder, attached=True, port=PORT)
    try:
        with variables(local), pytest.MonkeyPatch.context() as patch:
            patch.setenv("SELFRIGHT_LOCAL_FOLDER", str(folder))
            ssm = ServiceClients()("ssm")
            found = ssm.get_parameters_by_path(Path="/selfright/smartpack", Recursive=True)["Parameters"]
            ssm.delete_parameters(Names=[one["Name"] for one in found])
            yield local
    finally:
        emulator.stop(folder)


def controller() -> dict[str, Any]:
    """The controller's stack; empty if there is none."""
    return dict(AccountStack(ServiceClients()("cloudformation"), CONTROLLER, RunClock()).find() or {})


def resources() -> ControllerResources:
    """What the controller has, as it says now."""
    value = ServiceClients()("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    return ControllerResources.model_validate_json(value)


def forget(table: str) -> None:
    """Delete the ledger that stays: the emulator would give its name to the new one, AWS chooses another name."""
    dynamodb = ServiceClients()("dynamodb")
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)


@contextmanager
def old_ledger_forgotten(table: str) -> Iterator[None]:
    """During the block, the old ledger goes as soon as there is no controller."""

    def forget_in_time() -> None:
        until("the controller is gone", lambda: not controller())
        forget(table)

    thread = Thread(target=forget_in_time, daemon=True)
    thread.start()
    yield
    thread.join()


@pytest.mark.slow
def test_a_run_that_is_killed_without_a_controller_is_finished_by_the_next_cleaning(
    running: LocalAws, tmp_path: Path
) -> None:
    """A `kill` waits for the controller; `kill -9` cannot wait, and leaves what creates it as it was."""
    stacks, old = ServiceClients()("cloudformation"), resources()
    stacks.update_termination_protection(StackName=CONTROLLER, EnableTerminationProtection=True)
    with program([sys.executable, "-c", REMAKES, str(tmp_path)]) as process:
        until("the controller is gone", lambda: not controller())
        process.send_signal(signal.SIGTERM)
        forget(old.table)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        process.kill()
        told = process.communicate(timeout=HANGS)[0]
    assert "as soon as the controller is there again" in told
    assert CONTROLLER in (tmp_path / "run-controller.json").read_text()
    command = [sys.executable, "-m", "selfright", "prove", "--clean"]
    with program(command) as cleaning:
        said = cleaning.communicate(timeout=HANGS)
    assert cleaning.returncode == 0, said
    assert (controller()["StackStatus"], controller()["EnableTerminationProtection"]) == ("CREATE_COMPLETE", True)
    assert resources().bucket != old.bucket
    assert left(old.bucket) == []


def left(bucket: str) -> list[str]:
    """What is left of the blueprint."""
    clients = ServiceClients()
    objects = clients("s3").list_object_versions(Bucket=bucket, Prefix=PREFIX).get("Versions", [])
    notes = clients("ssm").get_parameters(Names=[PLACE])["Parameters"]
    return [*(one["Key"] for one in objects), *(one["Name"] for one in notes)]


@pytest.mark.campaign
def test_a_controller_made_anew_releases_into_the_sandbox_and_hears_its_alarms(
    running: LocalAws, folder: Path, tmp_path: Path
) -> None:
    """The stack is protected as before, the sandbox's is not touched, and cleaning uses the new controller."""
    old = resources()
    ServiceClients()("cloudformation").update_termination_protection(
        StackName=CONTROLLER, EnableTerminationProtection=True
    )
    with quick_sandbox(LocalFolder(folder).targets, running) as (prover, scene), old_ledger_forgotten(old.table):
        held = Interrupts(prover.say, prover.clock.stop).held
        remaker = ControllerRemaker(ServiceClients(), prover.clock, prover.say, held)
        fact = Remaking(prover.account, remaker, LocalCopy(tmp_path, "run"), prover.use).fact()
        prover.measure(scene, [fact])
    (answer,) = prover.answers([fact])
    assert answer.is_complete, answer.findings
    said = {one.what: one.said for one in answer.findings if isinstance(one, Measured)}
    assert said[f"{REMADE}, which should end as SUCCEEDED"].startswith("SUCCEEDED")
    assert "Alarm selfright-prove-api-errors" in said["from an alarm to its rollback by the new controller"]
    assert said["visitors get what was live before"] == "api 1.0.0 and site 1.0.0"
    assert controller()["EnableTerminationProtection"] is True
    assert prover.account.resources == resources()
    assert resources().bucket != old.bucket
    assert left(old.bucket) == []
