"""The permissions for a Lambda function that is released behind an alias, for zips and images."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from selfright.cdk.components.component import allow
from selfright.cdk.names import Group


def warm_instances(instances: int | None) -> dict[str, int]:
    """The key of the environment's document; empty if no number of instances was given."""
    return {} if instances is None else {"provisioned_concurrency": instances}


def released_function(released: lambda_.IFunction, *, warm: bool) -> dict[Group, Sequence[iam.PolicyStatement]]:
    """The permissions of the controller's functions; `warm`: they also manage provisioned concurrency.

    Statements for reading and deleting name the function besides its versions, because AWS may check either of them.
    """
    function, versions = [released.function_arn], [f"{released.function_arn}:*"]
    read_access = allow(["lambda:GetAlias", "lambda:GetFunctionConfiguration"], function + versions)
    export = allow(["lambda:GetFunction"], function + versions)  # with its code, for the restore point
    change = ["UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion"]
    shift = allow(["lambda:GetAlias", "lambda:UpdateAlias"], function + versions)
    call = allow(["lambda:InvokeFunction"], versions)  # staged versions, and the alias: has a change arrived?
    config = "lambda:{}ProvisionedConcurrencyConfig"
    give = [allow([config.format(verb) for verb in ("Get", "Put", "Delete") if warm or verb == "Get"], versions)]
    listing = allow(["lambda:ListProvisionedConcurrencyConfigs"], function)
    take = [listing, allow([config.format("Delete")], versions)] if warm else []
    delete = [
        read_access,
        allow(["lambda:ListVersionsByFunction", "lambda:ListAliases"], function),
        allow(["lambda:DeleteFunction"], function + versions),
        *take,
    ]
    return {
        Group.STAGE: [read_access, export, allow([f"lambda:{action}" for action in change], function), *give],
        Group.CHECK: [call, allow(["lambda:GetAlias"], function + versions)],
        Group.TRAFFIC: [shift],
        Group.ON_ALARM: [shift, read_access],  # an emergency rollback reads what is live, with the digest of its code
        Group.CLOSE: [*delete, call],
        Group.RECONCILE: delete,
    }
