"""What an application declares about its components: where each one runs, and what the controller may do with it.

Each kind is one class: `declaration` is its part of the environment's JSON, `privileges` says which of the
controller's functions gets which statements. Nothing else knows a kind.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from aws_cdk import Aws
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bootstrap_cdk.exceptions import accept_wildcards
from bootstrap_cdk.names import Group
from bootstrap_cdk.settings import SettingsError

if TYPE_CHECKING:  # CDK's modules take long to import, and most applications have neither
    from aws_cdk import aws_ecr as ecr
    from aws_cdk import aws_rds as rds

Privileges = Mapping[Group, Sequence[iam.PolicyStatement]]


class Component(Protocol):
    """One deployable part of an application."""

    def declaration(self) -> dict[str, Any]:
        """Its entry in the environment's JSON."""

    def privileges(self) -> Privileges:
        """What each group of the controller's functions may do with it."""


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
        look = ["DescribeRepositories", "BatchGetImage", "BatchCheckLayerAvailability"]
        push = ["InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"]
        released = _released(self.function, warm=self.provisioned_concurrency is not None)
        return {
            **released,
            Group.STAGE: [*released[Group.STAGE], self._allow(*look, *push)],
            Group.CLOSE: [*released[Group.CLOSE], self._allow("ListImages", "BatchDeleteImage")],
        }

    def _allow(self, *actions: str) -> iam.PolicyStatement:
        return allow([f"ecr:{action}" for action in actions], [self.repository.repository_arn])


@dataclass(frozen=True)
class SiteComponent:
    """A bucket behind CloudFront, whose routing function chooses the revision. `url` is where visitors reach it.

    The configuration of `distribution` becomes a part of every restore point.
    """

    bucket: s3.IBucket
    routing_function: cloudfront.IFunction
    url: str | None = None
    fallback: str = "/index.html"
    distribution: cloudfront.IDistribution | None = None

    def declaration(self) -> dict[str, Any]:
        """As `SiteTarget` reads it."""
        return {
            "kind": "site",
            "bucket": self.bucket.bucket_name,
            "routing_function": self.routing_function.function_name,
            "url": self.url,
            "fallback": self.fallback,
            **({"distribution_id": self.distribution.distribution_id} if self.distribution else {}),
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
            Group.STAGE: [listing, look, allow(["s3:GetObject", "s3:PutObject"], objects), *self._export()],
            Group.CHECK: [listing, allow(["s3:GetObject"], objects)],
            Group.TRAFFIC: shift,
            Group.ON_ALARM: shift,
            Group.CLOSE: [listing, look, allow(["s3:GetObject", "s3:DeleteObject"], objects)],
        }

    def _export(self) -> list[iam.PolicyStatement]:
        if self.distribution is None:
            return []
        arn = f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:distribution/{self.distribution.distribution_id}"
        return [allow(["cloudfront:GetDistribution", "cloudfront:GetDistributionConfig"], [arn])]


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


@dataclass(frozen=True)
class DatabaseComponent:
    """A database of which a snapshot is taken before every deployment that may change anything.

    Name an RDS `instance` or an Aurora `cluster`. No release changes it, and no rollback restores it.
    """

    instance: "rds.IDatabaseInstance | None" = None
    cluster: "rds.IDatabaseCluster | None" = None
    snapshot: Literal["always", "when_changed"] = "when_changed"
    keep_snapshots: int = 5
    wait_minutes: int = 60

    def __post_init__(self) -> None:
        """Say what is wrong before a release finds out."""
        if (self.instance is None) == (self.cluster is None):
            raise SettingsError("a database is either an `instance` or a `cluster`")

    def declaration(self) -> dict[str, Any]:
        """As `DatabaseTarget` reads it."""
        return {
            "kind": "database",
            ("instance" if self.instance else "cluster"): self._identifier,
            "snapshot": self.snapshot,
            "keep_snapshots": self.keep_snapshots,
            "wait_minutes": self.wait_minutes,
        }

    def privileges(self) -> Privileges:
        """Snapshots of this database under names of ours: made by one function, deleted by another, restored by none.

        A listing is asked for all snapshots of the account (AWS knows no narrower one), and tells only names and times.
        """
        kind = "DB" if self.instance else "DBCluster"
        database = self._arn("db" if self.instance else "cluster", self._identifier)
        snapshots = "snapshot" if self.instance else "cluster-snapshot"
        ours = self._arn(snapshots, f"selfright-{self._identifier}-*")
        look = allow([f"rds:Describe{kind}Snapshots"], [database, self._arn(snapshots, "*")])
        describe = [allow([f"rds:Describe{kind}{'s' if self.cluster else 'Instances'}"], [database])]
        if self.cluster:  # which class its instances are of
            describe.append(allow(["rds:DescribeDBInstances"], [self._arn("db", "*")]))
        return {
            Group.STAGE: [
                *describe,
                look,
                allow([f"rds:Create{kind}Snapshot"], [database, ours]),
                allow(["rds:AddTagsToResource"], [ours]),
            ],
            Group.CLOSE: [look, allow([f"rds:Delete{kind}Snapshot"], [ours])],
        }

    @property
    def _identifier(self) -> str:
        if self.instance:
            return self.instance.instance_identifier
        return self.cluster.cluster_identifier if self.cluster else ""

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:{Aws.PARTITION}:rds:{Aws.REGION}:{Aws.ACCOUNT_ID}:{kind}:{name}"


