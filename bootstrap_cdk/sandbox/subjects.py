"""What facts about Lambda, IAM, CloudWatch, SNS and DynamoDB are tried on."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from bootstrap_cdk.sandbox.naming import GLOBAL, PREFIX, RUNTIME, function_role
from bootstrap_cdk.sandbox.prober import CODE

MOVED, COUNTED = "live", "counted"
"""Two aliases of one function: facts move the first one, and count the calls through the other."""
NAMESPACE = "SelfrightProve"
METRIC = "Bad"
BY_OWNER = "by_owner"


class ProbedFunction(Construct):
    """A function of the sandbox whose code asks, answers, or fails, as its event says."""

    def __init__(self, scope: Construct, construct_id: str, name: str, *, seconds: int = 15) -> None:
        super().__init__(scope, construct_id)
        role, log = function_role(self, name)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description="Facts are tried on it, or from it",
            code=lambda_.Code.from_inline(CODE),
            handler="index.handler",
            runtime=RUNTIME,
            memory_size=256,
            timeout=Duration.seconds(seconds),
            role=role,
            log_group=log,
        )


class Subjects(Construct):
    """All of them; none of them costs anything while it is not used."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.prober = ProbedFunction(self, "Prober", f"{PREFIX}-prober").function
        self.subject = ProbedFunction(self, "Subject", f"{PREFIX}-subject").function
        version = lambda_.Version(self, "First", lambda_=self.subject, removal_policy=RemovalPolicy.RETAIN)
        lambda_.Alias(self, "Moved", alias_name=MOVED, version=version)
        self.counted = lambda_.Alias(self, "Counted", alias_name=COUNTED, version=version)
        self.topic = sns.Topic(self, "Topic", topic_name=f"{PREFIX}-alarms")
        self.messages = sqs.Queue(self, "Messages", queue_name=f"{PREFIX}-messages")
        self.topic.add_subscription(subscriptions.SqsSubscription(self.messages, raw_message_delivery=True))
        self._alarm("OwnMetric", cloudwatch.Metric(namespace=NAMESPACE, metric_name=METRIC))
        self._alarm("Errors", self.subject.metric_errors())
        self.table = self._table()
        self._caller()

    def _alarm(self, name: str, metric: cloudwatch.Metric) -> None:
        """An alarm that fires at the first datum above 0, as soon as CloudWatch evaluates it."""
        alarm = metric.with_(period=Duration.minutes(1), statistic="Sum").create_alarm(
            self,
            name,
            alarm_name=f"{PREFIX}-{name.lower()}",
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))

    def _table(self) -> dynamodb.Table:
        text = dynamodb.AttributeType.STRING
        table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=RemovalPolicy.DESTROY,
        )
        table.add_global_secondary_index(
            index_name=BY_OWNER,
            partition_key=dynamodb.Attribute(name="owner", type=text),
            sort_key=dynamodb.Attribute(name="at", type=text),
        )
        return table

    def _caller(self) -> None:
        """A role that this account's people may assume; session policies narrow it to what is tried."""
        function = self.subject.function_arn
        role = iam.Role(
            self,
            "Caller",
            role_name=f"{GLOBAL}-caller",
            assumed_by=iam.AccountRootPrincipal(),
            max_session_duration=Duration.hours(1),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:GetAlias", "lambda:GetFunctionConfiguration", "lambda:DeleteFunction"],
                resources=[function, f"{function}:*"],
            )
        )
        image = f"function:{PREFIX}-image", f"repository/{PREFIX}-image"  # made by the image's fact, outside the stack
        for service, name, rights in (
            ("lambda", image[0], ["lambda:UpdateFunctionCode"]),
            ("ecr", image[1], ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]),
        ):
            arn = f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{name}"
            role.add_to_policy(iam.PolicyStatement(actions=rights, resources=[arn]))
        self.caller = role
        self.caller_arn = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/{GLOBAL}-caller"
