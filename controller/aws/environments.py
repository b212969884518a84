"""The registered environments: SSM parameters that the CDK construct `Environment` writes."""

from typing import TYPE_CHECKING

from pydantic import ValidationError

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.domain.environment import Environment
from controller.errors import InvalidEnvironmentError, NotFoundError, UnknownEnvironmentError
from controller.ports.components import Environments

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


class SsmEnvironments(Environments):
    """Implements `ports.Environments`."""

    def __init__(self, ssm: "SSMClient | None" = None) -> None:
        """`ssm` is the client to use (default: the process's own)."""
        self._ssm = ssm or client("ssm")

    def get(self, application: str, environment: str) -> Environment:
        """The configuration; raises `UnknownEnvironmentError`, `InvalidEnvironmentError`."""
        name = f"/selfright/{application}/{environment}"
        try:
            with calling("ssm:GetParameter", name):
                value = self._ssm.get_parameter(Name=name)["Parameter"].get("Value", "")
        except NotFoundError as error:
            msg = f"No environment {application}/{environment} is registered (SSM parameter {name})."
            raise UnknownEnvironmentError(msg) from error
        try:
            return Environment.model_validate_json(value)
        except ValidationError as error:
            places = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
            msg = f"The environment {application}/{environment} (SSM parameter {name}) is not valid: {places}"
            raise InvalidEnvironmentError(msg) from error
