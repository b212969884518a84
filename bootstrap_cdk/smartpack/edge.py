"""Resources of CloudFront that must be in us-east-1: its certificate, its firewall, and alarms on its metrics.

All of them are optional. If SmartPack itself is in us-east-1, the alarms are in its own stack and one of them guards
the releases. Otherwise they are in a separate stack and only notify people, because an alarm can be read only in its
own region, and a guard that cannot be read would stop every release.
"""

from dataclasses import dataclass

from aws_cdk import aws_certificatemanager as certificates
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.measures import CLOUDFRONT_REGION, site_metric

ERROR_PERCENT = 5
DAYS_LEFT = 30
"""ACM renews a certificate with DNS validation 60 days before its end, so 30 days show a failed renewal."""


@dataclass(frozen=True)
class Edge:
    """The distribution's resources from us-east-1."""

    certificate: certificates.ICertificate | None = None
    web_acl_arn: str | None = None


class EdgeAlarms(Construct):
    """Alarms on CloudFront's errors, and on a certificate that is not renewed."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: SmartPackSettings,
        *,
        distribution: cloudfront.IDistribution,
        certificate: certificates.ICertificate | None,
    ) -> None:
        super().__init__(scope, construct_id)
        elsewhere = settings.region != CLOUDFRONT_REGION  # Then several regions may have their alarms here.
        prefix = f"{settings.prefix}-{settings.region}" if elsewhere else settings.prefix
        self.errors = self._errors(prefix, distribution)
        self.expiry = self._expiry(prefix, certificate) if certificate else None

    @property
    def all(self) -> list[cloudwatch.Alarm]:
        """Both alarms, or the one that exists."""
        return [self.errors, *([self.expiry] if self.expiry else [])]

    def notify(self, topic: sns.ITopic, alarms: list[cloudwatch.Alarm]) -> None:
        """Make these alarms publish on a topic."""
        for alarm in alarms:
            alarm.add_alarm_action(actions.SnsAction(topic))

    def _errors(self, prefix: str, distribution: cloudfront.IDistribution) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            "Errors",
            alarm_name=f"{prefix}-site-5xx",
            alarm_description=f"{prefix}: CloudFront answers more than {ERROR_PERCENT} % of the visitors with an error",
            metric=site_metric(distribution, "5xxErrorRate"),
            threshold=ERROR_PERCENT,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=3,
            datapoints_to_alarm=2,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _expiry(self, prefix: str, certificate: certificates.ICertificate) -> cloudwatch.Alarm:
        """The alarm keeps its state without data, because the metric ends when the certificate has expired."""
        return cloudwatch.Alarm(
            self,
            "Expiry",
            alarm_name=f"{prefix}-certificate-expiry",
            alarm_description=f"{prefix}: the certificate ends in less than {DAYS_LEFT} days and was not renewed",
            metric=certificate.metric_days_to_expiry(),
            threshold=DAYS_LEFT,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        )
