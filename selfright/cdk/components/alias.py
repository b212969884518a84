"""The permissions for a Lambda function that is released behind an alias, for zips and images."""

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from selfright.cdk.components.component import allow, use_key
from selfright.cdk.names import Group

CALLERS = (
    *("events:ListEventBuses", "events:ListRuleNamesByTarget", "lambda:ListEventSourceMappings"),
    *("pipes:ListPipes", "scheduler:ListSchedules"),
)
"""The actions that find callers without the alias, which AWS defines only for all resources."""


def warm_instances(instances: int | None) -> dict[str, int]:
    """The key of the environment's document; empty if no number of instances was given."""
    return {} if instances is None else {"provisioned_concurrency": instances}


def released_function(released: lambda_.IFunction, *, warm: bool) -> dict[Group, Sequence[iam.PolicyStatement]]:
    """The permissions of the controller's functions; `warm`: they also manage provisioned concurrency.

    Statements for reading name the function besides its versions, because AWS may check either of them.
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
        allow(["lambda:DeleteFunction"], versions),  # on the function itself, it would delete all of it
        *take,
    ]
    return {
        Group.STAGE: [
            read_access,
            export,
            allow(["lambda:GetPolicy", "lambda:ListFunctionUrlConfigs"], function),  # who calls it without its alias
            allow(CALLERS, ["*"]),
            allow([f"lambda:{action}" for action in change], function),
            *_variables_key(released),
            *give,
        ],
        Group.CHECK: [call, allow(["lambda:GetAlias"], function + versions)],
        Group.TRAFFIC: [shift],
        Group.ON_ALARM: [shift, read_access],  # an emergency rollback reads what is live, with the digest of its code
        Group.CLOSE: [*delete, call],
        Group.RECONCILE: delete,
    }


def _variables_key(released: lambda_.IFunction) -> Sequence[iam.PolicyStatement]:
    """The use of the key that encrypts the function's variables, if the function is made here and has one of its own.

    Staging reads and replaces the variables; Lambda keeps a grant on the key for the function.
    """
    made = released.node.default_child
    key = made.kms_key_arn if isinstance(made, lambda_.CfnFunction) else None
    if key is None:
        return []
    grant = iam.PolicyStatement(
        actions=["kms:CreateGrant"],
        resources=[key],
        conditions={
            "Bool": {"kms:GrantIsForAWSResource": "true"},
            "StringEquals": {"kms:ViaService": f"lambda.{Aws.REGION}.amazonaws.com"},
        },
    )
    return [use_key(key, "lambda", "Decrypt", "Encrypt"), grant]
