"""SmartPack's metrics, for alarms and graphs alike."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

from bootstrap_cdk.smartpack.api import ALIAS

CLOUDFRONT_REGION = "us-east-1"
"""All metrics of CloudFront are in this region, wherever the visitors are."""


@dataclass(frozen=True)
class Measures:
    """The metrics, in periods of this length; `functions` are named like their components."""

    functions: Mapping[str, lambda_.IFunction]
    http: apigateway.HttpApi
    distribution: cloudfront.IDistribution
    period: Duration

    def function(self, name: str, metric: str, statistic: str = cloudwatch.Stats.SUM) -> cloudwatch.Metric:
        """A metric of all versions that the alias serves, stable and canary together."""
        function = self.functions[name].function_name
        return cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name=metric,
            dimensions_map={"FunctionName": function, "Resource": f"{function}:{ALIAS}"},
            statistic=statistic,
            period=self.period,
        )

    def by_version(self, name: str, metric: str) -> cloudwatch.MathExpression:
        """One line for each version that the alias served: canary and stable side by side."""
        function = self.functions[name].function_name
        searched = f'{{AWS/Lambda,ExecutedVersion,FunctionName,Resource}} MetricName="{metric}"'
        where = f'FunctionName="{function}" Resource="{function}:{ALIAS}"'
        return cloudwatch.MathExpression(
            expression=f"SEARCH('{searched} {where}', 'Sum', {self.period.to_seconds()})",
            using_metrics={},
            label="version ${PROP('Dim.ExecutedVersion')}",
            period=self.period,
        )

    def api(self, metric: str, statistic: str = cloudwatch.Stats.SUM) -> cloudwatch.Metric:
        """A metric of the HTTP API."""
        return self.http.metric(metric, statistic=statistic, period=self.period)

    def site(self, metric: str, statistic: str = cloudwatch.Stats.AVERAGE) -> cloudwatch.Metric:
        """A metric of the distribution."""
        return site_metric(self.distribution, metric, statistic, self.period).with_(region=CLOUDFRONT_REGION)


def site_metric(
    distribution: cloudfront.IDistribution,
    metric: str,
    statistic: str = cloudwatch.Stats.AVERAGE,
    period: Duration | None = None,
) -> cloudwatch.Metric:
    """A metric of a distribution, for an alarm in us-east-1; the default period is a minute."""
    return cloudwatch.Metric(
        namespace="AWS/CloudFront",
        metric_name=metric,
        dimensions_map={"DistributionId": distribution.distribution_id, "Region": "Global"},
        statistic=statistic,
        period=period or Duration.minutes(1),
    )
