"""The topic of notifications: how deployments ended, and problems of the controller itself."""

from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from selfright.cdk.topic import EncryptedTopic


class Notifications(EncryptedTopic):
    """The controller's topic, with the one subscriber from the settings."""

    def __init__(self, scope: Construct, construct_id: str, *, notify: str | None) -> None:
        super().__init__(scope, construct_id, display_name="Selfright notifications")
        if notify:
            self.topic.add_subscription(subscriptions.EmailSubscription(notify))
