"""The clients of AWS's services.

A client is made on first use and kept for the life of the process, because making one costs more than most calls. The
clients come from botocore itself: boto3's resources are not used here, so a cold Lambda does not import them. The
standard environment variables (`AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_PROFILE`) alone say where AWS is.
"""

import os
from contextlib import suppress
from datetime import datetime
from functools import cache, cached_property, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, Self, cast, overload

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.handlers import json_decode_template_body
from botocore.utils import parse_timestamp

from controller.aws.client.recent import Recent
from controller.errors import AwsError

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.credentials import Credentials, ReadOnlyCredentials
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

    from controller.domain.environment import Environment

CONNECT_SECONDS = 3
READ_SECONDS = 10
INVOKE_SECONDS = 35
"""A test waits a little longer for the function that it invokes than an HTTP API would (30 s)."""
HOOK_SECONDS = 240
TOKEN_SECONDS = 3
LAYER_SECONDS = 60
"""One request to ECR carries a part of an image's layer, up to 20 MiB."""
CONNECTIONS = 20
ATTEMPTS = 4
KEPT = 64
"""Clients with the credentials of roles that are kept, four for each of the environments whose clients are."""
_MAKING = Lock()
"""Held while a client is made: neither botocore's sessions nor `cache` allow several threads at once."""


@overload
def client(service: Literal["cloudformation"]) -> "CloudFormationClient": ...


