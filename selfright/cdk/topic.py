"""Topics on which alarms can publish."""

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

_CLOUDWATCH = "cloudwatch.amazonaws.com"


def let_alarms_publish(topic: sns.ITopic) -> None:
    """Let this account's alarms publish on a topic; an imported topic is not changed.

    A topic without a policy accepts messages from its whole account. The first statement of a policy replaces that
    default, even if it only requires TLS. Then CloudWatch must be allowed explicitly, or no alarm reaches anybody.
    """
    may_publish = iam.PolicyStatement(
        sid="AlarmsMayPublish",
        principals=[iam.ServicePrincipal(_CLOUDWATCH)],
        actions=["sns:Publish"],
        resources=[topic.topic_arn],
        conditions={
            "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            "ArnLike": {"aws:SourceArn": f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:*"},
        },
    )
    topic.add_to_resource_policy(may_publish)


class AlarmTopic(Construct):
    """An SNS topic (`.topic`) that accepts messages by TLS only, and on which alarms can publish.

    It costs nothing: SNS encrypts its disks, and messages of alarms contain names and numbers. If your rules demand a
    key, use an `EncryptedTopic`.
    """

    def __init__(self, scope: Construct, construct_id: str, *, display_name: str) -> None:
        """Make the topic.

        Args:
            scope: the stack, or a construct in it.
            construct_id: unique within `scope`.
            display_name: the sender's name in e-mails of the topic.
        """
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", display_name=display_name, enforce_ssl=True)
        let_alarms_publish(self.topic)

    @property
    def publish(self) -> list[iam.PolicyStatement]:
        """The statements that a role needs to publish."""
        return [iam.PolicyStatement(actions=["sns:Publish"], resources=[self.topic.topic_arn])]


class EncryptedTopic(Construct):
    """An `AlarmTopic` whose messages are encrypted with a key of its own (`.key`), which costs a dollar a month.

    CloudWatch may not use the key that AWS manages for SNS: alarms on such a topic are lost without any error.
    """

    def __init__(self, scope: Construct, construct_id: str, *, display_name: str) -> None:
        """Make the topic and its key.

        Args:
            scope: the stack, or a construct in it.
            construct_id: unique within `scope`.
            display_name: the sender's name in e-mails of the topic, also part of the key's description.
        """
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description=f"Encrypts the messages of: {display_name}",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,  # messages are not stored, so nothing needs this key later
        )
        self.key.grant_encrypt_decrypt(iam.ServicePrincipal(_CLOUDWATCH))
        self.topic = sns.Topic(self, "Topic", display_name=display_name, master_key=self.key, enforce_ssl=True)
        let_alarms_publish(self.topic)

    @property
    def publish(self) -> list[iam.PolicyStatement]:
        """The statements that a role needs to publish."""
        return [
            iam.PolicyStatement(actions=["sns:Publish"], resources=[self.topic.topic_arn]),
            iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self.key.key_arn]),
        ]
