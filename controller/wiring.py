"""The one composition root: which adapter stands behind which port."""
# ruff: noqa: PLC0415 - an adapter is imported when it is first used

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from controller.settings import Settings

if TYPE_CHECKING:
    from controller import ports


class SystemClock:
    """Implements `ports.Clock` with the machine's clock."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)


class AwsWorld:
    """Implements `flow.world.World` on AWS.

    Adapters are imported and made when they are first used, so that a cold start pays for no more than it needs.
    """

    def __init__(self, settings: Settings) -> None:
        """Use the resources that the settings name."""
        self._settings = settings

    @cached_property
    def clock(self) -> "ports.Clock":
        """The machine's clock."""
        return SystemClock()

    @cached_property
    def environments(self) -> "ports.Environments":
        """SSM parameters."""
        from controller.aws.environments import SsmEnvironments

        return SsmEnvironments()

    @cached_property
    def bundles(self) -> "ports.Bundles":
        """S3."""
        from controller.aws.bundles import S3Bundles

        return S3Bundles()

    @cached_property
    def deployments(self) -> "ports.Deployments":
        """DynamoDB."""
        from controller.aws.ledger.deployments import DynamoDeployments

        return DynamoDeployments(self._settings.table)

    @cached_property
    def open_deployments(self) -> "ports.OpenDeployments":
        """DynamoDB."""
        from controller.aws.ledger.deployments import DynamoDeployments

        return DynamoDeployments(self._settings.table)

    @cached_property
    def evaluations(self) -> "ports.Evaluations":
        """DynamoDB."""
        from controller.aws.ledger.evaluations import DynamoEvaluations

        return DynamoEvaluations(self._settings.table)

    @cached_property
    def locks(self) -> "ports.Locks":
        """DynamoDB."""
        from controller.aws.ledger.locks import DynamoLocks

        return DynamoLocks(self._settings.table)

    @cached_property
    def versions(self) -> "ports.Versions":
        """DynamoDB."""
        from controller.aws.ledger.locks import DynamoVersions

        return DynamoVersions(self._settings.table)

    @cached_property
    def guards(self) -> "ports.Guards":
        """DynamoDB."""
        from controller.aws.ledger.guards import DynamoGuards

        return DynamoGuards(self._settings.table)

    @cached_property
    def components(self) -> "ports.Components":
        """Lambda, S3, CloudFront and SSM."""
        from controller.aws.components.registry import AwsComponents

        return AwsComponents(self._settings.bucket, budget=self.budget)

    @cached_property
    def budget(self) -> "ports.Budget":
        """DynamoDB."""
        from controller.aws.ledger.budget import DynamoBudget

        return DynamoBudget(self._settings.table)

    @cached_property
    def exports(self) -> "ports.Exports":
        """Lambda, S3, CloudFront, SSM, API Gateway and RDS."""
        from controller.aws.components.exports import AwsExports

        return AwsExports(self._settings.bucket)

    @cached_property
    def restore_points(self) -> "ports.RestorePoints":
        """S3."""
        from controller.aws.restore_points import S3RestorePoints

        return S3RestorePoints(self._settings.bucket)

    @cached_property
    def databases(self) -> "ports.Databases":
        """RDS."""
        from controller.aws.components.database.snapshots import RdsDatabases

        return RdsDatabases()

    @cached_property
    def secrets(self) -> "ports.Secrets":
        """Secrets Manager."""
        from controller.aws.secrets import SecretsManagerSecrets

        return SecretsManagerSecrets()

    @cached_property
    def probe(self) -> "ports.Probe":
        """HTTP."""
        from controller.aws.probe import HttpProbe

        return HttpProbe()

    @cached_property
    def hooks(self) -> "ports.Hooks":
        """Lambda."""
        from controller.aws.invocations import LambdaHooks

        return LambdaHooks()

    @cached_property
    def rehearsals(self) -> "ports.Rehearsals":
        """Lambda."""
        from controller.aws.invocations import LambdaRehearsals

        return LambdaRehearsals(self._settings.on_alarm_function)

    @cached_property
    def metrics(self) -> "ports.Metrics":
        """CloudWatch metrics."""
        from controller.aws.metrics import CloudWatchMetrics

        return CloudWatchMetrics()

    @cached_property
    def markers(self) -> "ports.Markers":
        """CloudWatch's embedded metric format."""
        from controller.aws.markers import EmfMarkers

        return EmfMarkers()

    @cached_property
    def alarms(self) -> "ports.Alarms":
        """CloudWatch alarms."""
        from controller.aws.alarms import CloudWatchAlarms

        return CloudWatchAlarms()

    @cached_property
    def workflows(self) -> "ports.Workflows":
        """Step Functions."""
        from controller.aws.workflows import StepFunctionsWorkflows

        return StepFunctionsWorkflows(self._settings.rollback_machine_arn)

    @cached_property
    def notifications(self) -> "ports.Notifications":
        """SNS."""
        from controller.aws.notifications import SnsNotifications

        return SnsNotifications(self._settings.notifications_topic_arn)
