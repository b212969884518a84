"""State machines of Step Functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_iam as iam

from selfright.cdk.components.component import Privileges, allow
from selfright.cdk.names import Group

if TYPE_CHECKING:  # CDK's modules are slow to import, and most applications have no state machines
    from aws_cdk import aws_stepfunctions as stepfunctions


@dataclass(frozen=True)
class StateMachineComponent:
    """A state machine whose executions are started by an alias.

    Args:
        state_machine: the state machine. Its definition in the template must never change: begin with one `Pass` state.
        alias: the alias by which executions are started, made by the template on a first version.
        definition_substitutions: what names (`${Table}`) in the definition stand for in this environment; they replace
            those of a release.
        log_group: the name of the log group to which it logs, if it does.
    """

    state_machine: "stepfunctions.IStateMachine"
    alias: str = "live"
    definition_substitutions: Mapping[str, str] = field(default_factory=dict)
    log_group: str | None = None

    def declaration(self) -> dict[str, Any]:
        """The entry that `StateMachineTarget` reads."""
        return {
            "kind": "state_machine",
            "state_machine_arn": self.state_machine.state_machine_arn,
            "alias": self.alias,
            "definition_substitutions": dict(self.definition_substitutions),
            **({"log_group": self.log_group} if self.log_group else {}),
        }

    def privileges(self) -> Privileges:
        """The statements for this state machine, its alias and its versions.

        Statements for reading name the state machine besides its versions, because AWS may check either of them.
        """
        machine = self.state_machine.state_machine_arn
        all_of = [machine, f"{machine}:*"]
        read_access = allow(["states:DescribeStateMachine", "states:DescribeStateMachineAlias"], all_of)
        shift = allow(
            ["states:DescribeStateMachineAlias", "states:UpdateStateMachineAlias"], [f"{machine}:{self.alias}"]
        )
        delete = [
            read_access,
            allow(["states:ListStateMachineVersions", "states:ListStateMachineAliases"], [machine]),
            allow(["states:DeleteStateMachineVersion"], [f"{machine}:*"]),
        ]
        change = allow(["states:UpdateStateMachine", "states:PublishStateMachineVersion"], [machine])
        return {
            Group.STAGE: [read_access, change, *self._pass_role()],
            Group.CHECK: [read_access],
            Group.TRAFFIC: [shift],
            Group.ON_ALARM: [shift, read_access],
            Group.CLOSE: delete,
            Group.RECONCILE: delete,
        }

    def _pass_role(self) -> Sequence[iam.PolicyStatement]:
        """An update leaves the role as it is, but AWS asks for this all the same; known if the machine is made here."""
        role = getattr(self.state_machine, "role", None)
        if role is None:
            return []
        to = {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}
        return [iam.PolicyStatement(actions=["iam:PassRole"], resources=[role.role_arn], conditions=to)]
