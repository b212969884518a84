"""What an application declares about its components: where each one runs, and what the controller may do with it.

Each kind is one class: `declaration` is its part of the environment's JSON, `privileges` says which of the
controller's functions gets which statements. Nothing else knows a kind.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from aws_cdk import Aws
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bootstrap_cdk.exceptions import accept_wildcards
from bootstrap_cdk.names import Group
from bootstrap_cdk.settings import SettingsError

Privileges = Mapping[Group, Sequence[iam.PolicyStatement]]


class Component(Protocol):
    """One deployable part of an application."""

    def declaration(self) -> dict[str, Any]:
        """Its entry in the environment's JSON."""

    def privileges(self) -> Privileges:
        """What each group of the controller's functions may do with it."""


@dataclass(frozen=True)
class FunctionComponent:
    """A Lambda function that is served through an alias. `url` is where visitors reach it."""

    function: lambda_.IFunction
    alias: str = "live"
    url: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def declaration(self) -> dict[str, Any]:
        """As `FunctionTarget` reads it."""
        return {
            "kind": "function",
            "function_name": self.function.function_name,
            "alias": self.alias,
            "url": self.url,
            "variables": dict(self.variables),
        }

    def privileges(self) -> Privileges:
        """Those on the function."""
        return _released(self.function)


@dataclass(frozen=True)
class ImageComponent:
    """A Lambda function whose code is a container image; releases push theirs to `repository`.

    The function must be made with some image (`DockerImageCode.from_ecr` of the same repository, which also lets Lambda
    read it), and run on `platform`. Tags of the repository may be immutable.
    """

    function: lambda_.IFunction
    repository: ecr.IRepository
    alias: str = "live"
    url: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    platform: Literal["linux/amd64", "linux/arm64"] = "linux/amd64"

    def declaration(self) -> dict[str, Any]:
        """As `ImageTarget` reads it."""
        return {
            "kind": "image",
            "function_name": self.function.function_name,
            "alias": self.alias,
            "repository": self.repository.repository_name,
            "url": self.url,
            "variables": dict(self.variables),
            "platform": self.platform,
        }

    def privileges(self) -> Privileges:
        """Those on the function; pushing where it is staged, and taking images away where releases end."""
        look = ["DescribeRepositories", "BatchGetImage", "BatchCheckLayerAvailability"]
        push = ["InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"]
        released = _released(self.function)
        return {
            **released,
            Group.STAGE: [*released[Group.STAGE], self._allow(*look, *push)],
            Group.CLOSE: [*released[Group.CLOSE], self._allow("ListImages", "BatchDeleteImage")],
        }

    def _allow(self, *actions: str) -> iam.PolicyStatement:
        return allow([f"ecr:{action}" for action in actions], [self.repository.repository_arn])


@dataclass(frozen=True)
class SiteComponent:
    """A bucket behind CloudFront, whose routing function chooses the revision. `url` is where visitors reach it."""

    bucket: s3.IBucket
    routing_function: cloudfront.IFunction
    url: str | None = None
    fallback: str = "/index.html"

    def declaration(self) -> dict[str, Any]:
        """As `SiteTarget` reads it."""
        return {
            "kind": "site",
            "bucket": self.bucket.bucket_name,
            "routing_function": self.routing_function.function_name,
            "url": self.url,
            "fallback": self.fallback,
        }

    def privileges(self) -> Privileges:
        """The whole bucket, because a bundle says which of its paths are shared between revisions."""
        objects = [self.bucket.arn_for_objects("*")]
        listing = allow(["s3:ListBucket"], [self.bucket.bucket_arn])
        routing = [self.routing_function.function_arn]
        look = allow(["cloudfront:GetFunction"], routing)
        shift = [
            allow(["cloudfront:GetFunction", "cloudfront:UpdateFunction", "cloudfront:PublishFunction"], routing),
            allow(["s3:GetObject"], [self.bucket.arn_for_objects("revisions/*")]),  # an index says what is shared
        ]
        return {
            Group.STAGE: [listing, look, allow(["s3:GetObject", "s3:PutObject"], objects)],
            Group.CHECK: [listing, allow(["s3:GetObject"], objects)],
            Group.TRAFFIC: shift,
            Group.ON_ALARM: shift,
            Group.CLOSE: [listing, look, allow(["s3:GetObject", "s3:DeleteObject"], objects)],
        }


