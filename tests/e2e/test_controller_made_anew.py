"""The controller is deleted and made anew from its own template: applications are released as before."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.domain.phases import Phase
from selfright.cdk.names import CONTROLLER_STACK, DEPLOY_MACHINE
from selfright.local import emulator
from selfright.local.installation import install
from tests.e2e.conftest import CARE
from tests.e2e.lab import Lab
from tests.e2e.waiting import until
from tests.ports import PORT

pytestmark = pytest.mark.slow


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """An own installation with a first release live, whose controller may go."""
    running = install(lambda _: None, folder=tmp_path / "local", attached=True, preference=CARE, port=PORT)
    try:
        lab = Lab(running, tmp_path)
        lab.set_bakes()
        assert lab.ended(lab.release()).phase is Phase.SUCCEEDED
        yield lab
    finally:
        emulator.stop(tmp_path / "local")


def stack(lab: Lab, name: str) -> dict[str, Any]:
    """A stack; empty when there is none."""
    client = lab.client("cloudformation")
    try:
        found = client.describe_stacks(StackName=name)["Stacks"][0]
    except client.exceptions.ClientError as error:
        if "does not exist" not in str(error):
            raise
        return {}
    return {} if found["StackStatus"] == "DELETE_COMPLETE" else dict(found)


def forget_ledger(lab: Lab) -> None:
    """Delete the table that stays: the emulator would give its name to the new one, while AWS chooses another name."""
    dynamodb, table = lab.client("dynamodb"), lab.resources["table"]
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)


def make_anew(lab: Lab) -> None:
    """Delete the controller's stack, and create it from the template that CloudFormation has of it."""
    client = lab.client("cloudformation")
    template = client.get_template(StackName=CONTROLLER_STACK, TemplateStage="Original")["TemplateBody"]
    body = template if isinstance(template, str) else json.dumps(template)
    given = stack(lab, CONTROLLER_STACK).get("Parameters", [])
    templates = "templates-of-the-test"
    lab.s3.create_bucket(Bucket=templates)  # CloudFormation takes 51,200 bytes in the call itself, and it has more
    lab.s3.put_object(Bucket=templates, Key="controller.json", Body=body.encode())
    client.delete_stack(StackName=CONTROLLER_STACK)
    until("the controller is gone", lambda: not stack(lab, CONTROLLER_STACK))
    machines = lab.stepfunctions.list_state_machines()["stateMachines"]
    assert DEPLOY_MACHINE not in [one["name"] for one in machines]
    forget_ledger(lab)
    client.create_stack(
        StackName=CONTROLLER_STACK,
        TemplateURL=f"{lab.running.endpoint}/{templates}/controller.json",
        Parameters=given,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    until("it is there", lambda: not stack(lab, CONTROLLER_STACK)["StackStatus"].endswith("_IN_PROGRESS"))
    assert stack(lab, CONTROLLER_STACK)["StackStatus"] == "CREATE_COMPLETE"
    for cached in ("resources", "ledger"):
        lab.__dict__.pop(cached)


def test_a_controller_made_anew_releases_and_rolls_back_what_the_old_one_released(lab: Lab) -> None:
    """Its ledger knows nothing of before; it finds what is live on AWS, and the application's stack stays as it is."""
    before, first, application = lab.live(), lab.lock().live, stack(lab, "SmartPack")
    bucket = lab.resources["bucket"]
    make_anew(lab)
    assert lab.resources["bucket"] != bucket
    assert lab.ledger.find(first) is None
    assert lab.live() == before
    ended = lab.ended(lab.release())
    assert ended.phase is Phase.SUCCEEDED, ended.reason
    assert lab.live().is_only(ended.version)
    code, document, said = lab.command("rollback", ended.deployment_id)
    assert (code, document["phase"]) == (0, Phase.ROLLED_BACK), said
    assert lab.live() == before
    assert stack(lab, "SmartPack") == application