@dataclass(frozen=True)
class StackComponent:
    """A CloudFormation stack that changes with the application: releases carry its template.

    There is nothing to create but `role`, with which CloudFormation makes the changes: what it may do is what a release
    may do. `allow_replacement` and `allow_deletion` name the stateful resources of the template (by logical id, or `*`)
    that a release may replace or delete.
    """

    stack_name: str
    role: iam.IRole
    parameters: Mapping[str, str] = field(default_factory=dict)
    capabilities: Sequence[str] = ()
    allow_replacement: Sequence[str] = ()
    allow_deletion: Sequence[str] = ()
    timeout_minutes: int = 60

    def declaration(self) -> dict[str, Any]:
        """As `StackTarget` reads it."""
        return {
            "kind": "stack",
            "stack_name": self.stack_name,
            "role_arn": self.role.role_arn,
            "capabilities": list(self.capabilities),
            "parameters": dict(self.parameters),
            "allow_replacement": list(self.allow_replacement),
            "allow_deletion": list(self.allow_deletion),
            "timeout_minutes": self.timeout_minutes,
        }

    def privileges(self) -> Privileges:
        """Whoever stages changes the stack, whoever restores puts it back; both may hand over this one role only."""
        look = ["DescribeStacks", "GetTemplate"]
        change = ["CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DescribeStackEvents"]
        undo = ["CancelUpdateStack", "DeleteStack", "ListStackResources"]
        through = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
        hand_over = iam.PolicyStatement(actions=["iam:PassRole"], resources=[self.role.role_arn], conditions=through)
        return {
            Group.STAGE: [self._allow(*look, *change), hand_over],
            Group.CHECK: [self._allow(*look)],
            Group.TRAFFIC: [self._allow(*look, *change, *undo), hand_over],
            Group.ON_ALARM: [self._allow(*look)],  # a person's emergency looks what is live
            Group.CLOSE: [self._allow(*look)],
        }

    def _allow(self, *actions: str) -> iam.PolicyStatement:
        arn = f"arn:{Aws.PARTITION}:cloudformation:{Aws.REGION}:{Aws.ACCOUNT_ID}:stack/{self.stack_name}/*"
        return allow([f"cloudformation:{action}" for action in actions], [arn])


def _warm(instances: int | None) -> dict[str, int]:
    return {} if instances is None else {"provisioned_concurrency": instances}


def _released(released: lambda_.IFunction, *, warm: bool) -> dict[Group, Sequence[iam.PolicyStatement]]:
    """Reading and deleting name the function besides its versions: there, AWS decides by the one or the other.

    `warm`: its versions get and lose provisioned concurrency.
    """
    function, versions = [released.function_arn], [f"{released.function_arn}:*"]
    aliases = ["lambda:GetAlias", "lambda:ListAliases"]
    look = allow([*aliases, "lambda:GetFunctionConfiguration"], function + versions)
    export = allow(["lambda:GetFunction"], function + versions)  # with its code, for the restore point
    change = ["UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion"]
    shift = allow([*aliases, "lambda:UpdateAlias"], function + versions)
    config = "lambda:{}ProvisionedConcurrencyConfig"
    give = [allow([config.format(verb) for verb in ("Get", "Put", "Delete")], versions)] if warm else []
    listing = allow(["lambda:ListProvisionedConcurrencyConfigs"], function)
    take = [listing, allow([config.format("Delete")], versions)] if warm else []
    return {
        Group.STAGE: [look, export, allow([f"lambda:{action}" for action in change], function), *give],
        Group.CHECK: [allow(["lambda:InvokeFunction"], versions)],
        Group.TRAFFIC: [shift],
        Group.ON_ALARM: [shift, look],  # a person's emergency looks what is live, which names the version's code
        Group.CLOSE: [
            look,
            allow(["lambda:ListVersionsByFunction"], function),
            allow(["lambda:DeleteFunction"], function + versions),
            *take,
        ],
    }


def allow(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    """A statement that allows these actions on these resources."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))
