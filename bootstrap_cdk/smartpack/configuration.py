"""SmartPack's configuration: settings that releases bring, and a secret that no release contains."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.exceptions import accept
from selfright.cdk import ParametersComponent

GENERATED_KEY = "SIGNING_KEY"
"""The only key of the secret that Secrets Manager generates, so that a first release finds it."""


class Configuration(Construct):
    """The parameters' prefix and the secret `smartpack/<environment>/config`.

    People add more keys to the secret (`aws secretsmanager put-secret-value`), so it outlives the stack. No later
    template may change how its value is generated: that would overwrite their keys.
    """

    def __init__(self, scope: Construct, construct_id: str, settings: SmartPackSettings) -> None:
        super().__init__(scope, construct_id)
        self.settings = ParametersComponent(f"/smartpack/{settings.environment}/settings")
        self._secret_name = f"smartpack/{settings.environment}/config"
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            secret_name=self._secret_name,
            description="SmartPack's keys: a JSON object; releases say which of its keys they need",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106 - an empty one
                generate_string_key=GENERATED_KEY,
                exclude_punctuation=True,
            ),
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        accept(
            self.secret,
            "Its keys belong to other services, so no function of ours can rotate them; a person does.",
            "AwsSolutions-SMG4",
        )

    def readable_by(self, function: lambda_.IFunction) -> None:
        """Let a function of SmartPack read both."""
        self.settings.readable_by(function)
        self.secret.grant_read(function)

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables by which a function finds both."""
        return {"SETTINGS_PREFIX": self.settings.prefix, "CONFIG_SECRET": self._secret_name}
