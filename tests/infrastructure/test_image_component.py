"""An application with a container image: what its environment says, and what the controller may do with it."""

import json
from pathlib import Path

import pytest
from aws_cdk import Stack, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint_file

from bootstrap_cdk.app import new_app
from controller.domain.components.image.target import ImageTarget
from controller.domain.environment import Environment as Read
from selfright.cdk import DeploymentPreference, Environment, FunctionComponent, ImageComponent
from selfright.cdk.names import Group
from tests.infrastructure.templates import Synthesized, Template

FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:shop-ai"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A stack with an environment of one component, checked by cdk-nag."""
    folder = tmp_path_factory.mktemp("shop")
    app = new_app(folder)
    stack = Stack(app, "Shop")
    repository = ecr.Repository(stack, "Images", image_tag_mutability=ecr.TagMutability.IMMUTABLE)
    function = lambda_.Function.from_function_arn(stack, "Ai", FUNCTION)
    topic = sns.Topic(stack, "Alarms", enforce_ssl=True)
    errors = cloudwatch.Metric(namespace="AWS/Lambda", metric_name="Errors")
    alarm = cloudwatch.Alarm(stack, "Errors", metric=errors, threshold=1, evaluation_periods=1)
    component = ImageComponent(function, repository, variables={"AI_MODEL": "llama3"}, platform="linux/arm64")
    Environment(
        stack, "Environment", application="shop", environment="prod",
        components={"ai": component}, deployment_preference=DeploymentPreference(alarms=[alarm]), topic=topic,
    )  # fmt: skip
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    return Synthesized(folder)


@pytest.fixture(scope="module")
def template(shop: Synthesized) -> Template:
    """Its template."""
    return shop.template("Shop")


def test_the_controller_reads_what_is_declared(template: Template) -> None:
    """The construct and the controller agree about every key."""
    (repository,) = template.of_type("AWS::ECR::Repository")
    written = template.registered()
    assert f"<{repository}>" in written
    known = written.replace(f"<{repository}>", "shop/ai")
    target = Read.model_validate({**json.loads(known), "deployment_preference": {}}).components["ai"]
    assert target == ImageTarget(
        kind="image",
        function_name="shop-ai",
        repository="shop/ai",
        variables={"AI_MODEL": "llama3"},
        platform="linux/arm64",
    )


PUSH = {"InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"}
READ_ACCESS = {"DescribeRepositories", "BatchGetImage", "BatchCheckLayerAvailability"}


@pytest.mark.parametrize("group", list(Group))
def test_stage_pushes_and_close_deletes(template: Template, group: Group) -> None:
    """Exactly the actions that each of them calls, and only on this repository."""
    (repository,) = template.of_type("AWS::ECR::Repository")
    granted = template.allowed(f"{group.function_name}-<AWS::Region>")
    registry = {action[4:]: resources for action, resources in granted.items() if action.startswith("ecr:")}
    expected = {Group.STAGE: PUSH | READ_ACCESS, Group.CLOSE: {"ListImages", "BatchDeleteImage"}}
    assert set(registry) == expected.get(group, set())
    assert all(resources == {f"<{repository}.Arn>"} for resources in registry.values())


def test_the_function_is_released_like_any_other() -> None:
    """All that is on the function is what a component `function` has."""
    stack = Stack(new_app(), "Any")
    function = lambda_.Function.from_function_arn(stack, "Ai", FUNCTION)
    plain = FunctionComponent(function).privileges()
    image = ImageComponent(function, ecr.Repository(stack, "Images")).privileges()
    assert set(image) == set(plain)
    for group, statements in plain.items():
        both = [[one.to_json() for one in some] for some in (statements, image[group][: len(statements)])]
        assert both[0] == both[1]


def test_nothing_is_found(shop: Synthesized, tmp_path: Path) -> None:
    """By cdk-nag, by CDK's own validation, and by cfn-lint, which knows what actions a repository has."""
    assert shop.findings() == []
    file = tmp_path / "Shop.template.json"
    file.write_text(shop.path("Shop").read_text())
    arguments = ManualArgs(ignore_checks=["W3005", "W3694"], include_checks=["I3510"])
    assert [str(match) for match in lint_file(file, arguments)] == []