@dataclass(frozen=True)
class ParametersComponent:
    """SSM parameters below `prefix` (`/shop/prod/settings`), which must be the application's own.

    There is nothing to create: the first release does that. `readable_by` lets a function of the application read them.
    """

    prefix: str

    def __post_init__(self) -> None:
        """Say what is wrong before a release finds out; below /selfright are the environments themselves."""
        if not re.fullmatch(r"(/[A-Za-z0-9_.-]+){1,8}", self.prefix):
            raise SettingsError(f"'{self.prefix}' is no prefix for parameters: use a path like /shop/prod/settings")
        if self.prefix.lower().startswith(("/aws", "/ssm")) or self.prefix.split("/")[1].lower() == "selfright":
            raise SettingsError(f"'{self.prefix}' is not the application's own: use a path like /shop/prod/settings")

    def declaration(self) -> dict[str, Any]:
        """As `ParametersTarget` reads it."""
        return {"kind": "parameters", "prefix": self.prefix}

    def privileges(self) -> Privileges:
        """The pointer is moved by those who move traffic, revisions are only created by one and deleted by another."""
        pointer, revisions = [self._arn("current")], [self._arn("revisions/*")]
        shift = allow(["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:PutParameter"], pointer)
        look = allow(["ssm:GetParameter"], pointer)
        return {
            Group.STAGE: [
                look,
                allow(["ssm:GetParameter", "ssm:GetParametersByPath", "ssm:PutParameter"], revisions),
            ],
            Group.CHECK: [allow(["ssm:GetParametersByPath"], revisions)],
            Group.TRAFFIC: [shift],
            Group.ON_ALARM: [shift],
            Group.CLOSE: [
                look,
                allow(["ssm:GetParametersByPath"], [self._arn("revisions"), *revisions]),
                allow(["ssm:DeleteParameters"], revisions),
            ],
        }

    def readable_by(self, function: iam.IGrantable) -> None:
        """Let a function of the application read the pointer and every revision."""
        reader, revisions = function.grant_principal, self._arn("revisions/*")
        reader.add_to_principal_policy(allow(["ssm:GetParameter"], [self._arn("current")]))
        reader.add_to_principal_policy(allow(["ssm:GetParameter", "ssm:GetParametersByPath"], [revisions]))
        if isinstance(reader, Construct):
            accept_wildcards(reader, "The revisions of one prefix: they come and go with releases.", [revisions])

    def _arn(self, path: str) -> str:
        return f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:parameter{self.prefix}/{path}"


def _released(released: lambda_.IFunction) -> dict[Group, Sequence[iam.PolicyStatement]]:
    """Reading and deleting name the function besides its versions: there, AWS decides by the one or the other."""
    function, versions = [released.function_arn], [f"{released.function_arn}:*"]
    aliases = ["lambda:GetAlias", "lambda:ListAliases"]
    look = allow([*aliases, "lambda:GetFunctionConfiguration"], function + versions)
    change = ["UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion"]
    shift = allow([*aliases, "lambda:UpdateAlias"], function + versions)
    return {
        Group.STAGE: [look, allow([f"lambda:{action}" for action in change], function)],
        Group.CHECK: [allow(["lambda:InvokeFunction"], versions)],
        Group.TRAFFIC: [shift],
        Group.ON_ALARM: [shift],
        Group.CLOSE: [
            look,
            allow(["lambda:ListVersionsByFunction"], function),
            allow(["lambda:DeleteFunction"], function + versions),
        ],
    }


def allow(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    """A statement that allows these actions on these resources."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))
