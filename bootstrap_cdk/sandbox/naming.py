"""The sandbox's names: all begin with one prefix, so that whatever a run leaves behind can be found."""

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

PREFIX = "selfright-prove"
"""The application's name, the stack's name, and the beginning of every other name; `selfright.proving` has it too."""
ENVIRONMENT = "sandbox"
GLOBAL = f"{PREFIX}-{Aws.REGION}"
"""The beginning of names that are the same in all regions: roles, CloudFront functions."""
RUNTIME = lambda_.Runtime("python3.13", lambda_.RuntimeFamily.PYTHON, supports_inline_code=True)


def function_role(scope: Construct, name: str) -> tuple[iam.Role, logs.LogGroup]:
    """A role that may only write the function's log, and that log, which goes with the stack."""
    log = logs.LogGroup(
        scope,
        "Log",
        log_group_name=f"/aws/lambda/{name}",
        retention=logs.RetentionDays.ONE_DAY,
        removal_policy=RemovalPolicy.DESTROY,
    )
    role = iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log.grant_write(role)
    return role, log
