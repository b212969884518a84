"""The controller's own alarms: they notify people that Selfright itself needs help."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from bootstrap_cdk.controller.functions import Functions
from bootstrap_cdk.controller.state_machines import StateMachines
from bootstrap_cdk.controller.triggers import Triggers
from selfright.cdk.names import Group

FIVE_MINUTES = Duration.minutes(5)
_MISSING = cloudwatch.TreatMissingData


class ControllerAlarms(Construct):
    """One alarm for each failure that no deployment shows.

    Throttling has alarms only for functions that nothing retries: the state machines retry theirs, and fail if that
    does not help.
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
        self.all: list[cloudwatch.Alarm] = []
        self._watch_functions(functions)
        for name, machine in {"Deploy": machines.deploy, "Rollback": machines.rollback}.items():
            self._watch_machine(name, machine)
        self._watch_queues(triggers.queues)
        self._watch_rules(triggers.rules)

    def _watch_functions(self, functions: Functions) -> None:
        for group in Group:
            errors = functions[group].metric_errors(period=FIVE_MINUTES)
            self._alarm(f"{group.title}Errors", errors, f"Selfright's {group.value} function fails")
        for group in (Group.ON_ALARM, Group.RECONCILE):
            throttles = functions[group].metric_throttles(period=FIVE_MINUTES)
            self._alarm(f"{group.title}Throttles", throttles, f"Selfright's {group.value} function is throttled")
        silent = cloudwatch.Alarm(
            self,
            "ReconcileSilent",
            alarm_description="Selfright's reconciler has not run for 15 minutes: lost deployments are not found",
            metric=functions[Group.RECONCILE].metric_invocations(period=FIVE_MINUTES),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=3,
            treat_missing_data=_MISSING.BREACHING,
        )
        self._add(silent)

    def _watch_machine(self, name: str, machine: sfn.StateMachine) -> None:
        failed, late = machine.metric_failed(period=FIVE_MINUTES), machine.metric_timed_out(period=FIVE_MINUTES)
        self._alarm(f"{name}Failed", failed, f"An execution of {name.lower()} failed: see `selfright status`")
        self._alarm(f"{name}TimedOut", late, f"An execution of {name.lower()} timed out: see `selfright status`")

    def _watch_queues(self, queues: Mapping[str, sqs.Queue]) -> None:
        for name, queue in queues.items():
            depth = queue.metric_approximate_number_of_messages_visible(
                period=FIVE_MINUTES, statistic=cloudwatch.Stats.MAXIMUM
            )
            title = "".join(word.capitalize() for word in name.split())
            self._alarm(f"Undelivered{title}", depth, f"Events could not be delivered ({name}): see the queue")

    def _watch_rules(self, rules: Mapping[str, events.Rule]) -> None:
        for name, rule in rules.items():
            failures = cloudwatch.Metric(
                namespace="AWS/Events",
                metric_name="FailedInvocations",
                dimensions_map={"RuleName": rule.rule_name},
                statistic=cloudwatch.Stats.SUM,
                period=FIVE_MINUTES,
            )
            self._alarm(f"{name}RuleFails", failures, f"Selfright's rule {name} cannot reach its target")

    def _alarm(self, name: str, metric: cloudwatch.IMetric, description: str) -> None:
        """One occurrence within five minutes is enough; no data means that nothing happened."""
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_description=description,
            metric=metric,
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=_MISSING.NOT_BREACHING,
        )
        self._add(alarm)

    def _add(self, alarm: cloudwatch.Alarm) -> None:
        alarm.add_alarm_action(actions.SnsAction(self._topic))
        self.all.append(alarm)
