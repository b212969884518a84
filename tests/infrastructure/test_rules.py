"""The rules of other tools: cdk-nag, cfn-lint, CDK's own validation."""

import json
from pathlib import Path

import pytest
from aws_cdk import Stack, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint_file

from bootstrap_cdk.app import new_app
from tests.infrastructure.templates import Synthesized

STACKS = ("SelfrightController", "SmartPack", "SmartPack-staging")
WRITTEN_BY_CDK = {
    "W3005": "CDK lets a function wait for its role although it also names the role",
    "W3694": "CDK writes Fn::Join where a person would write Fn::Sub",
}

RESOURCES_FIT_ACTIONS = "I3510"
"""Whether a policy's resources fit its actions; cfn-lint checks that only on demand."""


def test_nothing_is_found_by_cdk_nag_and_cdk(synthesized: Synthesized) -> None:
    """Every finding is either corrected or accepted with a reason where it is made."""
    assert synthesized.findings() == []


def test_cdk_nag_really_checks(tmp_path: Path) -> None:
    """A bucket without any care is found, so no finding above means that there is none."""
    app = new_app(tmp_path)
    s3.Bucket(Stack(app, "Careless"), "Bucket")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    assert "AwsSolutions-S10" in (tmp_path / "validation-report.json").read_text()


def test_no_construct_complains(synthesized: Synthesized) -> None:
    """CDK's constructs have no warnings about how they are used."""
    assert synthesized.annotations() == []


@pytest.mark.slow
@pytest.mark.parametrize("stack", STACKS)
def test_cfn_lint_finds_nothing(synthesized: Synthesized, stack: str, tmp_path: Path) -> None:
    """The templates are valid CloudFormation; the state machines as they are after the substitution."""
    file = _substituted(synthesized.path(stack), tmp_path)
    arguments = ManualArgs(ignore_checks=list(WRITTEN_BY_CDK), include_checks=[RESOURCES_FIT_ACTIONS])
    assert [str(match) for match in lint_file(file, arguments)] == []


def _substituted(template: Path, folder: Path) -> Path:
    """A copy in which `${Partition}` is what CloudFormation makes of it; the linter does not substitute by itself."""
    document = json.loads(template.read_text())
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            definition = resource["Properties"]["DefinitionString"]
            resource["Properties"]["DefinitionString"] = definition.replace("${Partition}", "aws")
    file = folder / template.name
    file.write_text(json.dumps(document))
    return file
