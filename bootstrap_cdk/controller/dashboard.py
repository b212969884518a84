"""The controller's dashboard."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from bootstrap_cdk.controller.alarms import ControllerAlarms
from bootstrap_cdk.controller.functions import Functions
from bootstrap_cdk.controller.state_machines import StateMachines
from selfright.cdk.markers import METRIC, NAMESPACE
from selfright.cdk.names import Group

_PERIOD = Duration.minutes(5)


class ControllerDashboard(Construct):
    """Shows alarms, executions, releases, and the functions' durations and errors.

    Dashboards are shared by all regions of an account, so its name has the region.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Functions,
        machines: StateMachines,
        alarms: ControllerAlarms,
    ) -> None:
        super().__init__(scope, construct_id)
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=f"selfright-{Aws.REGION}")
        board.add_widgets(cloudwatch.AlarmStatusWidget(title="The controller", alarms=list(alarms.all), width=24))
        board.add_widgets(_executions("Deployments", machines.deploy), _executions("Rollbacks", machines.rollback))
        board.add_widgets(_releases())
        board.add_widgets(
            cloudwatch.GraphWidget(
                title="Duration of the functions",
                left=[functions[group].metric_duration(period=_PERIOD, label=group.value) for group in Group],
            ),
            cloudwatch.GraphWidget(
                title="Errors of the functions",
                left=[functions[group].metric_errors(period=_PERIOD, label=group.value) for group in Group],
            ),
        )


def _releases() -> cloudwatch.GraphWidget:
    """The releases of all applications: one line for each environment and phase."""
    searched = f'{{{NAMESPACE},Application,Environment,Phase}} MetricName="{METRIC}"'
    found = cloudwatch.MathExpression(
        expression=f"FILL(SEARCH('{searched}', 'Sum', {_PERIOD.to_seconds()}), 0)",
        using_metrics={},
        label="${PROP('Dim.Application')}/${PROP('Dim.Environment')} ${PROP('Dim.Phase')}",
        period=_PERIOD,
    )
    return cloudwatch.GraphWidget(title="Releases of all environments", left=[found], width=24)


def _executions(title: str, machine: sfn.StateMachine) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=[
            machine.metric_started(period=_PERIOD, label="started"),
            machine.metric_succeeded(period=_PERIOD, label="succeeded"),
            machine.metric_failed(period=_PERIOD, label="failed"),
            machine.metric_timed_out(period=_PERIOD, label="timed out"),
            machine.metric_aborted(period=_PERIOD, label="stopped"),
        ],
    )