@overload
def client(service: Literal["cloudfront"]) -> "CloudFrontClient": ...
@overload
def client(service: Literal["cloudwatch"]) -> "CloudWatchClient": ...
@overload
def client(service: Literal["events"]) -> "EventBridgeClient": ...
@overload
def client(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def client(service: Literal["lambda"]) -> "LambdaClient": ...
@overload
def client(service: Literal["logs"]) -> "CloudWatchLogsClient": ...
@overload
def client(service: Literal["s3"]) -> "S3Client": ...
@overload
def client(service: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
@overload
def client(service: Literal["sns"]) -> "SNSClient": ...
@overload
def client(service: Literal["ssm"]) -> "SSMClient": ...
@overload
def client(service: Literal["sts"]) -> "STSClient": ...
@overload
def client(service: Literal["stepfunctions"]) -> "SFNClient": ...
@overload
def client(service: Literal["iam", "service-quotas"]) -> Any: ...  # noqa: ANN401 - no stubs of them are installed
def client(service: str) -> object:
    """The process's one client of a service. It is botocore's, so it has the calls of boto3."""
    return _client(service)


def client_in(service: str, region: str) -> "BaseClient":
    """A client for another region than the process's own, such as us-east-1 for CloudFront's certificates."""
    with _MAKING:
        return _made(service, READ_SECONDS, ATTEMPTS, region)


class Clients:
    """The clients that the components use, each made when it is first needed. Tests pass their own.

    All have the same rights: those of `credentials` (default: the process's own). Only `artifacts` and `tokens` always
    have the process's own, because no application's role may write what is the controller's.
    """

    def __init__(self, credentials: "Credentials | None" = None) -> None:
        self.credentials = credentials
        self.recent = Recent()
        """What was just read with these clients, and with paced copies of them."""

    def of(self, environment: "Environment") -> Self:  # noqa: ARG002 - the same for all
        """The clients with which to work for an environment: these."""
        return self

    def keys(self) -> "ReadOnlyCredentials":
        """The keys to sign a request with; raises `AwsError` when there are none."""
        found = self.credentials or _session().get_credentials()
        if found is None:
            raise AwsError("There are no credentials. Sign in to AWS first.", code="NoCredentials")
        return found.get_frozen_credentials()

    def _client(self, service: str, read_seconds: int = READ_SECONDS, attempts: int = ATTEMPTS) -> Any:  # noqa: ANN401
        return _client(service, read_seconds, attempts, self.credentials)

    @cached_property
    def functions(self) -> "LambdaClient":
        """AWS Lambda."""
        return cast("LambdaClient", self._client("lambda"))

    @cached_property
    def invoker(self) -> "LambdaClient":
        """AWS Lambda for invocations: with a long timeout, and one attempt, because a retry would invoke twice."""
        return cast("LambdaClient", self._client("lambda", INVOKE_SECONDS, attempts=1))

    @cached_property
    def hook_invoker(self) -> "LambdaClient":
        """AWS Lambda for hooks, which may take minutes; the controller's own function may run for five."""
        return cast("LambdaClient", self._client("lambda", HOOK_SECONDS, attempts=1))

    def task_invoker(self, seconds: int) -> "LambdaClient":
        """AWS Lambda for a task that is waited for so long; one attempt, because a retry would run it twice."""
        return cast("LambdaClient", self._client("lambda", seconds, attempts=1))

    @cached_property
    def objects(self) -> "S3Client":
        """Amazon S3."""
        return cast("S3Client", self._client("s3"))

    @cached_property
    def artifacts(self) -> "S3Client":
        """Amazon S3 for the controller's own bucket."""
        return client("s3") if self.credentials else self.objects

    @cached_property
    def tokens(self) -> "STSClient":
        """AWS STS, with a short timeout: credentials that still hold serve until it answers again."""
        return cast("STSClient", _client("sts", TOKEN_SECONDS, attempts=2))

    @cached_property
    def secrets(self) -> "SecretsManagerClient":
        """AWS Secrets Manager."""
        return cast("SecretsManagerClient", self._client("secretsmanager"))

    @cached_property
    def routing(self) -> "CloudFrontClient":
        """Amazon CloudFront."""
        return cast("CloudFrontClient", self._client("cloudfront"))

    @cached_property
    def parameters(self) -> "SSMClient":
        """AWS Systems Manager's Parameter Store."""
        return cast("SSMClient", self._client("ssm"))

    @cached_property
    def pointers(self) -> "SSMClient":
        """Parameter Store for the pointer, whose writes have no condition: none may still come after its time is up."""
        return cast("SSMClient", self._client("ssm", attempts=1))

    @cached_property
    def gateway(self) -> "ApiGatewayV2Client":
        """Amazon API Gateway's HTTP APIs."""
        return cast("ApiGatewayV2Client", self._client("apigatewayv2"))

    @cached_property
    def rest_gateway(self) -> Any:  # noqa: ANN401 - no stubs of it are installed
        """Amazon API Gateway's REST APIs."""
        return self._client("apigateway")

    @cached_property
    def schedules(self) -> Any:  # noqa: ANN401 - no stubs of it are installed
        """Amazon EventBridge Scheduler."""
        return self._client("scheduler")

    @cached_property
    def events(self) -> "EventBridgeClient":
        """Amazon EventBridge, for the rules of applications."""
        return cast("EventBridgeClient", self._client("events"))

    @cached_property
    def pipes(self) -> Any:  # noqa: ANN401 - no stubs of it are installed
        """Amazon EventBridge Pipes."""
        return self._client("pipes")

    @cached_property
    def machines(self) -> "SFNClient":
        """AWS Step Functions, for the state machines of applications."""
        return cast("SFNClient", self._client("stepfunctions"))

    @cached_property
    def machine_aliases(self) -> "SFNClient":
        """Step Functions for aliases, whose writes have no condition: none may still come after its time is up."""
        return cast("SFNClient", self._client("stepfunctions", attempts=1))

    @cached_property
    def databases(self) -> "RDSClient":
        """Amazon RDS."""
        return cast("RDSClient", self._client("rds"))

    @cached_property
    def stacks(self) -> "CloudFormationClient":
        """AWS CloudFormation; it returns a template as its text, not as JSON that botocore has parsed."""
        return reading_text(self._client("cloudformation"))

    @cached_property
    def registry(self) -> "ECRClient":
        """Amazon ECR, with a timeout that suffices to upload a part of a layer."""
        return cast("ECRClient", self._client("ecr", LAYER_SECONDS))


def reading_text(stacks: "CloudFormationClient") -> "CloudFormationClient":
    """The same client, which now leaves templates as text: botocore would parse those that are JSON."""
    stacks.meta.events.unregister("after-call.cloudformation.GetTemplate", json_decode_template_body)
    return stacks


class _Session(botocore.session.Session):
    """A session in which each client may have credentials of its own; all share what is slow to load."""

    chosen: "Credentials | None" = None

    def get_credentials(self) -> "Credentials | None":
        """The credentials for the client that is being made."""
        return self.chosen or super().get_credentials()


@cache
def _session() -> _Session:
    made = _Session()
    made.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_time)
    return made


def parse_time(value: "str | float | datetime") -> datetime:
    """A time in an answer. Most are like `2026-11-30T16:42:12.000Z`, and a listing has a thousand of them on each page.

    Over one such time botocore takes three times as long as over all the rest of its entry.
    """
    if isinstance(value, str) and value[10:11] == "T" and value.endswith("Z"):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    read: datetime = parse_timestamp(cast("str", value))  # it takes numbers as well
    return read


def _client(
    service: str, read_seconds: int = READ_SECONDS, attempts: int = ATTEMPTS, credentials: "Credentials | None" = None
) -> "BaseClient":
    with _MAKING:
        if credentials is None:
            return _made(service, read_seconds, attempts)
        return _made_for_role(service, read_seconds, attempts, credentials)


@cache
def _made(service: str, read_seconds: int, attempts: int, region: str | None = None) -> "BaseClient":
    return _new(service, read_seconds, attempts, region)


@lru_cache(KEPT)
def _made_for_role(service: str, read_seconds: int, attempts: int, credentials: "Credentials") -> "BaseClient":
    session = _session()
    session.chosen = credentials
    try:
        return _new(service, read_seconds, attempts)
    finally:
        session.chosen = None


def _new(service: str, read_seconds: int, attempts: int, region: str | None = None) -> "BaseClient":
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
        # Our own digests verify what is read and written: another checksum would only cost time.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    # botocore reads AWS_DEFAULT_REGION only; every other SDK reads AWS_REGION.
    region = region or os.environ.get("AWS_REGION") or None
    try:
        return _session().create_client(service, region_name=region, config=config)
    except ValueError as error:
        if isinstance(error, BotoCoreError):
            raise
        raise AwsError(f"No client of {service} can be made: {error}.", code="InvalidEndpoint") from error
