"""The managed policy for people who release."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from bootstrap_cdk.controller import ledger
from bootstrap_cdk.controller.artifacts import INCOMING
from bootstrap_cdk.controller.privileges import ALL_RESOURCES, Resources
from selfright.cdk.components.alias import CALLERS
from selfright.cdk.components.component import allow
from selfright.cdk.exceptions import accept, accept_wildcards
from selfright.cdk.names import ROLLBACK_MACHINE, Group, executions_arn, log_group_arn, machine_arn


class Releaser(Construct):
    """`SelfrightReleaser`: upload bundles, follow deployments, roll back. It can change no application directly."""

    def __init__(self, scope: Construct, construct_id: str, *, own: Resources) -> None:
        super().__init__(scope, construct_id)
        statements = _statements(own)
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            managed_policy_name=f"SelfrightReleaser-{Aws.REGION}",
            description="Upload release bundles, follow deployments and roll them back",
            statements=statements,
        )
        accept_wildcards(
            policy,
            "All bundles and all environments: narrow it down to incoming/APPLICATION/* for people of one team. What"
            " `selfright plan` reads belongs to applications that this stack does not know.",
            [arn for line in statements for arn in line.resources if arn != "*"],
        )
        accept(policy, ALL_RESOURCES["states:SendTaskSuccess"], "AwsSolutions-IAM5[Resource::*]")


def _statements(own: Resources) -> list[iam.PolicyStatement]:
    bundles = own.artifacts.bucket.arn_for_objects(f"{INCOMING}*")
    root = f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:parameter/selfright"
    return [
        allow(["s3:PutObject", "s3:AbortMultipartUpload", "s3:GetObject", "s3:GetObjectVersion"], [bundles]),
        allow([*ledger.READ, *ledger.LIST], [own.ledger.table.table_arn]),
        allow(ledger.LIST, [own.ledger.index(ledger.BY_ENVIRONMENT)]),
        allow(["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"], [root, f"{root}/*"]),
        allow(["states:StartExecution"], [machine_arn(ROLLBACK_MACHINE)]),
        allow(["states:DescribeExecution"], [executions_arn(ROLLBACK_MACHINE)]),
        allow(["states:SendTaskSuccess"], ["*"]),  # `selfright resume`
        allow(["logs:FilterLogEvents"], [log_group_arn(group.log_group) for group in Group]),  # `selfright logs`
        allow(["lambda:InvokeFunction"], [Group.ON_ALARM.function_arn]),  # `selfright rollback --emergency`
        *_planning(),
    ]


def _planning() -> list[iam.PolicyStatement]:
    """What `plan` and `backtest` read: no values of secrets, and of sites only the indexes."""
    here = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
    parameters = f"arn:{Aws.PARTITION}:ssm:{here}:parameter/*"
    apis = f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}::"
    return [
        allow(
            [
                *("lambda:GetAlias", "lambda:GetFunctionConfiguration", "lambda:GetProvisionedConcurrencyConfig"),
                *("lambda:GetPolicy", "lambda:ListFunctionUrlConfigs"),
            ],
            [f"arn:{Aws.PARTITION}:lambda:{here}:function:*"],
        ),
        allow(CALLERS, ["*"]),
        allow(["apigateway:GET"], [f"{apis}/apis/*/integrations", f"{apis}/restapis/*/stages/*/exports/oas30"]),
        allow(["cloudfront:GetFunction"], [f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:function/*"]),
        allow(["s3:GetObject"], [f"arn:{Aws.PARTITION}:s3:::*/revisions/*/.index.json"]),
        allow(["ssm:GetParameter"], [f"{parameters}/current"]),
        allow(["ssm:GetParametersByPath"], [f"{parameters}/revisions/*"]),
        allow(["ecr:BatchCheckLayerAvailability"], [f"arn:{Aws.PARTITION}:ecr:{here}:repository/*"]),
        allow(["secretsmanager:DescribeSecret"], [f"arn:{Aws.PARTITION}:secretsmanager:{here}:secret:*"]),
        allow(["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"], ["*"]),
        allow(
            ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"],
            [f"arn:{Aws.PARTITION}:cloudformation:{here}:stack/*"],
        ),
        allow(["cloudwatch:DescribeAlarmHistory"], [f"arn:{Aws.PARTITION}:cloudwatch:{here}:alarm:*"]),
    ]
