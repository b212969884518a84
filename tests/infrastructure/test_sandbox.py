"""The sandbox of `selfright prove`: its template is that of its stack, and all that it makes can be found."""

import json

import pytest

from bootstrap_cdk.sandbox.__main__ import FILE, template
from bootstrap_cdk.sandbox.naming import ENVIRONMENT, PREFIX
from bootstrap_cdk.sandbox.site import FIRST_ANSWER
from selfright.cdk.names import CONTROLLER_STACK
from selfright.proving import names
from selfright.proving.facts.publication import CODE
from selfright.proving.names import IMAGE
from selfright.proving.remaking.acts import BUCKET
from selfright.proving.remaking.blueprint import CONTROLLER, Blueprint
from selfright.proving.remaking.obstacles import KEEPS as STAYING
from selfright.proving.remaking.obstacles import STAY
from selfright.proving.remaking.stored_code import named_in
from selfright.proving.sandbox.creating import template as shortened
from tests.infrastructure.templates import Template

CLOUDFORMATION_BYTES = 51_200
KEEPS = {"Retain", "RetainExceptOnCreate", "Snapshot"}
NAMED = {
    "AWS::Lambda::Function": "FunctionName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::CloudFront::Function": "Name",
    "AWS::ApiGatewayV2::Api": "Name",
}


@pytest.fixture(scope="module")
def sandbox() -> Template:
    """The template as it stands in the file."""
    return Template(json.loads(FILE.read_text()))


def test_the_file_is_what_the_stack_makes() -> None:
    """If not: `.selfright/venv/bin/python -m bootstrap_cdk.sandbox` writes it again."""
    assert FILE.read_text() == template()


def test_it_needs_no_bucket_and_fits_into_one_call() -> None:
    """CloudFormation takes a larger template only from a bucket, and the sandbox may need none."""
    assert len(shortened()) < CLOUDFORMATION_BYTES
    assert "cdk-hnb659fds" not in shortened()


def test_both_sides_call_it_the_same() -> None:
    """The stack and the command know each other by name only."""
    assert (PREFIX, ENVIRONMENT) == (names.APPLICATION, names.ENVIRONMENT)
    assert CONTROLLER == CONTROLLER_STACK
    assert CODE.replace("TEXT", "publication 0") == FIRST_ANSWER


@pytest.mark.parametrize(("kind", "key"), NAMED.items())
def test_every_name_begins_with_the_prefix(sandbox: Template, kind: str, key: str) -> None:
    """So a run that was killed leaves nothing that could be taken for somebody else's."""
    found = [sandbox.text(one[key]) for one in sandbox.of_type(kind).values()]
    assert found
    assert [name for name in found if not name.startswith(PREFIX)] == []


def test_a_controller_can_be_made_anew_from_its_template(controller: Template) -> None:
    """It has no parameter that is a secret; ledger and bucket stay, and an output names the new bucket."""
    document = controller.document
    assert not [one for one in document.get("Parameters", {}).values() if one.get("NoEcho")]
    assert BUCKET in document["Outputs"]
    for kind in STAY:
        found = [one for one in document["Resources"].values() if one["Type"] == kind]
        assert found
        assert {one["DeletionPolicy"] for one in found} <= STAYING


def test_the_code_of_the_controllers_functions_can_be_looked_for_before_it_is_made_anew(controller: Template) -> None:
    """Every file that its template names has a name that can be told; all functions have the same one."""
    stack = f"arn:aws:cloudformation:eu-west-1:111122223333:stack/{CONTROLLER}/1"
    (code,) = named_in(Blueprint(json.dumps(controller.document), {}), stack)
    assert code.bucket.endswith("-111122223333-eu-west-1")
    assert code.key.endswith(".zip")
    assert {one["Code"]["S3Key"] for one in controller.of_type("AWS::Lambda::Function").values()} == {code.key}


def test_nothing_outlives_the_stack(sandbox: Template) -> None:
    """A version goes with its function; everything else is deleted by CloudFormation."""
    kept = [
        one["Type"]
        for one in sandbox.document["Resources"].values()
        if KEEPS & {one.get("DeletionPolicy"), one.get("UpdateReplacePolicy")} and one["Type"] != "AWS::Lambda::Version"
    ]
    assert kept == []


def test_no_key_is_made(sandbox: Template) -> None:
    """A key of KMS would cost money, and be there for a week after its deletion."""
    assert sandbox.of_type("AWS::KMS::Key") == {}


def test_the_role_that_facts_assume_may_only_touch_what_facts_are_tried_on(sandbox: Template) -> None:
    """Whoever could assume it could do nothing to the application, nor to any other."""
    (name,) = [name for name in sandbox.of_type("AWS::IAM::Role") if name.startswith("SubjectsCaller")]
    allowed = sandbox.allowed(f"<{name}>")
    on_subject = {"lambda:GetAlias", "lambda:GetFunctionConfiguration", "lambda:DeleteFunction"}
    on_image = {"lambda:UpdateFunctionCode", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
    assert set(allowed) == on_subject | on_image
    assert all("SubjectsSubjectFunction" in one for action in on_subject for one in allowed[action])
    assert all(one.endswith(IMAGE) for action in on_image for one in allowed[action])
