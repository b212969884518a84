"""An application with parameters and secrets: its environment's document, and the permissions on them."""

import json
import re

import pytest
from aws_cdk import Stack, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint_file

from bootstrap_cdk.app import new_app
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.environment import Environment
from selfright.cdk import DeclarationError, DeploymentPreference, EncryptedTopic, ParametersComponent
from selfright.cdk import Environment as EnvironmentConstruct
from selfright.cdk.names import Group
from tests.infrastructure.templates import Synthesized, Template, as_list
from tests.infrastructure.test_rules import RESOURCES_FIT_ACTIONS, WRITTEN_BY_CDK

PREFIX = "/shop/prod/settings"
ROOT = f"arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter{PREFIX}"
MOVING = {name: {f"{ROOT}/current"} for name in ("ssm:GetParameter", "ssm:GetParameterHistory", "ssm:PutParameter")}
"""The actions of the functions that move traffic."""


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The shop's stack, checked by cdk-nag."""
    folder = tmp_path_factory.mktemp("shop")
    app = new_app(folder)
    stack = Stack(app, "Shop")
    key = kms.Key(stack, "Key", enable_key_rotation=True)
    made = secretsmanager.Secret(stack, "Config", encryption_key=key)
    known = secretsmanager.Secret.from_secret_name_v2(stack, "Known", "shop/prod/signing")
    secretsmanager.Secret(stack, "NotForReleases")
    settings = ParametersComponent(PREFIX)
    settings.readable_by(_function(stack, "App"))
    EnvironmentConstruct(
        stack,
        "Environment",
        application="shop",
        environment="prod",
        components={"settings": settings},
        deployment_preference=DeploymentPreference(alarms=[_alarm(stack)]),
        topic=EncryptedTopic(stack, "Alarms", display_name="shop").topic,
        secrets={"config": made, "signing": known},
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
    return Synthesized(folder)


def _function(stack: Stack, name: str) -> lambda_.Function:
    """A function of the application's own."""
    code = lambda_.Code.from_inline("def handler(event, context): ...")
    return lambda_.Function(stack, name, code=code, handler="index.handler", runtime=lambda_.Runtime.PYTHON_3_14)


def _alarm(stack: Stack) -> cloudwatch.Alarm:
    metric = cloudwatch.Metric(namespace="Shop", metric_name="Errors")
    return cloudwatch.Alarm(stack, "Errors", metric=metric, threshold=1, evaluation_periods=1)


@pytest.fixture(scope="module")
def shop(assembly: Synthesized) -> Template:
    """The shop's template."""
    return assembly.template("Shop")


def granted(shop: Template, group: Group) -> dict[str, set[str]]:
    """Action → resources that the shop gives to a group."""
    return shop.allowed(f"{group.function_name}-<AWS::Region>")


def secret(shop: Template, beginning: str) -> str:
    """The logical id of a secret, as the template refers to it."""
    (name,) = [one for one in shop.of_type("AWS::SecretsManager::Secret") if one.startswith(beginning)]
    return f"<{name}>"


def test_the_controller_accepts_the_environment(shop: Template) -> None:
    """What CDK writes into SSM is what the controller's own model reads."""
    text = re.sub(r"<(\w+)>", lambda match: match[1].lower(), shop.registered())
    environment = Environment.model_validate_json(text)
    assert environment.components["settings"] == ParametersTarget(kind="parameters", prefix=PREFIX)
    assert environment.secrets == {"config": secret(shop, "Config").strip("<>").lower(), "signing": "shop/prod/signing"}


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (
            Group.STAGE,
            {
                "ssm:GetParameter": {f"{ROOT}/current", f"{ROOT}/revisions/*"},
                "ssm:GetParametersByPath": {f"{ROOT}/revisions/*"},
                "ssm:PutParameter": {f"{ROOT}/revisions/*"},
            },
        ),
        (
            Group.CHECK,
            {"ssm:GetParameter": {f"{ROOT}/current"}, "ssm:GetParametersByPath": {f"{ROOT}/revisions/*"}},
        ),
        (Group.TRAFFIC, MOVING),
        (Group.ON_ALARM, {**MOVING, "ssm:GetParametersByPath": {f"{ROOT}/revisions/*"}}),
        *(
            (
                group,
                {
                    "ssm:GetParameter": {f"{ROOT}/current"},
                    "ssm:GetParametersByPath": {f"{ROOT}/revisions", f"{ROOT}/revisions/*"},
                    "ssm:DeleteParameters": {f"{ROOT}/revisions/*"},
                },
            )
            for group in (Group.CLOSE, Group.RECONCILE)
        ),
        *((group, {}) for group in (Group.INTAKE, Group.WATCH)),
    ],
)
def test_parameters_are_written_read_and_deleted_by_the_right_functions(
    shop: Template, group: Group, expected: dict[str, set[str]]
) -> None:
    """`stage` cannot move the pointer, `traffic` cannot change a revision, and `on_alarm` only reads them."""
    assert {action: found for action, found in granted(shop, group).items() if action.startswith("ssm:")} == expected


