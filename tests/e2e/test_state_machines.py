"""A state machine as a component of an environment on the local AWS: released, judged, rolled back and recovered."""

import json
from pathlib import Path
from typing import Any

import pytest

from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from selfright.local.place import ACCOUNT
from selfright.local_state import REGION
from tests.e2e.enforcing import permit
from tests.e2e.executions import Executions, executing
from tests.e2e.lab import NEVER, Lab
from tests.registering import register

KEY, MACHINE = "ferry/prod", "ferry-prod-crossing"
ARN = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{MACHINE}"
ALIAS = f"{ARN}:live"
MANIFEST = """\
application: ferry
version: %s
components:
  crossing: {kind: state_machine, artifact: crossing.json, definition_substitutions: {Harbour: North}}
"""
PLACEHOLDER = {"StartAt": "Nothing", "States": {"Nothing": {"Type": "Pass", "End": True}}}
RIGHTS = (
    *("DescribeStateMachine", "DescribeStateMachineAlias", "UpdateStateMachineAlias", "UpdateStateMachine"),
    *("PublishStateMachineVersion", "DeleteStateMachineVersion", "ListStateMachineVersions", "ListStateMachineAliases"),
)
JUDGE = {"evaluate_every": "2s", "period": "1s", "minimum_requests": 10, "tolerance": 0.05, "alpha": 0.05}


@pytest.fixture
def ferry(installation: Lab) -> Lab:
    """The ferry's state machine with its alias, as its own stack would make it, and its environment."""
    machines, iam = installation.stepfunctions, installation.client("iam")
    role = iam.create_role(RoleName=MACHINE, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    machines.create_state_machine(name=MACHINE, definition=json.dumps(PLACEHOLDER), roleArn=role)
    first = machines.publish_state_machine_version(stateMachineArn=ARN)["stateMachineVersionArn"]
    routes = [{"stateMachineVersionArn": first, "weight": 100}]
    machines.create_state_machine_alias(name="live", routingConfiguration=routes)
    # The emulator looks for another member of a request than aliases and versions are named by, and finds no resource.
    rights = {"Action": [f"states:{action}" for action in RIGHTS], "Resource": "*"}
    permit(installation, "ferry", {}, rights, {"Action": "iam:PassRole", "Resource": role})
    prefer(installation)
    return installation


def prefer(lab: Lab, *steps: tuple[int, int]) -> None:
    """Register the environment with these weights and bakes."""
    strategy: Any = [{"weight": weight, "bake": f"{bake}s"} for weight, bake in steps] or "AllAtOnce"
    document = {
        "application": "ferry",
        "environment": "prod",
        "components": {"crossing": {"kind": "state_machine", "state_machine_arn": ARN}},
        "deployment_preference": {"type": strategy},
        "final_bake": "0s",
        "judge": JUDGE,
        "discard_after": "7d",
    }
    register(lab.client("ssm"), document)


def crossing(end: dict[str, str], comment: str = "") -> dict[str, Any]:
    """A definition that ends so."""
    sail = {"Type": "Pass", "Result": {"to": "${Harbour}"}, "Next": "Moor"}
    return {"Comment": comment, "StartAt": "Sail", "States": {"Sail": sail, "Moor": end}}


GOOD, BAD = {"Type": "Succeed"}, {"Type": "Fail", "Error": "Aground"}


def release(lab: Lab, folder: Path, version: str, definition: dict[str, Any]) -> str:
    """Bundle and upload a release of the ferry; the deployment's id."""
    source = folder / version
    source.mkdir()
    (source / "release.yaml").write_text(MANIFEST % version)
    (source / "crossing.json").write_text(json.dumps(definition))
    bundle = make_bundle(source, folder / f"{version}.zip").read_bytes()
    return lab.upload(bundle, f"incoming/{KEY}/{next(lab.numbers)}.zip")


def routes(lab: Lab) -> dict[str, int]:
    """The versions that the alias leads to, with their weights."""
    found = lab.stepfunctions.describe_state_machine_alias(stateMachineAliasArn=ALIAS)["routingConfiguration"]
    return {one["stateMachineVersionArn"].rpartition(":")[2]: one["weight"] for one in found}


def definition(lab: Lab, version: str = "") -> dict[str, Any]:
    """The definition of a version, or of the state machine itself."""
    arn = f"{ARN}:{version}" if version else ARN
    return dict(json.loads(lab.stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"]))


def test_a_state_machine_is_released_judged_rolled_back_and_recovered(ferry: Lab, tmp_path: Path) -> None:
    """Its alias has two weights while its executions are compared; those that fail end the release."""
    first = ferry.ended(release(ferry, tmp_path, "1.0.0", crossing(GOOD)))
    assert first.phase is Phase.SUCCEEDED, first.reason
    assert routes(ferry) == {"2": 100}
    assert definition(ferry, "2")["States"]["Sail"]["Result"] == {"to": "North"}

    prefer(ferry, (50, 4))
    executions = Executions(ferry, ARN, "live")
    with executing(executions):
        second = release(ferry, tmp_path, "1.1.0", crossing(GOOD, "by night"))
        ferry.reaches(second, Phase.BAKING, 50)
        assert routes(ferry) == {"2": 50, "3": 50}
        assert ferry.ended(second).phase is Phase.SUCCEEDED, ferry.ledger.get(second).reason
    assert routes(ferry) == {"3": 100}
    assert executions.ended["2", "SUCCEEDED"] > 0
    assert executions.ended["3", "SUCCEEDED"] > 0

    prefer(ferry, (50, NEVER))
    with executing(executions):
        bad = ferry.ended(release(ferry, tmp_path, "1.2.0", crossing(BAD)))
    assert (bad.phase, bad.trip and bad.trip.source) == (Phase.ROLLED_BACK, "judge"), bad.reason
    assert executions.ended["4", "FAILED"] > 0
    evaluations = ferry.ledger.evaluations(bad.deployment_id)
    assert evaluations[-1].verdict == "unhealthy"
    assert [(one.component, one.metric) for one in evaluations[-1].comparisons] == [("crossing", "errors")]
    assert routes(ferry) == {"3": 100}
    assert definition(ferry) == definition(ferry, "3")  # Also whoever starts executions without the alias is back.

    machines = ferry.stepfunctions
    routing = [{"stateMachineVersionArn": f"{ARN}:1", "weight": 100}]
    machines.update_state_machine_alias(stateMachineAliasArn=ALIAS, routingConfiguration=routing)
    machines.delete_state_machine_version(stateMachineVersionArn=f"{ARN}:2")
    code, document, said = ferry.command("restore", second)
    assert (code, document["restored"], document["trouble"]) == (0, True, []), said
    (version,) = routes(ferry)
    assert int(version) > 4
    assert definition(ferry, version)["States"]["Moor"] == GOOD
