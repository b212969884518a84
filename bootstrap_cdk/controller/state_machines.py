"""The two state machines, from `state_machine/*.asl.json`; their roles may call only what the files name."""

import re
from pathlib import Path

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from bootstrap_cdk.controller.functions import Functions
from bootstrap_cdk.settings import SettingsError
from selfright.cdk.components.component import allow
from selfright.cdk.exceptions import accept, accept_wildcards
from selfright.cdk.names import DEPLOY_MACHINE, ROLLBACK_MACHINE, Group, executions_arn, machine_arn

FOLDER = Path(__file__).resolve().parents[2] / "state_machine"
ROLLBACK_SUBSTITUTION = "RollbackMachineArn"


class StateMachines(Construct):
    """`selfright-deploy` and `selfright-rollback`."""

    def __init__(self, scope: Construct, construct_id: str, *, functions: Functions, folder: Path = FOLDER) -> None:
        super().__init__(scope, construct_id)
        self.rollback = Machine(
            self, "Rollback", name=ROLLBACK_MACHINE, definition=folder / "rollback.asl.json", functions=functions
        ).machine
        self.deploy = Machine(
            self, "Deploy", name=DEPLOY_MACHINE, definition=folder / "deploy.asl.json", functions=functions
        ).machine
        self.deploy.node.add_dependency(self.rollback)


class Machine(Construct):
    """One machine with its role and its log."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, definition: Path, functions: Functions
    ) -> None:
        super().__init__(scope, construct_id)
        text = definition.read_text()
        used = _substitutions(text, functions)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        for statement in _statements(used):
            role.add_to_policy(statement)
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_string(text),
            definition_substitutions=used,
            role=role,
            tracing_enabled=True,
            # The executions' own history has the payloads; the log has only the events and their times.
            logs=sfn.LogOptions(destination=self._log(name), level=sfn.LogLevel.ALL, include_execution_data=False),
        )
        accept(
            role,
            "Delivering logs (which CDK grants as AWS documents it) and traces has no resource-level permissions.",
            "AwsSolutions-IAM5[Resource::*]",
        )
        accept_wildcards(role, "The executions of the rollback machine.", [executions_arn(ROLLBACK_MACHINE)])

    def _log(self, name: str) -> logs.LogGroup:
        """Under `/aws/vendedlogs/`, where any number of log groups share one resource policy."""
        return logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/vendedlogs/states/{name}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )


def _substitutions(definition: str, functions: Functions) -> dict[str, str]:
    """The value of every `${Name}` in the definition; an unknown name is an error already here."""
    known = {f"{group.title}FunctionArn": functions[group].function_arn for group in Group}
    known |= {ROLLBACK_SUBSTITUTION: machine_arn(ROLLBACK_MACHINE), "Partition": Aws.PARTITION}
    wanted = sorted(set(re.findall(r"\$\{(\w+)\}", definition)))
    if unknown := [name for name in wanted if name not in known]:
        raise SettingsError(f"A state machine names {unknown}; the known names are {sorted(known)}.")
    return {name: known[name] for name in wanted}


def _statements(used: dict[str, str]) -> list[iam.PolicyStatement]:
    """Allow invoking the named functions, and running the rollback machine if it is named."""
    called = [arn for name, arn in used.items() if name.endswith("FunctionArn")]
    statements = [allow(["lambda:InvokeFunction"], called)] if called else []
    return [*statements, *_run_rollback()] if ROLLBACK_SUBSTITUTION in used else statements


def _run_rollback() -> list[iam.PolicyStatement]:
    """`startExecution.sync:2` waits with an EventBridge rule that Step Functions creates in the account."""
    rule = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
    return [
        allow(["states:StartExecution"], [machine_arn(ROLLBACK_MACHINE)]),
        allow(["states:DescribeExecution", "states:StopExecution"], [executions_arn(ROLLBACK_MACHINE)]),
        allow(
            ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            [f"arn:{Aws.PARTITION}:events:{Aws.REGION}:{Aws.ACCOUNT_ID}:rule/{rule}"],
        ),
    ]
