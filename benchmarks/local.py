"""The local AWS of a benchmark: the real controller and SmartPack's resources, all-at-once releases without bake."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from controller.aws.environments import SsmEnvironments
from controller.domain.components.function.target import FunctionTarget
from controller.domain.components.site.target import SiteTarget
from controller.domain.environment import Environment
from selfright.layout import HOME
from selfright.local import emulator
from selfright.local.installation import LocalPreference, install
from selfright.local_state import CREDENTIALS, REGION, LocalAws

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

ENVIRONMENT = "smartpack/prod"
GROUPS = ("intake", "stage", "check", "traffic", "watch", "close", "on-alarm", "reconcile")
"""The controller's functions, as in `selfright-<group>`."""
AT_ONCE = LocalPreference(steps=(), final_bake="0s")
"""AllAtOnce without bake: only the work is measured."""


@dataclass
class Aws:
    """Clients for one local AWS, and the resources that are deployed there."""

    running: LocalAws

    @property
    def endpoint(self) -> str:
        """Its address."""
        return self.running.endpoint

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        made: S3Client = self.client("s3")
        return made

    @cached_property
    def functions(self) -> "LambdaClient":
        """Lambda."""
        made: LambdaClient = self.client("lambda")
        return made

    @cached_property
    def routing(self) -> "CloudFrontClient":
        """CloudFront."""
        made: CloudFrontClient = self.client("cloudfront")
        return made

    @cached_property
    def ssm(self) -> "SSMClient":
        """Parameters."""
        made: SSMClient = self.client("ssm")
        return made

    @cached_property
    def workflows(self) -> "SFNClient":
        """Step Functions."""
        made: SFNClient = self.client("stepfunctions")
        return made

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """The ledger."""
        made: DynamoDBClient = self.client("dynamodb")
        return made

    @cached_property
    def controller(self) -> dict[str, str]:
        """The controller's resources, as it registers them."""
        return dict(json.loads(self.parameter("/selfright/controller")))

    @cached_property
    def environment(self) -> Environment:
        """The environment to which releases are deployed."""
        return SsmEnvironments(self.ssm).get(*ENVIRONMENT.split("/"))

    @property
    def api(self) -> FunctionTarget:
        """The environment's function."""
        target = self.environment.components["api"]
        assert isinstance(target, FunctionTarget)  # noqa: S101 - SmartPack's stack says so
        return target

    @property
    def site(self) -> SiteTarget:
        """The environment's site."""
        target = self.environment.components["site"]
        assert isinstance(target, SiteTarget)  # noqa: S101 - SmartPack's stack says so
        return target

    def parameter(self, name: str) -> str:
        """A parameter's value."""
        return self.ssm.get_parameter(Name=name)["Parameter"]["Value"]

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type
        """A client of this local AWS."""
        config = Config(max_pool_connections=16, retries={"mode": "standard", "total_max_attempts": 2})
        key, secret = CREDENTIALS.values()
        session = boto3.Session(key, secret, region_name=REGION)
        return session.client(service, endpoint_url=self.endpoint, config=config)  # type: ignore[call-overload]

    def wait_for_function(self, name: str) -> None:
        """Wait until Lambda has finished an update of the function."""
        while self.functions.get_function_configuration(FunctionName=name).get("LastUpdateStatus") == "InProgress":
            time.sleep(0.02)


@contextmanager
def local_aws(preference: LocalPreference = AT_ONCE) -> Iterator[Aws]:
    """A separate local AWS with everything deployed, for the time of a `with` block; nothing of it is left behind."""
    folder = HOME / f"bench-local-{os.getpid()}"
    try:
        yield Aws(install(lambda _: None, folder=folder, attached=True, preference=preference))
    finally:
        emulator.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
