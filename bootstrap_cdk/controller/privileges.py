"""What each group of handlers may do with the controller's own resources.

What it may do with an application's resources is added by that application's `Environment`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from bootstrap_cdk.components import allow
from bootstrap_cdk.controller import ledger
from bootstrap_cdk.controller.artifacts import INCOMING, STAGING, Artifacts
from bootstrap_cdk.controller.ledger import Ledger
from bootstrap_cdk.controller.notices import Notices
from bootstrap_cdk.names import DEPLOY_MACHINE, ROLLBACK_MACHINE, Group, executions_arn, machine_arn

ALL_RESOURCES = {
    "cloudwatch:GetMetricData": "CloudWatch knows no permission for single metrics.",
    "xray:PutTraceSegments": "X-Ray knows no permission for single traces.",
    "xray:PutTelemetryRecords": "X-Ray knows no permission for single traces.",
}
"""The actions of the functions that AWS defines for all resources only, and why that is so."""


@dataclass(frozen=True)
class Resources:
    """The controller's resources that the functions work with."""

    artifacts: Artifacts
    ledger: Ledger
    notices: Notices


def privileges(own: Resources) -> Mapping[Group, Sequence[iam.PolicyStatement]]:
    """The statements for each group."""
    bucket = own.artifacts.bucket
    keep_books = allow([*ledger.READ, *ledger.WRITE], own.ledger.resources)
    incoming = bucket.arn_for_objects(f"{INCOMING}*")
    read_bundles = allow(["s3:GetObject", "s3:GetObjectVersion"], [incoming])
    # Without the listing, S3 answers 403 where it should say 404, and a missing bundle looks like a missing right.
    tell_missing = iam.PolicyStatement(
        actions=["s3:ListBucket"],
        resources=[bucket.bucket_arn],
        conditions={"StringLike": {"s3:prefix": [f"{INCOMING}*", f"{STAGING}*"]}},
    )
    stage = allow(["s3:GetObject", "s3:PutObject"], [bucket.arn_for_objects(f"{STAGING}*")])
    find_environment = allow(["ssm:GetParameter"], [_parameters()])
    deploy, rollback = machine_arn(DEPLOY_MACHINE), machine_arn(ROLLBACK_MACHINE)
    hand_on = allow(["states:SendTaskSuccess"], [deploy])
    fail_guard = allow(["states:SendTaskFailure"], [deploy])
    runs = [executions_arn(DEPLOY_MACHINE), executions_arn(ROLLBACK_MACHINE)]
    see_alarms = allow(["cloudwatch:DescribeAlarms"], [_alarms()])
    tell = own.notices.publish
    common = [keep_books, find_environment]
    return {
        Group.INTAKE: [*common, read_bundles, tell_missing, hand_on, *tell],
        Group.STAGE: [*common, read_bundles, tell_missing, stage, see_alarms, hand_on, *tell],
        Group.CHECK: [*common, read_bundles],
        Group.TRAFFIC: [*common],
        Group.WATCH: [
            *common, see_alarms, allow(["cloudwatch:GetMetricData"], ["*"]), hand_on, fail_guard,
        ],
        Group.CLOSE: [
            *common, read_bundles, hand_on, allow(["states:DescribeExecution", "states:StopExecution"], runs), *tell,
        ],
        Group.ON_ALARM: [*common, fail_guard],
        Group.RECONCILE: [
            *common, hand_on, allow(["states:DescribeExecution"], runs),
            allow(["states:StartExecution"], [rollback]), *tell,
        ],
    }  # fmt: skip


def _parameters() -> str:
    return f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:parameter/selfright/*"


def _alarms() -> str:
    return f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:*"
