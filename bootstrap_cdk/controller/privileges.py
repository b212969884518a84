"""What each group of handlers may do with the controller's own resources.

What they do in an application, they do with the deploy role that the application's `Environment` makes: so these roles
do not change, however many applications there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from bootstrap_cdk.controller import ledger
from bootstrap_cdk.controller.artifacts import INCOMING, RESTORE_POINTS, STAGING, Artifacts
from bootstrap_cdk.controller.ledger import Ledger
from bootstrap_cdk.controller.notifications import Notifications
from selfright.cdk.components.component import allow
from selfright.cdk.names import (
    DEPLOY_MACHINE,
    ROLLBACK_MACHINE,
    WORKING_FOR_ENVIRONMENTS,
    Group,
    deploy_roles_arn,
    executions_arn,
    machine_arn,
)

ALL_RESOURCES = {
    "cloudwatch:DescribeAlarms": "With a narrower scope, CloudWatch hides composite alarms: they would look deleted.",
    "cloudwatch:GetMetricData": "CloudWatch has no permission for single metrics.",
    "events:ListEventBuses": "EventBridge has no permission for a list of some event buses.",
    "events:ListRuleNamesByTarget": "EventBridge has no permission for the rules of one target.",
    "lambda:ListEventSourceMappings": "Lambda has no permission for the mappings of one function.",
    "pipes:ListPipes": "EventBridge Pipes has no permission for the pipes of one target.",
    "scheduler:ListSchedules": "EventBridge Scheduler has no permission for the schedules of one target.",
    "states:SendTaskSuccess": "Step Functions has no permission for single tasks: the token is the secret.",
    "states:SendTaskFailure": "Step Functions has no permission for single tasks: the token is the secret.",
    "xray:PutTraceSegments": "X-Ray has no permission for single traces.",
    "xray:PutTelemetryRecords": "X-Ray has no permission for single traces.",
}
"""The functions' actions that AWS defines only for all resources → the reason."""


@dataclass(frozen=True)
class Resources:
    """The controller's resources that the functions work with."""

    artifacts: Artifacts
    ledger: Ledger
    notifications: Notifications


def privileges(own: Resources) -> Mapping[Group, Sequence[iam.PolicyStatement]]:
    """The statements for each group."""
    bundles, staging = _objects(own, INCOMING), _objects(own, STAGING)
    read_bundles = [allow(["s3:GetObject", "s3:GetObjectVersion"], bundles), _answer_404(own)]
    stage = allow(["s3:GetObject", "s3:PutObject"], [*staging, *_objects(own, RESTORE_POINTS)])
    former = allow(["s3:GetObject", "s3:PutObject"], _objects(own, f"{RESTORE_POINTS}stacks/"))
    table = [own.ledger.table.table_arn]
    common = [allow([*ledger.READ, *ledger.WRITE], table), allow(["ssm:GetParameters"], [_parameters()])]
    end = [
        allow(ledger.DELETE, table),
        allow(["states:SendTaskSuccess"], ["*"]),  # releases the lock to a deployment that waits for it
        *own.notifications.publish,
    ]
    see_alarms = allow(["cloudwatch:DescribeAlarms"], ["*"])
    see_runs = allow(["states:DescribeExecution"], [executions_arn(DEPLOY_MACHINE), executions_arn(ROLLBACK_MACHINE)])
    stop = allow(["states:StopExecution"], [executions_arn(DEPLOY_MACHINE)])
    run_back = allow(["states:StartExecution"], [machine_arn(ROLLBACK_MACHINE)])
    kept = [allow(["s3:GetObject"], _objects(own, f"{RESTORE_POINTS}stacks/")), _answer_404(own)]
    own_rights = {
        Group.INTAKE: [*common, *read_bundles, *end],
        Group.STAGE: [*common, *read_bundles, stage, see_alarms, *end],
        Group.CHECK: [*common, allow(["states:SendTaskSuccess", "states:SendTaskFailure"], ["*"])],  # for the hooks
        Group.TRAFFIC: [*common, former],
        Group.WATCH: [
            *common,
            see_alarms,
            allow(["cloudwatch:GetMetricData"], ["*"]),
            allow(["states:SendTaskSuccess", "states:SendTaskFailure"], ["*"]),
            allow(["lambda:InvokeFunction"], [Group.ON_ALARM.function_arn]),  # the rehearsals
        ],
        Group.CLOSE: [*common, *end, see_alarms, see_runs, stop, *kept],
        Group.ON_ALARM: [
            *common,
            allow(ledger.LIST, table),  # which deployments the alarm guards
            allow(["states:SendTaskFailure"], ["*"]),
            *end,  # an emergency rollback of the live release takes the lock
            *kept,
            run_back,  # after a late alarm
        ],
        Group.RECONCILE: [
            *common,
            allow(ledger.LIST, [own.ledger.index(ledger.OPEN)]),
            *end,
            see_runs,
            stop,
            run_back,
            allow(["states:StartExecution"], [machine_arn(DEPLOY_MACHINE)]),
            allow(["s3:ListBucketVersions"], [own.artifacts.bucket.bucket_arn]),  # uploads whose events were lost
        ],
    }
    work = [allow(["sts:AssumeRole"], [deploy_roles_arn()])]
    return {
        group: [*statements, *(work if group in WORKING_FOR_ENVIRONMENTS else [])]
        for group, statements in own_rights.items()
    }


def _objects(own: Resources, prefix: str) -> list[str]:
    return [own.artifacts.bucket.arn_for_objects(f"{prefix}*")]


def _answer_404(own: Resources) -> iam.PolicyStatement:
    """Without `ListBucket`, S3 answers 403 instead of 404: a missing bundle would look like a missing permission."""
    return allow(["s3:ListBucket"], [own.artifacts.bucket.bucket_arn])


def _parameters() -> str:
    return f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:parameter/selfright/*"
