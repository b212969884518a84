"""SmartPack's dashboard: what visitors experience, with the releases on every graph."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.alarms import SmartPackAlarms
from bootstrap_cdk.smartpack.measures import Measures
from selfright.cdk import release_markers

_MARKS = cloudwatch.YAxisProps(label="releases", min=0, show_units=False)


class SmartPackDashboard(Construct):
    """Shows alarms first, then errors, latency, load, and the versions side by side."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        measures: Measures,
        alarms: SmartPackAlarms,
        settings: SmartPackSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        self._marks = release_markers("smartpack", settings.environment, measures.period)
        every = [*alarms.guards, *alarms.for_people, *([alarms.composite] if alarms.composite else [])]
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=settings.global_name())
        board.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=every, width=24))
        board.add_widgets(
            self._graph("What visitors get from the API", [measures.api(name) for name in ("Count", "4xx", "5xx")]),
            self._graph("Latency of the API", [measures.api("Latency", stat) for stat in ("p50", "p90", "p99")]),
        )
        board.add_widgets(
            self._graph(
                "What visitors get from CloudFront", [measures.site(name) for name in ("4xxErrorRate", "5xxErrorRate")]
            ),
            self._graph("Requests to CloudFront", [measures.site("Requests", cloudwatch.Stats.SUM)]),
        )
        for name in measures.functions:
            board.add_widgets(*self._function(name, measures))

    def _function(self, name: str, measures: Measures) -> list[cloudwatch.IWidget]:
        running = measures.function(name, "ConcurrentExecutions", cloudwatch.Stats.MAXIMUM)
        return [
            self._graph(f"{name}: requests by version", [measures.by_version(name, "Invocations")], width=8),
            self._graph(f"{name}: errors by version", [measures.by_version(name, "Errors")], width=8),
            self._graph(f"{name}: capacity", [running, measures.function(name, "Throttles")], width=8),
        ]

    def _graph(self, title: str, left: Sequence[cloudwatch.IMetric], width: int = 12) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(title=title, left=list(left), right=self._marks, right_y_axis=_MARKS, width=width)
