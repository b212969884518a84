"""Release markers: the releases of an application, as lines for the graphs of its dashboard.

CloudWatch cannot draw a line for an event, and rewriting a dashboard at each release would remove people's changes to
it. So every phase that visitors notice is a metric (`controller.aws.markers`), drawn as spikes on the right axis of
any graph.
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
"""Phase → its label and colour on the graph."""


def release_markers(application: str, environment: str, period: Duration | None = None) -> list[cloudwatch.IMetric]:
    """Make metrics for the right axis of a graph: a spike for each release, rollback and end.

    Args:
        application: the application's name.
        environment: the environment's name.
        period: the length of the graph's periods; None takes CDK's default, five minutes.
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
