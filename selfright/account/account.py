"""The controller of an AWS account: where its ledger, bucket and workflows are.

Only the account and the region must be known (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL); everything else is in the SSM
parameter `/selfright/controller`, which the controller's own stack writes.
"""

import os
from collections.abc import MutableMapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients, client
from controller.aws.components.registry import AwsComponents
from controller.aws.environments import ROOT, SsmEnvironments, environment_keys
from controller.domain.environment import Environment
from controller.errors import NotFoundError, SelfrightError, UnknownEnvironmentError
from controller.ports.world import World
from controller.settings import Settings
from controller.wiring import aws_world
from selfright.account.ledger import Ledger
from selfright.errors import AdviceError
from selfright.layout import INSTALLED
from selfright.local_state import LocalState, in_use, tail

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

PARAMETER = f"{ROOT}/controller"

UP = (
    ": in a clone of Selfright's repository, run `./dev up`, and `./dev` instead of `selfright`."
    if INSTALLED
    else ": ./dev up"
)
"""How a local AWS is started, from here."""


class ControllerResources(BaseModel):
    """The controller's resources that the command line uses; the parameter may hold more."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    table: str
    bucket: str
    deploy_machine_arn: str = ""
    rollback_machine_arn: str
    log_groups: tuple[str, ...] = ()
    on_alarm_function_arn: str = ""
    reconcile_function_arn: str = ""
    notifications_topic_arn: str = ""


class Account:
    """One AWS account and region with a controller in it. Nothing is called before it is needed."""

    @cached_property
    def resources(self) -> ControllerResources:
        """The controller's resources; raises `AdviceError` when there is no controller."""
        try:
            with calling("ssm:GetParameter", PARAMETER):
                value = self.ssm.get_parameter(Name=PARAMETER)["Parameter"].get("Value", "")
        except NotFoundError as error:
            raise not_bootstrapped() from error
        try:
            return ControllerResources.model_validate_json(value)
        except ValidationError as error:
            places = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
            step = "Deploy the controller's stack of this version of Selfright again."
            raise AdviceError(
                f"The SSM parameter {PARAMETER} cannot be read; these keys are wrong or missing: {places}.", step
            ) from error

    @cached_property
    def ledger(self) -> Ledger:
        """The reader of the ledger."""
        return Ledger(self.resources.table, environments=self.environments)

    def environments(self) -> list[str]:
        """The keys (`application/environment`) of all registered environments, sorted."""
        with calling("ssm:GetParametersByPath", ROOT):
            pages = self.ssm.get_paginator("get_parameters_by_path").paginate(Path=ROOT, Recursive=True)
            names = [parameter["Name"] for page in pages for parameter in page["Parameters"]]
        return environment_keys(names)

    def environment(self, key: str) -> Environment:
        """The environment's configuration; raises `AdviceError` that lists the known ones when it is not registered."""
        application, _, name = key.partition("/")
        try:
            return SsmEnvironments(self.ssm).get(application, name)
        except UnknownEnvironmentError as error:
            known = ", ".join(self.environments())
            step = f"Registered are: {known}." if known else "None is: register it with the CDK construct Environment."
            raise AdviceError(f"No environment {key} is registered here.", step) from error

    def principal(self) -> str:
        """The caller's ARN; "" if AWS does not say."""
        try:
            with calling("sts:GetCallerIdentity", "the caller"):
                return str(client("sts").get_caller_identity()["Arn"])
        except SelfrightError:
            return ""

    @cached_property
    def world(self) -> World:
        """The controller's own ports, with this person's permissions. A plan only reads through them."""
        world = aws_world(Settings(table=self.resources.table, bucket=self.resources.bucket))
        world.components = AwsComponents(self.resources.bucket, self.clients)
        return world

    @cached_property
    def clients(self) -> Clients:
        """The clients that the components use."""
        return Clients()

    @cached_property
    def ssm(self) -> "SSMClient":
        """The client for SSM parameters."""
        return client("ssm")

    @cached_property
    def s3(self) -> "S3Client":
        """The client for the bucket of bundles."""
        return client("s3")

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """The functions' logs."""
        return client("logs")

    @cached_property
    def functions(self) -> "LambdaClient":
        """The client for the controller's functions; it calls once, with a long timeout."""
        return Clients().invoker

    @cached_property
    def quotas(self) -> Any:  # noqa: ANN401 - no stubs of it are installed
        """The client of Service Quotas."""
        return client("service-quotas")

    @cached_property
    def workflows(self) -> "SFNClient":
        """The state machines."""
        return client("stepfunctions")


def not_bootstrapped(state: LocalState | None = None) -> AdviceError:
    """That there is no controller, and what to do; `state` is that of the local AWS of this folder."""
    endpoint, region = os.environ.get("AWS_ENDPOINT_URL"), os.environ.get("AWS_REGION", "the default region")
    if endpoint:
        step = "Deploy it there first."
        if in_use(state):
            step = "If `./dev up` is still at work, it deploys one: wait until it has ended. Otherwise run it again."
        return AdviceError(f"There is no Selfright controller at {endpoint}.", step)
    step = "Check AWS_REGION and AWS_PROFILE. If they are right, deploy the controller: see the README."
    if (state or LocalState()).alive():
        step = "A local AWS is running: add --local to use it. Otherwise check AWS_REGION and AWS_PROFILE."
    return AdviceError(f"There is no Selfright controller in {region} of this account (no {PARAMETER} in SSM).", step)


def use_local(state: LocalState | None = None, variables: MutableMapping[str, str] = os.environ) -> None:
    """Make this process use the local AWS; an `AWS_ENDPOINT_URL` that is already set stays.

    Raises `AdviceError` if none is running, or if it has died.
    """
    if variables.get("AWS_ENDPOINT_URL"):
        return
    state = state or LocalState()
    running = state.read()
    if running is None:
        raise AdviceError("No local AWS is running.", f"Start it{UP}")
    if not state.alive():
        said = f"The end of {state.log}:\n{tail(state.log)}"
        raise AdviceError(f"The local AWS has died. {said}", f"Start it again{UP}")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        variables.pop(name, None)
    variables.update(running.variables())
