"""Release markers: what the controller marks on the graphs of an application, as lines for its dashboard.

CloudWatch cannot be told to draw a line when something happens, and a dashboard that is written anew at each release
would take away what people put on it. So every phase that visitors notice is a metric (`controller.aws.markers`), drawn
as spikes on the right axis of any graph.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

NAMESPACE, METRIC = "Selfright", "Deployments"
SHOWN = {
    "SHIFTING": ("traffic shifted", cloudwatch.Color.BLUE),
    "ROLLING_BACK": ("rolled back", cloudwatch.Color.RED),
    "SUCCEEDED": ("release ended", cloudwatch.Color.GREEN),
    "ROLLED_BACK": ("rollback verified", cloudwatch.Color.ORANGE),
    "ROLLBACK_FAILED": ("rollback failed", cloudwatch.Color.PURPLE),
}
"""Phase → what the graph says, and its colour."""


def release_markers(application: str, environment: str, period: Duration | None = None) -> list[cloudwatch.IMetric]:
    """Metrics for the right axis of a graph: a spike for each release, rollback and end; between them, nothing.

    Args:
        application: the application's name.
        environment: the environment's name.
        period: the length of the graph's periods; None takes CDK's, five minutes.
    """
    return [
        cloudwatch.MathExpression(
            expression=f"FILL({phase.lower()}, 0)",
            using_metrics={phase.lower(): _metric(application, environment, phase, period)},
            label=label,
            color=color,
            period=period,
        )
        for phase, (label, color) in SHOWN.items()
    ]


def _metric(application: str, environment: str, phase: str, period: Duration | None) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=METRIC,
        dimensions_map={"Application": application, "Environment": environment, "Phase": phase},
        statistic=cloudwatch.Stats.SUM,
        period=period,
    )
