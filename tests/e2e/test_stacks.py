"""An application with its own infrastructure: its stack is updated and rolled back with its function."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from selfright.local.place import ACCOUNT
from selfright.local_state import REGION
from tests.e2e.enforcing import permit
from tests.e2e.lab import Lab
from tests.registering import register

KEY = "depot/prod"
FUNCTION, STACK = "depot-prod-api", "depot-prod-infra"
ROLES = "depot-changes", "depot-runs"
VALUE = "/depot/prod/greeting"
MANIFEST = """\
application: depot
version: %s
components:
  infra: {kind: stack, artifact: infra.yaml, parameters: {Greeting: %s}}
  api: {kind: function, artifact: api, handler: app.handler, after: [%s]}
"""
TEMPLATE = """\
Parameters:
  Greeting: {Type: String, Default: none}
Resources:
  Shown:
    Type: AWS::SSM::Parameter
    Properties: {Name: /depot/prod/greeting, Type: String, Value: !Ref Greeting}
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {QueueName: depot-prod-jobs, VisibilityTimeout: %s}
"""
BROKEN = """\
  Taken:
    Type: AWS::SSM::Parameter
    DependsOn: Jobs
    Properties: {Name: /depot/prod/taken, Type: String, Value: new}
"""


@pytest.fixture
def depot(installation: Lab) -> Lab:
    """The depot's environment, registered beside SmartPack's, and the function that its releases change."""
    functions, iam = installation.client("lambda"), installation.client("iam")
    changes, runs = (iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"] for name in ROLES)
    arguments = {"Runtime": "python3.13", "Role": runs, "Handler": "app.handler"}
    functions.create_function(FunctionName=FUNCTION, Code={"ZipFile": _zip("0.0.0")}, **arguments)
    version = functions.publish_version(FunctionName=FUNCTION)["Version"]
    functions.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)
    document = {
        "application": "depot",
        "environment": "prod",
        "components": {
            "api": {"kind": "function", "function_name": FUNCTION},
            "infra": {"kind": "stack", "stack_name": STACK, "role_arn": changes},
        },
        "deployment_preference": {"type": "AllAtOnce"},
        "final_bake": "0s",
    }
    ssm = installation.client("ssm")
    register(ssm, document)
    stacks = {"Action": "cloudformation:*", "Resource": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/*"}
    hand_over = {"Action": "iam:PassRole", "Resource": changes}
    permit(installation, "depot", {"smartpack-prod-api": FUNCTION}, stacks, hand_over)
    return installation


def _code(version: str) -> str:
    return f"def handler(event, context):\n    return {version!r}\n"


def _zip(version: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", _code(version))
    return buffer.getvalue()


def release(lab: Lab, folder: Path, version: str, template: str, *, after: str = "infra") -> Deployment:
    """Bundle, upload and follow a release of the depot."""
    (folder / "api").mkdir(parents=True, exist_ok=True)
    (folder / "release.yaml").write_text(MANIFEST % (version, f"from-{version}", after))
    (folder / "infra.yaml").write_text(template)
    (folder / "api" / "app.py").write_text(_code(version))
    bundle = make_bundle(folder, folder.parent / f"{version}.zip").read_bytes()
    return lab.ended(lab.upload(bundle, f"incoming/{KEY}/{next(lab.numbers)}.zip"))


def seen(lab: Lab) -> dict[str, Any]:
    """What a person sees of the depot: the stack, what it made, and the version that all visitors get."""
    stacks, functions = lab.client("cloudformation"), lab.client("lambda")
    (stack,) = stacks.describe_stacks(StackName=STACK)["Stacks"]
    queue = lab.client("sqs").get_queue_url(QueueName="depot-prod-jobs")["QueueUrl"]
    attributes = lab.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])
    alias = functions.get_alias(FunctionName=FUNCTION, Name="live")
    answer = functions.invoke(FunctionName=alias["AliasArn"].rpartition(":")[0] + f":{alias['FunctionVersion']}")
    return {
        "template": stacks.get_template(StackName=STACK, TemplateStage="Original")["TemplateBody"],
        "parameters": {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]},
        "value": lab.client("ssm").get_parameter(Name=VALUE)["Parameter"]["Value"],
        "timeout": attributes["Attributes"]["VisibilityTimeout"],
        "api": json.load(answer["Payload"]),
    }


def _versions(lab: Lab) -> list[str]:
    found = lab.client("lambda").list_versions_by_function(FunctionName=FUNCTION)["Versions"]
    return [one["Version"] for one in found]


def test_a_stack_is_released_and_rolled_back_with_its_code(depot: Lab, tmp_path: Path) -> None:
    """Created, changed, rolled back; refused if data would be deleted; undone if it fails half way."""
    first = release(depot, tmp_path / "depot", "1.0.0", TEMPLATE % 30)
    assert first.phase is Phase.SUCCEEDED, first.reason
    assert first.order == (("infra",), ("api",))
    before = seen(depot)
    assert (before["value"], before["timeout"], before["api"]) == ("from-1.0.0", "30", "1.0.0")

    second = release(depot, tmp_path / "depot", "1.1.0", TEMPLATE % 60)
    assert second.phase is Phase.SUCCEEDED, second.reason
    after = seen(depot)
    assert (after["value"], after["timeout"], after["api"]) == ("from-1.1.0", "60", "1.1.0")

    code, document, said = depot.command("rollback", "--environment", KEY, "--reason", "too slow")
    assert (code, document["phase"]) == (0, "ROLLED_BACK"), said
    assert seen(depot) == before

    refused = release(depot, tmp_path / "depot", "1.2.0", TEMPLATE.replace("  Jobs:", "  Others:") % 30)
    assert refused.phase is Phase.ROLLED_BACK
    assert "Jobs (AWS::SQS::Queue) would be deleted" in refused.reason
    assert seen(depot) == before

    depot.client("ssm").put_parameter(Name="/depot/prod/taken", Value="a person's", Type="String")
    versions = _versions(depot)
    failed = release(depot, tmp_path / "depot", "1.3.0", TEMPLATE % 90 + BROKEN, after="")
    assert failed.phase is Phase.ROLLED_BACK
    assert "Taken (AWS::SSM::Parameter)" in failed.reason
    assert seen(depot) == before
    assert depot.client("ssm").get_parameter(Name="/depot/prod/taken")["Parameter"]["Value"] == "a person's"
    assert _versions(depot)[: len(versions)] == versions  # What was staged goes when the reconciler looks after it.
    change_sets = depot.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    assert [one["ChangeSetName"] for one in change_sets if one["ExecutionStatus"] == "AVAILABLE"] == []