def test_only_the_function_that_begins_a_release_reads_exactly_its_secrets(shop: Template) -> None:
    """Not any other secret; the one known by name has the six characters that AWS adds left open."""
    by_group = {group: granted(shop, group).get("secretsmanager:GetSecretValue", set()) for group in Group}
    known = "arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:shop/prod/signing-??????"
    assert by_group.pop(Group.STAGE) == {secret(shop, "Config"), known}
    assert not any(by_group.values())


def test_a_secret_is_decrypted_through_secrets_manager_only(shop: Template) -> None:
    """Its key can decrypt nothing else."""
    statements = [one for _, one in shop.policies() if one["Action"] == "kms:Decrypt" and "Condition" in one]
    (statement,) = [one for one in statements if one["Condition"]["StringEquals"].keys() == {"kms:ViaService"}]
    (key,) = [name for name in shop.of_type("AWS::KMS::Key") if name.startswith("Key")]
    assert shop.text(statement["Resource"]) == f"<{key}.Arn>"
    assert granted(shop, Group.STAGE)["kms:Decrypt"] == {f"<{key}.Arn>"}


def test_the_application_may_read_its_parameters_and_nothing_more(shop: Template) -> None:
    """The pointer and the revisions."""
    (role,) = [name for name in shop.of_type("AWS::IAM::Role") if name.startswith("AppServiceRole")]
    allowed = shop.allowed(f"<{role}>")
    assert allowed == {
        "ssm:GetParameter": {f"{ROOT}/current", f"{ROOT}/revisions/*"},
        "ssm:GetParametersByPath": {f"{ROOT}/revisions/*"},
    }


def test_no_secret_has_its_value_in_the_template(shop: Template) -> None:
    """Neither the environment nor a policy refers to a value."""
    texts = [shop.registered(), json.dumps(shop.of_type("AWS::IAM::Policy"))]
    assert not [text for text in texts if "resolve:secretsmanager" in text or "SecretString" in text]


def test_the_rules_of_others_find_nothing_in_the_environment(assembly: Synthesized) -> None:
    """cdk-nag has findings about the careless application around it, but none about what the construct makes."""
    assert [found for found in assembly.findings() if "/Environment/" in found] == []


@pytest.mark.slow
def test_cfn_lint_finds_nothing(assembly: Synthesized) -> None:
    """The actions and the kinds of resources fit."""
    arguments = ManualArgs(ignore_checks=list(WRITTEN_BY_CDK), include_checks=[RESOURCES_FIT_ACTIONS])
    assert [str(match) for match in lint_file(assembly.path("Shop"), arguments)] == []


def test_no_action_is_a_wildcard(shop: Template) -> None:
    """All are written out, each for resources with names."""
    ours = [one for name, one in shop.policies() if name.startswith("Environment")]
    assert ours
    assert all("*" not in action for one in ours for action in as_list(one["Action"]))
    assert all(resource != "*" for one in ours for resource in as_list(one["Resource"]))


@pytest.mark.parametrize(
    "prefix", ["settings", "/shop/", "/", "/a b", "/selfright/shop", "/Selfright", "/aws/x", "/ssmx"]
)
def test_a_prefix_that_is_not_the_applications_own_is_refused(prefix: str) -> None:
    """/selfright has the environments: a release there could decide what Selfright may change."""
    with pytest.raises(DeclarationError, match="use a path like /shop/prod/settings"):
        ParametersComponent(prefix)
