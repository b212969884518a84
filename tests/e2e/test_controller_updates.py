"""The controller is updated while a release is in its canary bake: functions at once, its state machine not for it.

A release that began under an older controller runs by the definition with which it began, and its remaining tasks are
those of the present code: the older workflow cannot wait for a step's arrival, and did not ask to.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from controller.domain.phases import Phase
from selfright import lambda_package
from selfright.cdk.names import Group
from tests.e2e.hands import QUIET
from tests.e2e.lab import NEVER, Lab
from tests.e2e.waiting import until, until_updated

pytestmark = pytest.mark.slow
VERIFY = "controller/flow/verify.py"
SAID, SAID_BEFORE = "passed from outside.", "passed from outside, to the older controller."
"""What the present code and an older one record about a step's checks: it tells which of them has made them."""
LAST, LAST_BEFORE = "Complete", "Close the release"
UNDO, UNDO_BEFORE = "Roll back", "Undo the release"
"""States that had another name in the older controller: an execution's history has the names of its own definition."""
PAUSING: dict[str, Any] = {"minimum_requests": 1_000_000, "when_inconclusive": "pause"}
"""The judge finds too little after each bake, and the release waits for a person: so long it is in this bake."""


def older_machine(definition: str) -> str:
    """The deploy machine of a controller that did not wait until a step has arrived, and named two states otherwise."""
    for name, before in ((LAST, LAST_BEFORE), (UNDO, UNDO_BEFORE)):
        definition = definition.replace(json.dumps(name), json.dumps(before))
    machine = json.loads(definition)
    states = machine["States"]["Traffic steps"]["ItemProcessor"]["States"]
    del states["Verify"]["Parameters"]["Payload"]["may_wait"]
    del states["Verify"]["ResultSelector"]["wait_seconds.$"]
    del states["Wait for arrival"]
    healthy = states["Is it healthy?"]
    healthy["Choices"] = [one for one in healthy["Choices"] if one.get("Next") != "Wait for arrival"]
    return json.dumps(machine)


@cache
def package(*, older: bool) -> bytes:
    """The controller's code for this machine: the present one, or one that records something else."""
    folder, content = lambda_package.build(lambda_package.host()), io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            name = file.relative_to(folder).as_posix()
            if not older or not name.startswith("controller/flow/__pycache__/verify."):
                data = file.read_bytes()
                archive.writestr(name, data.replace(SAID.encode(), SAID_BEFORE.encode()) if older else data)
    return content.getvalue()


@contextmanager
def older_controller(lab: Lab) -> Iterator[None]:
    """An older controller for the time of the block; at its end it is updated to the present one."""
    arn = lab.resources["deploy_machine_arn"]
    present = str(lab.stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"])
    update(lab, older_machine(present), package(older=True), [Group.CHECK])  # the only one whose code differs
    try:
        yield
    finally:
        update(lab, present, package(older=False), Group)


def update(lab: Lab, machine: str, code: bytes, groups: Iterable[Group]) -> None:
    """What an update of the controller's stack does: new code for the functions, then a new deploy machine."""
    functions, bucket, key = lab.client("lambda"), "controllers-of-the-test", "controller.zip"
    lab.s3.create_bucket(Bucket=bucket)
    lab.s3.put_object(Bucket=bucket, Key=key, Body=code)
    names = [group.function_name for group in groups]
    for name in names:
        functions.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key=key)
    for name in names:
        until_updated(functions, name)
    lab.stepfunctions.update_state_machine(stateMachineArn=lab.resources["deploy_machine_arn"], definition=machine)


def entered(lab: Lab, release: str) -> set[str]:
    """The states that its workflow entered, those within the traffic steps left out."""
    arn = lab.ledger.get(release).execution_arn
    pages = lab.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=arn)
    found = [event.get("stateEnteredEventDetails", {}) for page in pages for event in page["events"]]
    return {one["name"] for one in found if one}


def checked(lab: Lab, release: str) -> list[str]:
    """What was recorded about the checks from outside, in order."""
    return [event.message for event in lab.ledger.timeline(release) if event.kind == "verified"]


def test_a_release_goes_live_by_the_workflow_with_which_it_began(lab: Lab) -> None:
    """Its later steps are judged, shifted and verified by the new functions."""
    lab.set_bakes([(20, 1), (50, 1)], **PAUSING)
    with older_controller(lab):
        release = lab.release()
        lab.waits_for_a_person(release)
        assert lab.ledger.get(release).weight == 20
    assert lab.ledger.get(release).phase is Phase.BAKING
    assert lab.command("resume", release)[0] == 0
    until("its second bake", lambda: lab.ledger.get(release).weight == 50)
    lab.waits_for_a_person(release)
    assert lab.command("resume", release)[0] == 0
    ended = lab.ended(release)
    assert ended.phase is Phase.SUCCEEDED, ended.reason
    assert lab.live().is_only(ended.version)
    first, *later = checked(lab, release)
    assert first.endswith(SAID_BEFORE)
    assert len(later) == 2
    assert all(said.endswith(SAID) for said in later)
    assert (LAST_BEFORE in entered(lab, release), LAST in entered(lab, release)) == (True, False)


def test_an_alarm_after_the_update_rolls_the_release_back(lab: Lab) -> None:
    """The guard that the older controller has opened is found by the new one; its workflow ends by itself.

    No evaluation is under way meanwhile: the emulator ends a function that works while it is updated, AWS does not.
    """
    before = lab.version()
    lab.set_bakes([(50, NEVER)], evaluate_every="20s")
    with older_controller(lab):
        release = lab.release()
        until("its first evaluation is over", lambda: lab.ledger.evaluations(release))
    assert len(lab.live().api) == 2
    lab.set_alarm(QUIET, "ALARM", "after the update")
    ended = lab.ended(release)
    assert (ended.phase, ended.reason) == (Phase.ROLLED_BACK, f"Alarm {QUIET}: after the update")
    assert lab.live().is_only(before)
    assert lab.until_execution_ended(ended.execution_arn)["status"] == "FAILED"
    assert (UNDO_BEFORE in entered(lab, release), UNDO in entered(lab, release)) == (True, False)
