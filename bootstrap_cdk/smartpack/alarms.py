"""SmartPack's alarms, and the topic by which they reach people and the controller."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.edge import EdgeAlarms
from bootstrap_cdk.smartpack.measures import Measures
from selfright.cdk import AlarmTopic, EncryptedTopic


class SmartPackAlarms(Construct):
    """The alarms that guard releases, and those that only notify people.

    `guards`: a function fails, visitors see errors for any reason, answers are slow. `for_people`: throttling, because
    a rollback does not raise an account's concurrency, and a certificate that expires. A composite alarm combines all
    of them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        measures: Measures,
        settings: SmartPackSettings,
        edge: EdgeAlarms | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        kind = EncryptedTopic if settings.topic_key else AlarmTopic
        self.topic = kind(self, "Alarms", display_name=f"{settings.prefix} alarms").topic
        self._prefix, self._chosen = settings.prefix, settings.alarm
        self.guards = [
            *(self._errors(name, measures) for name in measures.functions),
            self._api_5xx(measures),
            *([self._latency(measures)] if settings.alarm.p99_ms else []),
        ]
        self.for_people = [self._throttles(name, measures) for name in measures.functions]
        if edge:
            self.guards.append(edge.errors)
            self.for_people += [edge.expiry] if edge.expiry else []
        for alarm in self.for_people:
            alarm.add_alarm_action(actions.SnsAction(self.topic))
        self.composite = self._composite([*self.guards, *self.for_people]) if settings.composite_alarm else None

    def _errors(self, name: str, measures: Measures) -> cloudwatch.Alarm:
        description = f"the function fails {self._chosen.threshold} times or more in one period"
        return self._counting(f"{name}-errors", description, measures.function(name, "Errors"), self._chosen.threshold)

    def _api_5xx(self, measures: Measures) -> cloudwatch.Alarm:
        description = f"visitors see {self._chosen.threshold} errors or more in one period"
        return self._counting("api-5xx", description, measures.api("5xx"), self._chosen.threshold)

    def _throttles(self, name: str, measures: Measures) -> cloudwatch.Alarm:
        description = "requests find no free instance; check the account's concurrency"
        return self._counting(f"{name}-throttles", description, measures.function(name, "Throttles"), 1)

    def _counting(self, name: str, description: str, metric: cloudwatch.Metric, threshold: int) -> cloudwatch.Alarm:
        """One bad period is enough; a period without requests is not bad."""
        return cloudwatch.Alarm(
            self,
            "".join(word.capitalize() for word in name.split("-")),
            alarm_name=f"{self._prefix}-{name}",
            alarm_description=f"{self._prefix}: {description}",
            metric=metric,
            threshold=threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _latency(self, measures: Measures) -> cloudwatch.Alarm:
        """Two bad periods of three, because the cold starts of a new version are one; few requests are ignored."""
        return cloudwatch.Alarm(
            self,
            "ApiLatency",
            alarm_name=f"{self._prefix}-api-latency",
            alarm_description=f"{self._prefix}: one answer in a hundred takes longer than {self._chosen.p99_ms} ms",
            metric=measures.function("api", "Duration", "p99"),
            threshold=self._chosen.p99_ms,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=3,
            datapoints_to_alarm=2,
            evaluate_low_sample_count_percentile="ignore",
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _composite(self, alarms: Sequence[cloudwatch.Alarm]) -> cloudwatch.CompositeAlarm:
        """It has no action, because each of its alarms publishes on the topic already."""
        return cloudwatch.CompositeAlarm(
            self,
            "Composite",
            composite_alarm_name=self._prefix,
            alarm_description=f"{self._prefix}: at least one of its alarms fires",
            alarm_rule=cloudwatch.AlarmRule.any_of(*alarms),
        )
