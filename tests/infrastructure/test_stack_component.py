"""An application with a stack that releases change: its environment's document, and the permissions."""

import re

import pytest
from aws_cdk import Stack, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks

from bootstrap_cdk.app import new_app
from controller.domain.components.stack.target import StackTarget
from controller.domain.environment import Environment
from selfright.cdk import DeploymentPreference, EncryptedTopic, StackComponent
from selfright.cdk import Environment as EnvironmentConstruct
from selfright.cdk.names import Group
from tests.infrastructure.templates import Synthesized, Template, as_list

NAME = "shop-prod-infra"
ARN = f"arn:<AWS::Partition>:cloudformation:<AWS::Region>:<AWS::AccountId>:stack/{NAME}/*"
READ_ACCESS = {"DescribeStacks", "GetTemplate"}
CHANGE = {"CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DescribeStackEvents"}
UNDO = {"CancelUpdateStack", "DeleteStack", "ListStackResources"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The shop's stack, checked by cdk-nag."""
    folder = tmp_path_factory.mktemp("shop")
    app = new_app(folder)
    stack = Stack(app, "Shop")
    role = iam.Role(stack, "Changes", assumed_by=iam.ServicePrincipal("cloudformation.amazonaws.com"))
    metric = cloudwatch.Metric(namespace="Shop", metric_name="Errors")
    alarm = cloudwatch.Alarm(stack, "Errors", metric=metric, threshold=1, evaluation_periods=1)
    infra = StackComponent(
        NAME, role, parameters={"Mode": "careful"}, capabilities=["CAPABILITY_IAM"], allow_deletion=["Jobs"]
    )
    EnvironmentConstruct(
        stack,
        "Environment",
        application="shop",
        environment="prod",
        components={"infra": infra},
        deployment_preference=DeploymentPreference(alarms=[alarm]),
        topic=EncryptedTopic(stack, "Alarms", display_name="shop").topic,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    return Synthesized(folder).template("Shop")


def test_the_controller_accepts_the_environment(shop: Template) -> None:
    """What CDK writes into SSM is what the controller's own model reads."""
    text = shop.registered()
    text = re.sub(r'"<Changes\w+\.Arn>"', '"arn:aws:iam::123456789012:role/Changes"', text)
    target = Environment.model_validate_json(text).components["infra"]
    assert target == StackTarget(
        kind="stack",
        stack_name=NAME,
        role_arn="arn:aws:iam::123456789012:role/Changes",
        parameters={"Mode": "careful"},
        capabilities=["CAPABILITY_IAM"],
        allow_deletion=["Jobs"],
    )


@pytest.mark.parametrize(
    ("group", "actions"),
    [
        (Group.STAGE, READ_ACCESS | CHANGE),
        (Group.CHECK, READ_ACCESS),
        (Group.TRAFFIC, READ_ACCESS | CHANGE | UNDO),
        (Group.ON_ALARM, READ_ACCESS),
        (Group.CLOSE, READ_ACCESS),
        *((group, set()) for group in (Group.INTAKE, Group.WATCH, Group.RECONCILE)),
    ],
)
def test_only_this_stack_is_changed_and_by_the_right_functions(shop: Template, group: Group, actions: set[str]) -> None:
    """The function that acts on alarms does not wait for a stack, so it may not change it."""
    granted = shop.allowed(f"{group.function_name}-<AWS::Region>")
    stacks = {action: arns for action, arns in granted.items() if action.startswith("cloudformation:")}
    assert stacks == {f"cloudformation:{action}": {ARN} for action in actions}


@pytest.mark.parametrize("capabilities", [["CAPABILITY_IAM"], ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]])
def test_macros_are_allowed_where_the_environment_allows_them(capabilities: list[str]) -> None:
    """Creating a change set also needs the permission on AWS's macros, for releases and rollbacks."""
    role = iam.Role.from_role_arn(Stack(), "Changes", "arn:aws:iam::123456789012:role/Changes")
    granted = StackComponent(NAME, role, capabilities=capabilities).privileges()
    asked = {
        group
        for group, statements in granted.items()
        for one in statements
        if one.actions == ["cloudformation:CreateChangeSet"] and one.resources[0].endswith(":aws:transform/*")
    }
    assert asked == ({Group.STAGE, Group.TRAFFIC} if "CAPABILITY_AUTO_EXPAND" in capabilities else set())


def test_one_role_may_be_handed_over_and_to_cloudformation_only(shop: Template) -> None:
    """By those who make change sets."""
    passing = [(name, one) for name, one in shop.policies() if "iam:PassRole" in as_list(one["Action"])]
    assert len(passing) == 2
    for _, statement in passing:
        assert shop.text(statement["Resource"]).startswith("<Changes")
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    roles = {
        name for group in (Group.STAGE, Group.TRAFFIC) for name in shop.allowed(f"{group.function_name}-<AWS::Region>")
    }
    assert "iam:PassRole" in roles
