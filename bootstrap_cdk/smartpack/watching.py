"""SmartPack's alarms, the topic by which they reach people and the controller, and the app's dashboard."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.api import ALIAS, Api
from bootstrap_cdk.topic import EncryptedTopic


class Watching(Construct):
    """Two alarms guard the releases: the function fails, and visitors see errors whatever the reason."""

    def __init__(self, scope: Construct, construct_id: str, *, api: Api, settings: SmartPackSettings) -> None:
        super().__init__(scope, construct_id)
        self.topic = EncryptedTopic(self, "Alarms", display_name=f"{settings.prefix} alarms").topic
        period = Duration.seconds(settings.alarm.period_seconds)
        errors, answers = _function_metric(api, "Errors", period), _api_metric(api, "5xx", period)
        self.alarms = [
            self._alarm("ApiErrors", f"{settings.prefix}-api-errors", errors, settings),
            self._alarm("Api5xx", f"{settings.prefix}-api-5xx", answers, settings),
        ]
        self._dashboard(api, settings, period)

    def _alarm(
        self, construct_id: str, name: str, metric: cloudwatch.Metric, settings: SmartPackSettings
    ) -> cloudwatch.Alarm:
        """One bad period is enough, and a quiet one is not bad."""
        return cloudwatch.Alarm(
            self,
            construct_id,
            alarm_name=name,
            alarm_description=f"{settings.prefix}: {settings.alarm.threshold} errors or more in one period",
            metric=metric,
            threshold=settings.alarm.threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _dashboard(self, api: Api, settings: SmartPackSettings, period: Duration) -> None:
        invocations, errors = (_function_metric(api, name, period) for name in ("Invocations", "Errors"))
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=settings.prefix)
        board.add_widgets(cloudwatch.AlarmStatusWidget(title="Guards of a release", alarms=list(self.alarms), width=24))
        board.add_widgets(
            cloudwatch.GraphWidget(title="Requests to the API", left=[invocations], right=[errors]),
            cloudwatch.GraphWidget(title="What visitors get", left=[_api_metric(api, name, period) for name in _SEEN]),
        )


_SEEN = ("Count", "4xx", "5xx")


def _function_metric(api: Api, name: str, period: Duration) -> cloudwatch.Metric:
    """Of all versions that the alias serves, stable and canary together."""
    function = api.released.function.function_name
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map={"FunctionName": function, "Resource": f"{function}:{ALIAS}"},
        statistic=cloudwatch.Stats.SUM,
        period=period,
    )


def _api_metric(api: Api, name: str, period: Duration) -> cloudwatch.Metric:
    return api.http.metric(name, statistic=cloudwatch.Stats.SUM, period=period)
