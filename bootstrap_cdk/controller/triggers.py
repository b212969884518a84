"""The events that start the controller: uploads, alarms, executions that fail, and a schedule."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from bootstrap_cdk.controller.artifacts import INCOMING
from bootstrap_cdk.controller.functions import Functions
from bootstrap_cdk.controller.state_machines import StateMachines
from selfright.cdk.exceptions import accept
from selfright.cdk.names import UNDELIVERED, Group

RECONCILE_EVERY = Duration.minutes(5)


class Triggers(Construct):
    """The rules, and the queue (`.undelivered`) that keeps what did not arrive, of all rules, topics and functions.

    A rule that cannot reach its target puts the event there at once, so its failures need no alarms of their own.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, bucket: s3.Bucket, functions: Functions, machines: StateMachines
    ) -> None:
        super().__init__(scope, construct_id)
        queue = self.undelivered = self._queue()
        _allow_topics(queue)
        self._let_topics_call(functions[Group.ON_ALARM])
        functions.catch_failures(Group.ON_ALARM, queue)
        functions.catch_failures(Group.RECONCILE, queue)
        to_deploy = targets.SfnStateMachine(
            machines.deploy,
            input=events.RuleTargetInput.from_event_path("$.detail"),
            dead_letter_queue=queue,
        )
        to_on_alarm = targets.LambdaFunction(functions[Group.ON_ALARM], dead_letter_queue=queue)
        to_reconcile = targets.LambdaFunction(functions[Group.RECONCILE], dead_letter_queue=queue)
        self._on("Upload", _uploads(bucket), to_deploy)
        self._on("Alarm", _alarms(), to_on_alarm)
        self._on("ExecutionEnd", _bad_ends(machines), to_reconcile)
        events.Rule(
            self,
            "Schedule",
            description="Finds deployments whose execution has ended; status events are best effort",
            schedule=events.Schedule.rate(RECONCILE_EVERY),
            targets=[to_reconcile],
        )

    def _on(self, name: str, pattern: events.EventPattern, target: events.IRuleTarget) -> None:
        events.Rule(self, name, event_pattern=pattern, targets=[target])

    def _let_topics_call(self, on_alarm: lambda_.Function) -> None:
        """Let the topics of the applications' alarms call `on_alarm`.

        The permission is part of the function: in an application's stack it would end when the controller is made
        anew, and that stack would have nothing to change. And a function has room for those of some sixty topics.
        """
        lambda_.CfnPermission(
            self,
            "TopicsMayCall",
            action="lambda:InvokeFunction",
            function_name=on_alarm.function_name,
            principal="sns.amazonaws.com",
            source_arn=_topics(),
        )

    def _queue(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "Undelivered",
            queue_name=UNDELIVERED,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        accept(queue, "This is a dead-letter queue itself.", "AwsSolutions-SQS3")
        return queue


def _uploads(bucket: s3.Bucket) -> events.EventPattern:
    return events.EventPattern(
        source=["aws.s3"],
        detail_type=["Object Created"],
        detail={"bucket": {"name": [bucket.bucket_name]}, "object": {"key": [{"prefix": INCOMING}]}},
    )


def _alarms() -> events.EventPattern:
    """Every alarm of the account and region: `on_alarm` looks up which of them guard a deployment."""
    return events.EventPattern(
        source=["aws.cloudwatch"],
        detail_type=["CloudWatch Alarm State Change"],
        detail={"state": {"value": ["ALARM"]}},
    )


def _bad_ends(machines: StateMachines) -> events.EventPattern:
    return events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [machines.deploy.state_machine_arn, machines.rollback.state_machine_arn],
        },
    )


def _allow_topics(queue: sqs.Queue) -> None:
    """Let the topics of the applications' alarms put here what they could not deliver to `on_alarm`."""
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("sns.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnLike": {"aws:SourceArn": _topics()}},
        )
    )


def _topics() -> str:
    """The ARNs of this account's topics: applications name theirs as they like."""
    return f"arn:{Aws.PARTITION}:sns:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"
