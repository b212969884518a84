"""SmartPack's configuration: CORS, settings, secrets, variables."""

import pytest

from bootstrap_cdk.settings import SettingsError, SmartPackSettings
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.environment import Environment
from tests.infrastructure.templates import Template
from tests.infrastructure.test_smartpack import environment_of


@pytest.fixture(scope="module")
def environment(staging: Template) -> Environment:
    """Staging's environment, as the controller reads it."""
    return environment_of(staging)


def _role(template: Template) -> str:
    """The role of the API's function, as the template's policies name it."""
    (name,) = [one for one in template.of_type("AWS::IAM::Role") if one.startswith("ApiReleasedRole")]
    return f"<{name}>"


def test_only_the_chosen_origin_may_call_the_api(smartpack: Template, staging: Template) -> None:
    """The HTTP API answers its preflights; without the setting, everybody may."""
    cors = staging.only("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["https://partner.example"]
    assert (cors["AllowMethods"], cors["AllowHeaders"]) == (["GET", "POST"], ["content-type"])
    assert "AllowCredentials" not in cors
    assert smartpack.only("AWS::ApiGatewayV2::Api")["CorsConfiguration"]["AllowOrigins"] == ["*"]


def test_the_function_has_the_variables_of_its_environment(environment: Environment) -> None:
    """The variables come from the environment: the places of settings and secret, and the allowed origin."""
    assert environment.components["api"].variables == {
        "SETTINGS_PREFIX": "/smartpack/staging/settings",
        "CONFIG_SECRET": "smartpack/staging/config",
        "CORS_ORIGIN": "https://partner.example",
        "GREETING": "hello",
    }


@pytest.mark.parametrize(
    "origin", ["partner.example", "https://partner.example/", "https://a.example,https://b.example"]
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    """API Gateway would refuse it in the middle of the deployment, or no browser would ever match it."""
    with pytest.raises(SettingsError, match="cors_origin"):
        SmartPackSettings(cors_origin=origin)


def test_settings_and_a_secret_belong_to_every_environment(environment: Environment, staging: Template) -> None:
    """Releases know them as `settings` and `config`."""
    secret = staging.only("AWS::SecretsManager::Secret")
    assert environment.components["settings"] == ParametersTarget(
        kind="parameters", prefix="/smartpack/staging/settings"
    )
    assert environment.secrets.keys() == {"config"}
    assert secret["Name"] == "smartpack/staging/config"


def test_the_secret_outlives_the_stack_and_has_no_value_in_the_template(smartpack: Template) -> None:
    """Secrets Manager generates the first key; keys that people add stay when the stack is deleted."""
    (secret,) = [
        one for one in smartpack.document["Resources"].values() if one["Type"] == "AWS::SecretsManager::Secret"
    ]
    assert secret["DeletionPolicy"] == "RetainExceptOnCreate"
    assert secret["Properties"]["GenerateSecretString"] == {
        "SecretStringTemplate": "{}", "GenerateStringKey": "SIGNING_KEY", "ExcludePunctuation": True,
    }  # fmt: skip
    assert "SecretString" not in secret["Properties"]


def test_the_secret_is_generated_alike_whatever_is_chosen(smartpack: Template, staging: Template) -> None:
    """A template that generates it differently would overwrite people's keys."""
    made = [one.only("AWS::SecretsManager::Secret")["GenerateSecretString"] for one in (smartpack, staging)]
    assert made[0] == made[1]


def test_the_api_reads_its_own_settings_and_secret_only(smartpack: Template) -> None:
    """By these names, and nothing else in SSM or Secrets Manager."""
    (secret,) = smartpack.of_type("AWS::SecretsManager::Secret")
    allowed = smartpack.allowed(_role(smartpack))
    root = "arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/smartpack/prod/settings"
    assert allowed["secretsmanager:GetSecretValue"] == {f"<{secret}>"}
    assert allowed["ssm:GetParameter"] == {f"{root}/current", f"{root}/revisions/*"}
    assert allowed["ssm:GetParametersByPath"] == {f"{root}/revisions/*"}
