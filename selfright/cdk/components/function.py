"""Lambda functions that are released behind an alias: as a zip, or as a container image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from aws_cdk import Aws
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from selfright.cdk.components.component import Privileges, allow
from selfright.cdk.names import Group

if TYPE_CHECKING:  # CDK's modules take long to import, and most applications have no images
    from aws_cdk import aws_ecr as ecr


@dataclass(frozen=True)
class FunctionComponent:
    """A Lambda function that is served through an alias. `url` is where visitors reach it.

    `api` is the HTTP API in front of it: its configuration becomes a part of every restore point.
    `log_group` is the name of the group where it logs, if that is not `/aws/lambda/<its name>`.
    With `provisioned_concurrency`, every version that visitors get has so many warm instances: give the alias
    itself none.
    """

    function: lambda_.IFunction
    alias: str = "live"
    url: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    api: apigateway.IHttpApi | None = None
    log_group: str | None = None
    provisioned_concurrency: int | None = None

    def declaration(self) -> dict[str, Any]:
        """As `FunctionTarget` reads it."""
        return {
            "kind": "function",
            "function_name": self.function.function_name,
            "alias": self.alias,
            "url": self.url,
            "variables": dict(self.variables),
            **({"api_id": self.api.api_id} if self.api else {}),
            **({"log_group": self.log_group} if self.log_group else {}),
            **_warm(self.provisioned_concurrency),
        }

    def privileges(self) -> Privileges:
        """Those on the function; reading its API where the restore point is recorded."""
        released = _released(self.function, warm=self.provisioned_concurrency is not None)
        if self.api is None:
            return released
        api = f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}::/apis/{self.api.api_id}"
        return {**released, Group.STAGE: [*released[Group.STAGE], allow(["apigateway:GET"], [api, f"{api}/*"])]}


@dataclass(frozen=True)
class ImageComponent:
    """A Lambda function whose code is a container image; releases push theirs to `repository`.

    The function must be made with some image (`DockerImageCode.from_ecr` of the same repository, which also lets Lambda
    read it), and run on `platform`. Tags of the repository may be immutable.
    """

    function: lambda_.IFunction
    repository: "ecr.IRepository"
    alias: str = "live"
    url: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    platform: Literal["linux/amd64", "linux/arm64"] = "linux/amd64"
    log_group: str | None = None
    provisioned_concurrency: int | None = None

    def declaration(self) -> dict[str, Any]:
        """As `ImageTarget` reads it."""
        return {
            "kind": "image",
            "function_name": self.function.function_name,
            "alias": self.alias,
            "repository": self.repository.repository_name,
            "url": self.url,
            "variables": dict(self.variables),
            **({"log_group": self.log_group} if self.log_group else {}),
            "platform": self.platform,
            **_warm(self.provisioned_concurrency),
        }

    def privileges(self) -> Privileges:
        """Those on the function; pushing where it is staged, and taking images away where releases end."""
        read_access = ["DescribeRepositories", "BatchGetImage", "BatchCheckLayerAvailability"]
        push = ["InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"]
        released = _released(self.function, warm=self.provisioned_concurrency is not None)
        return {
            **released,
            Group.STAGE: [*released[Group.STAGE], self._allow(*read_access, *push)],
            Group.CLOSE: [*released[Group.CLOSE], self._allow("ListImages", "BatchDeleteImage")],
        }

    def _allow(self, *actions: str) -> iam.PolicyStatement:
        return allow([f"ecr:{action}" for action in actions], [self.repository.repository_arn])


def _warm(instances: int | None) -> dict[str, int]:
    return {} if instances is None else {"provisioned_concurrency": instances}


def _released(released: lambda_.IFunction, *, warm: bool) -> dict[Group, Sequence[iam.PolicyStatement]]:
    """Reading and deleting name the function besides its versions: there, AWS decides by the one or the other.

    `warm`: its versions get and lose provisioned concurrency.
    """
    function, versions = [released.function_arn], [f"{released.function_arn}:*"]
    read_access = allow(["lambda:GetAlias", "lambda:GetFunctionConfiguration"], function + versions)
    export = allow(["lambda:GetFunction"], function + versions)  # with its code, for the restore point
    change = ["UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion"]
    shift = allow(["lambda:GetAlias", "lambda:UpdateAlias"], function + versions)
    config = "lambda:{}ProvisionedConcurrencyConfig"
    give = [allow([config.format(verb) for verb in ("Get", "Put", "Delete")], versions)] if warm else []
    listing = allow(["lambda:ListProvisionedConcurrencyConfigs"], function)
    take = [listing, allow([config.format("Delete")], versions)] if warm else []
    return {
        Group.STAGE: [read_access, export, allow([f"lambda:{action}" for action in change], function), *give],
        Group.CHECK: [allow(["lambda:InvokeFunction"], versions)],
        Group.TRAFFIC: [shift],
        Group.ON_ALARM: [shift, read_access],  # a person's emergency looks what is live, which names the version's code
        Group.CLOSE: [
            read_access,
            allow(["lambda:ListVersionsByFunction", "lambda:ListAliases"], function),
            allow(["lambda:DeleteFunction"], function + versions),
            *take,
        ],
    }
