"""The topic of notifications: how deployments ended, and problems of the controller itself."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from selfright.cdk.topic import AlarmTopic, EncryptedTopic

SENDER = "Selfright notifications"


class Notifications(Construct):
    """The controller's topic (`.topic`), with the one subscriber from the settings."""

    def __init__(self, scope: Construct, construct_id: str, *, notify: str | None, topic_key: bool) -> None:
        super().__init__(scope, construct_id)
        kind = EncryptedTopic if topic_key else AlarmTopic
        made: AlarmTopic | EncryptedTopic = kind(self, "Notifications", display_name=SENDER)
        self.topic: sns.Topic = made.topic
        self.publish: list[iam.PolicyStatement] = made.publish
        if notify:
            self.topic.add_subscription(subscriptions.EmailSubscription(notify))
