"""The controller's functions: one package, eight functions, each with its own role and log group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from bootstrap_cdk.controller.privileges import ALL_RESOURCES, Resources, privileges
from bootstrap_cdk.settings import ControllerSettings
from selfright.cdk.exceptions import accept, accept_wildcards
from selfright.cdk.names import (
    DEPLOY_MACHINE,
    ROLLBACK_MACHINE,
    WORKING_FOR_ENVIRONMENTS,
    Group,
    deploy_roles_arn,
    machine_arn,
)

HANDLER = "controller.handlers.entry.handler"
OWN_PATHS = (
    "One prefix of the controller's bucket, parameters or executions; releases add what is below it. "
    "And the environments' deploy roles, which applications add."
)


@dataclass(frozen=True)
class Size:
    """The size of a function: `memory` in MB (1769 is one CPU), `timeout` in seconds."""

    memory: int
    timeout: int


SIZES = {
    Group.INTAKE: Size(1769, 300),  # reads, hashes and unpacks a whole bundle
    Group.STAGE: Size(1769, 600),  # uploads a site of thousands of files
    Group.CHECK: Size(1769, 900),  # measures answers under load: not slow itself; waits for tasks of releases
    Group.TRAFFIC: Size(1024, 110),  # longer than its retries when the control plane refuses it
    Group.WATCH: Size(512, 60),
    Group.CLOSE: Size(1024, 300),
    Group.ON_ALARM: Size(1769, 110),  # retries as long; every millisecond of it costs visitors on a bad release
    Group.RECONCILE: Size(512, 120),
}


class Functions(Construct):
    """All functions by their group."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: ControllerSettings, own: Resources) -> None:
        super().__init__(scope, construct_id)
        granted = privileges(own)
        code = lambda_.Code.from_asset(str(settings.package))
        self.by_group: Mapping[Group, lambda_.Function] = {
            group: ControllerFunction(
                self, group.title, group=group, code=code, settings=settings,
                variables=_variables(group, own, settings), statements=granted[group],
            ).function
            for group in Group
        }  # fmt: skip

    def __getitem__(self, group: Group) -> lambda_.Function:
        """The function of this group."""
        return self.by_group[group]

    def catch_failures(self, group: Group, queue: sqs.Queue) -> None:
        """Keep the events for which this asynchronously called function failed three times."""
        self.by_group[group].configure_async_invoke(
            on_failure=destinations.SqsDestination(queue), retry_attempts=2, max_event_age=Duration.hours(1)
        )


class ControllerFunction(Construct):
    """One function with its role and its log group."""

    def __init__(  # noqa: PLR0913 # a construct's properties are its keyword arguments
        self,
        scope: Construct,
        construct_id: str,
        *,
        group: Group,
        code: lambda_.Code,
        settings: ControllerSettings,
        variables: Mapping[str, str],
        statements: Sequence[iam.PolicyStatement],
    ) -> None:
        super().__init__(scope, construct_id)
        log = logs.LogGroup(
            self,
            "Log",
            log_group_name=group.log_group,
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "Role",
            role_name=group.role_name,
            description=f"What Selfright's {group.value} function may do",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        log.grant_write(role)
        for statement in statements:
            role.add_to_policy(statement)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=group.function_name,
            description=f"Selfright: {group.value.replace('_', ' ')}",
            code=code,
            handler=HANDLER,
            runtime=lambda_.Runtime(settings.python_runtime, lambda_.RuntimeFamily.PYTHON),
            architecture=lambda_.Architecture.custom(settings.architecture),
            memory_size=SIZES[group].memory,
            timeout=Duration.seconds(SIZES[group].timeout),
            reserved_concurrent_executions=(settings.alarm_reserve or None) if group is Group.ON_ALARM else None,
            tracing=lambda_.Tracing.ACTIVE,
            environment=dict(variables),
            role=role,
            log_group=log,
        )
        accept(role, " ".join(sorted(set(ALL_RESOURCES.values()))), "AwsSolutions-IAM5[Resource::*]")
        accept_wildcards(role, OWN_PATHS, [arn for line in statements for arn in line.resources if arn != "*"])
        accept(
            self.function,
            "The runtime is a setting: the package holds compiled code for exactly this version of Python.",
            "AwsSolutions-L1",
        )


def _variables(group: Group, own: Resources, settings: ControllerSettings) -> dict[str, str]:
    """The function's environment variables; `controller.settings` reads them."""
    rolls_back = {"SELFRIGHT_ROLLBACK_MACHINE_ARN": machine_arn(ROLLBACK_MACHINE)}
    special = {
        Group.WATCH: {"SELFRIGHT_ON_ALARM_FUNCTION": Group.ON_ALARM.function_name},
        Group.ON_ALARM: rolls_back,
        Group.RECONCILE: {**rolls_back, "SELFRIGHT_DEPLOY_MACHINE_ARN": machine_arn(DEPLOY_MACHINE)},
    }
    roles = {"SELFRIGHT_DEPLOY_ROLES": deploy_roles_arn()} if group in WORKING_FOR_ENVIRONMENTS else {}
    return {
        "SELFRIGHT_FUNCTION": group.value,
        "SELFRIGHT_TABLE": own.ledger.table.table_name,
        "SELFRIGHT_BUCKET": own.artifacts.bucket.bucket_name,
        "SELFRIGHT_NOTIFICATIONS_TOPIC_ARN": own.notifications.topic.topic_arn,
        "POWERTOOLS_SERVICE_NAME": "selfright",
        "POWERTOOLS_LOG_LEVEL": settings.log_level,
        **roles,
        **special.get(group, {}),
    }
