"""SmartPack with its AI, warm instances and a database: everything that is optional."""

import re
from pathlib import Path

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint_file

from bootstrap_cdk.app import add_stacks, new_app
from bootstrap_cdk.settings import ControllerSettings, SettingsError, SmartPackSettings
from controller.domain.environment import Environment
from tests.infrastructure.templates import Synthesized, Template
from tests.infrastructure.test_rules import RESOURCES_FIT_ACTIONS, WRITTEN_BY_CDK

ALL = SmartPackSettings(
    ai=True,
    ai_image="first",
    ollama_host="ollama.internal:11434",
    ai_model="llama3.2",
    provisioned_concurrency=2,
    database_instance="smartpack-prod",
)
BEFORE_THE_FIRST_IMAGE = SmartPackSettings(environment="new", ai=True)


@pytest.fixture(scope="module")
def assembly(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Production with everything, and an environment whose repository is still empty."""
    folder = tmp_path_factory.mktemp("options")
    app = new_app(folder)
    add_stacks(app, ControllerSettings(package), [ALL, BEFORE_THE_FIRST_IMAGE])
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    return Synthesized(folder)


@pytest.fixture(scope="module")
def template(assembly: Synthesized) -> Template:
    """Production's."""
    return assembly.template("SmartPack")


@pytest.fixture(scope="module")
def environment(template: Template) -> Environment:
    """What the controller reads."""
    value = template.registered()
    known = re.sub(r"<\w+\.(ApiEndpoint|DomainName)>", "https://a1b2c3.example.com", value)
    known = known.replace("https://https://", "https://")
    return Environment.model_validate_json(re.sub(r"<(\w+)>", lambda match: match[1].lower(), known))


def test_the_ai_is_a_function_from_an_image_behind_its_alias(template: Template, environment: Environment) -> None:
    """Traced, with a log of its own; the repository keeps what functions run."""
    function = template.named("AWS::Lambda::Function", "FunctionName", "smartpack-prod-ai")
    (repository,) = [one for one in template.document["Resources"].values() if one["Type"] == "AWS::ECR::Repository"]
    assert (function["PackageType"], function["TracingConfig"]) == ("Image", {"Mode": "Active"})
    assert template.text(function["Code"]["ImageUri"]).endswith(":first")
    assert repository["DeletionPolicy"] == "RetainExceptOnCreate"
    assert repository["Properties"]["ImageTagMutability"] == "IMMUTABLE"
    assert environment.components["ai"].kind == "image"


def test_the_ai_has_the_address_of_its_model(environment: Environment) -> None:
    """By this environment, not by the bundle."""
    assert environment.components["ai"].variables == {
        "OLLAMA_HOST": "ollama.internal:11434",
        "AI_MODEL": "llama3.2",
    }


def test_visitors_reach_the_ai_by_its_own_path(template: Template) -> None:
    """At the HTTP API and through CloudFront, by the alias."""
    routes = {one["RouteKey"] for one in template.of_type("AWS::ApiGatewayV2::Route").values()}
    behaviours = template.front[1]["DistributionConfig"]["CacheBehaviors"]
    assert "POST /suggest" in routes
    assert "/suggest" in {one["PathPattern"] for one in behaviours}
    aliases = template.of_type("AWS::Lambda::Alias")
    called = {one["IntegrationUri"]["Ref"] for one in template.of_type("AWS::ApiGatewayV2::Integration").values()}
    assert called == set(aliases)


def test_errors_of_the_ai_guard_releases_too(template: Template, environment: Environment) -> None:
    """It answers without its model, so an error of it is a bug."""
    alarms = {name.lower(): one["AlarmName"] for name, one in template.of_type("AWS::CloudWatch::Alarm").items()}
    guards = {alarms[name] for name in environment.deployment_preference.alarms}
    assert guards >= {"smartpack-prod-api-errors", "smartpack-prod-ai-errors"}
    assert "smartpack-prod-ai-throttles" in alarms.values()


def test_instances_are_warm_and_the_database_is_saved_first(environment: Environment) -> None:
    """The environment's document has both settings."""
    assert environment.components["api"].provisioned_concurrency == 2
    assert environment.components["database"].kind == "database"


def test_before_the_first_image_there_is_only_the_repository(assembly: Synthesized) -> None:
    """Lambda makes no function without one; the output says where to push it."""
    template = assembly.template("SmartPack-new")
    assert template.of_type("AWS::ECR::Repository")
    assert [one["FunctionName"] for one in template.of_type("AWS::Lambda::Function").values()] == ["smartpack-new-api"]
    assert "AiRepositoryUri" in template.document["Outputs"]


def test_usually_there_is_no_ai(smartpack: Template) -> None:
    """No repository and no route of it."""
    assert not smartpack.of_type("AWS::ECR::Repository")
    assert not [one for one in smartpack.of_type("AWS::ApiGatewayV2::Route").values() if "suggest" in one["RouteKey"]]


@pytest.mark.parametrize("setting", ["ai_image", "ollama_host", "ai_model"])
def test_settings_of_the_ai_need_the_ai(setting: str) -> None:
    """Otherwise they would be ignored silently."""
    with pytest.raises(SettingsError, match="ai=true"):
        SmartPackSettings(**{setting: "x"})


@pytest.mark.slow
def test_the_rules_of_others_find_nothing(assembly: Synthesized) -> None:
    """cdk-nag, CDK itself and cfn-lint."""
    assert assembly.findings() == []
    assert assembly.annotations() == []
    arguments = ManualArgs(ignore_checks=list(WRITTEN_BY_CDK), include_checks=[RESOURCES_FIT_ACTIONS])
    for stack in ("SmartPack", "SmartPack-new"):
        assert [str(match) for match in lint_file(assembly.path(stack), arguments)] == []
