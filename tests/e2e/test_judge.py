"""The judge alone, hotfixes, and hooks that are real functions."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest

from app_artifacts.smartpack.visits import trips
from controller.domain.phases import Phase
from selfright.local.visitors import VisitorLoad, from_list, visiting
from selfright.local_state import REGION
from tests.e2e.enforcing import OF_SMARTPACK
from tests.e2e.hands import QUIET
from tests.e2e.lab import NEVER, Lab
from tests.e2e.seen import KEY
from tests.registering import register

ROLE = f"selfright-check-{REGION}"
HOOK = """\
import json
import boto3

def handler(event, context):
    answer = {answer}
    if answer.get("by_return"):
        return answer
    client = boto3.client("stepfunctions")
    token = event["LifecycleEventHookExecutionId"]
    client.send_task_success(taskToken=token, output=json.dumps(answer))
"""
"""A hook from SAM: it answers with its token, as to CodeDeploy."""


@contextmanager
def preferring(lab: Lab, **preference: Any) -> Iterator[None]:  # noqa: ANN401 - JSON
    """The environment with another `deployment_preference` for the time of the block."""
    before = lab.configuration()
    changed = {**before, "deployment_preference": {**before["deployment_preference"], **preference}}
    register(lab.client("ssm"), changed)
    try:
        yield
    finally:
        register(lab.client("ssm"), before)


def test_the_judge_rolls_a_bad_version_back_without_any_alarm(lab: Lab) -> None:
    """Its evaluations are in the ledger, and `selfright explain` shows them."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)], minimum_requests=10)
    visitors = from_list(list(islice(trips(7), 300)))
    with preferring(lab, alarms=[]), visiting(lab.running.edge_url, visitors, VisitorLoad(rate=20)):
        bad = lab.ended(lab.release(like="1.2.0"))
    assert (bad.phase, bad.trip and bad.trip.source) == (Phase.ROLLED_BACK, "judge")
    assert lab.live().is_only(before)
    evaluations = lab.ledger.evaluations(bad.deployment_id)
    assert "unhealthy" not in {one.verdict for one in evaluations[:-1]}
    assert evaluations[-1].verdict == "unhealthy"
    assert evaluations[-1].e_value >= evaluations[-1].limit * (1 - 1e-9) > evaluations[0].e_value
    assert [(one.component, one.metric) for one in evaluations[-1].comparisons] == [("api", "errors")]
    code, told, _ = lab.command("explain", bad.deployment_id)
    assert (code, bool(told)) == (0, True)


def test_a_hotfix_ignores_the_alarm_that_is_firing(lab: Lab) -> None:
    """And the ledger says who did that, and why."""
    version = lab.new_version()
    said = ("--hotfix", "--reason", "Puts the fire out")
    with lab.firing_unheard(QUIET, "on fire"):
        code, told, heard = lab.command("release", str(lab.source(version)), "--environment", KEY, "--no-build", *said)
    assert code == 0, (told, heard)
    live = lab.ledger.get(lab.lock().live)
    assert live.version == version
    assert live.hotfix
    assert (live.hotfix.alarms, live.hotfix.reason) == ((QUIET,), "Puts the fire out")
    assert live.hotfix.by.startswith("arn:aws:")


@contextmanager
def a_hook(lab: Lab, name: str, answer: dict[str, Any]) -> Iterator[str]:
    """A real function that gives this answer, which the controller may invoke."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("hook.py", HOOK.format(answer=json.dumps(answer).replace("true", "True")))
    functions, iam = lab.client("lambda"), lab.client("iam")
    role = iam.get_role(RoleName=ROLE)["Role"]["Arn"]
    made = functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="hook.handler",
        Role=role,
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
    )
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": made["FunctionArn"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=OF_SMARTPACK, PolicyName=name, PolicyDocument=document)
    try:
        yield name
    finally:
        iam.delete_role_policy(RoleName=OF_SMARTPACK, PolicyName=name)
        functions.delete_function(FunctionName=name)


@pytest.mark.parametrize("way", ["by_return", "by_token"])
@pytest.mark.parametrize(
    ("occasion", "status", "phase"),
    [("pre_traffic", "Succeeded", Phase.SUCCEEDED), ("post_traffic", "Failed", Phase.ROLLED_BACK)],
)
def test_a_hook_is_a_function_that_may_say_no(lab: Lab, way: str, occasion: str, status: str, phase: Phase) -> None:
    """By what it returns, or by the token, as a hook that was moved over from SAM."""
    name = f"hook-{occasion}-{way}".replace("_", "-")
    with a_hook(lab, name, {"status": status, way: True}), preferring(lab, hooks={occasion: name}):
        ended = lab.ended(lab.release())
    assert ended.phase is phase
    assert ("hook" in lab.kinds(ended.deployment_id)) == (way == "by_token" or phase is Phase.SUCCEEDED)
