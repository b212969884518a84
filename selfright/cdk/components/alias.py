"""What every Lambda function that is released behind an alias needs, be it a zip or an image."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from selfright.cdk.components.component import allow
from selfright.cdk.names import Group


def warm_instances(instances: int | None) -> dict[str, int]:
    """The key of the environment's document, if so many instances were asked for."""
    return {} if instances is None else {"provisioned_concurrency": instances}


def released_function(released: lambda_.IFunction, *, warm: bool) -> dict[Group, Sequence[iam.PolicyStatement]]:
    """What the controller's functions may do with it; `warm`: its versions get and lose provisioned concurrency.

    Reading and deleting name the function besides its versions: there, AWS decides by the one or the other.
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
