"""The controller's own alarms: they notify people that Selfright itself needs help, and say what is to be done."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from bootstrap_cdk.controller.functions import Functions
from bootstrap_cdk.controller.state_machines import StateMachines
from bootstrap_cdk.controller.triggers import Triggers
from selfright.cdk.markers import NAMESPACE
from selfright.cdk.names import Group

FAILURES = "Failures"
"""The metric that every function of the controller writes when a task failed, and only then."""
FIVE_MINUTES = Duration.minutes(5)
SAYS = {
    "OnAlarmErrors": "Alarms may not be acted on: if one fires now, `selfright rollback --emergency`. "
    "The log of selfright-on-alarm has the reason.",
    "OnAlarmThrottles": "Alarms wait for a free instance: raise the account's concurrency, or set alarm_reserve.",
    "ReconcileErrors": "Lost deployments are not found: the log of selfright-reconcile has the reason.",
    "ReconcileSilent": "The reconciler has not run for 15 minutes: enable its schedule in EventBridge, "
    "or deploy the controller again.",
    "RollbackFailed": "A rollback ended with an error and is started again: look at `selfright status`, "
    "and help if it does not end.",
    "Undelivered": "Events did not reach Selfright: the queue selfright-undelivered has them. Upload a bundle again, "
    "roll back by hand if an alarm is among them, then purge the queue.",
    "Failing": "Tasks have been failing for ten minutes: `selfright status` names the deployment, "
    "`selfright logs DEPLOYMENT` the reason. They are tried again for hours.",
}
"""Alarm → what it means, and what to do."""
_MISSING = cloudwatch.TreatMissingData


class ControllerAlarms(Construct):
    """One alarm for each kind of help that no deployment asks for itself.

    CloudWatch bills each alarm, so there is none for what another one shows: a rule that fails fills the queue, and an
    execution that fails is finished by the reconciler. Throttling has an alarm only for the function that nothing
    retries soon enough.
    """

    def __init__(  # noqa: PLR0913 # a construct's properties are its keyword arguments
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Functions,
        machines: StateMachines,
        triggers: Triggers,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic
        on_alarm, reconcile = functions[Group.ON_ALARM], functions[Group.RECONCILE]
        waiting = triggers.undelivered.metric_approximate_number_of_messages_visible(
            period=FIVE_MINUTES, statistic=cloudwatch.Stats.MAXIMUM
        )
        once: Mapping[str, cloudwatch.IMetric] = {
            "OnAlarmErrors": on_alarm.metric_errors(period=FIVE_MINUTES),
            "OnAlarmThrottles": on_alarm.metric_throttles(period=FIVE_MINUTES),
            "ReconcileErrors": reconcile.metric_errors(period=FIVE_MINUTES),
            "RollbackFailed": machines.rollback.metric_failed(period=FIVE_MINUTES),
            "Undelivered": waiting,
        }
        self.all = [
            *(self._alarm(name, metric) for name, metric in once.items()),
            self._alarm("Failing", _failures(), periods=2),
            self._alarm("ReconcileSilent", reconcile.metric_invocations(period=FIVE_MINUTES), periods=3, silent=True),
        ]

    def _alarm(
        self, name: str, metric: cloudwatch.IMetric, *, periods: int = 1, silent: bool = False
    ) -> cloudwatch.Alarm:
        """One occurrence in each of the periods is enough, or with `silent` none: no data means no occurrence."""
        operators = cloudwatch.ComparisonOperator
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_description=f"Selfright: {SAYS[name]}",
            metric=metric,
            threshold=1,
            comparison_operator=(
                operators.LESS_THAN_THRESHOLD if silent else operators.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
            ),
            evaluation_periods=periods,
            treat_missing_data=_MISSING.BREACHING if silent else _MISSING.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
        return alarm


def _failures() -> cloudwatch.Metric:
    """Of all functions together: CloudWatch would bill an alarm on eight functions as eight."""
    return cloudwatch.Metric(
        namespace=NAMESPACE, metric_name=FAILURES, statistic=cloudwatch.Stats.SUM, period=FIVE_MINUTES
    )
