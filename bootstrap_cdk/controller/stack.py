"""The stack `SelfrightController`."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from bootstrap_cdk.controller.alarms import ControllerAlarms
from bootstrap_cdk.controller.artifacts import Artifacts
from bootstrap_cdk.controller.functions import Functions
from bootstrap_cdk.controller.ledger import Ledger
from bootstrap_cdk.controller.notifications import Notifications
from bootstrap_cdk.controller.people import Releaser
from bootstrap_cdk.controller.privileges import Resources
from bootstrap_cdk.controller.state_machines import StateMachines
from bootstrap_cdk.controller.triggers import Triggers
from bootstrap_cdk.settings import ControllerSettings
from selfright.cdk.names import CONTROLLER_PARAMETER, Group


class ControllerStack(Stack):
    """One controller for all applications of an account and region."""

    def __init__(self, scope: Construct, construct_id: str, settings: ControllerSettings) -> None:
        super().__init__(scope, construct_id, description="Selfright: releases that put themselves right")
        self.own = Resources(
            artifacts=Artifacts(self, "Artifacts", protected=settings.protected),
            ledger=Ledger(self, "Ledger", protected=settings.protected),
            notifications=Notifications(self, "Notifications", notify=settings.notify, topic_key=settings.topic_key),
        )
        self.functions = Functions(self, "Functions", settings=settings, own=self.own)
        self.machines = StateMachines(self, "StateMachines", functions=self.functions)
        triggers = Triggers(
            self, "Triggers", bucket=self.own.artifacts.bucket, functions=self.functions, machines=self.machines
        )
        alarms = ControllerAlarms(
            self,
            "Alarms",
            functions=self.functions,
            machines=self.machines,
            triggers=triggers,
            topic=self.own.notifications.topic,
        )
        if settings.dashboard:
            from bootstrap_cdk.controller.dashboard import ControllerDashboard  # noqa: PLC0415 - where it is needed

            ControllerDashboard(self, "Board", functions=self.functions, machines=self.machines, alarms=alarms)
        Releaser(self, "Releaser", own=self.own)
        self._publish()

    def _publish(self) -> None:
        """Publish the names of the resources for the command line."""
        where: dict[str, Any] = {
            "table": self.own.ledger.table.table_name,
            "bucket": self.own.artifacts.bucket.bucket_name,
            "deploy_machine_arn": self.machines.deploy.state_machine_arn,
            "rollback_machine_arn": self.machines.rollback.state_machine_arn,
            "notifications_topic_arn": self.own.notifications.topic.topic_arn,
            "on_alarm_function_arn": self.functions[Group.ON_ALARM].function_arn,
            "log_groups": [group.log_group for group in Group],
            "reconcile_function_arn": self.functions[Group.RECONCILE].function_arn,
        }
        ssm.StringParameter(
            self,
            "Parameter",
            parameter_name=CONTROLLER_PARAMETER,
            description="Where Selfright's controller is",
            string_value=self.to_json_string(where),
        )
        CfnOutput(self, "ArtifactsBucket", value=where["bucket"], description="Upload bundles here, under incoming/")
        CfnOutput(self, "LedgerTable", value=where["table"])
        CfnOutput(
            self,
            "NotificationsTopicArn",
            value=where["notifications_topic_arn"],
            description="Subscribe to learn how deployments end",
        )
