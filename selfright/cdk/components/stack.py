"""CloudFormation stacks that change with the application."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from selfright.cdk import durations
from selfright.cdk.components.component import Privileges, allow, read_staged
from selfright.cdk.names import Group


@dataclass(frozen=True)
class StackComponent:
    """A CloudFormation stack that changes with the application: releases carry its template.

    Create only the role: the first release creates the stack.

    Args:
        stack_name: the stack's name. Only releases may change that stack.
        role: the role with which CloudFormation makes the changes: its permissions are those of a release.
        parameters: values that replace those of the bundle.
        capabilities: `CAPABILITY_IAM`, `CAPABILITY_NAMED_IAM`, `CAPABILITY_AUTO_EXPAND`.
        allow_replacement: the stateful resources, by logical id, that a release may replace; `*` is all.
        allow_deletion: the stateful resources that a release may delete.
        timeout: how long an update or its rollback may take, such as `1h`; at most `10h`.
    """

    stack_name: str
    role: iam.IRole
    parameters: Mapping[str, str] = field(default_factory=dict)
    capabilities: Sequence[str] = ()
    allow_replacement: Sequence[str] = ()
    allow_deletion: Sequence[str] = ()
    timeout: str = "1h"

    def __post_init__(self) -> None:
        """Refuse a wrong duration."""
        durations.check("timeout", self.timeout)

    def declaration(self) -> dict[str, Any]:
        """The entry that `StackTarget` reads."""
        return {
            "kind": "stack",
            "stack_name": self.stack_name,
            "role_arn": self.role.role_arn,
            "capabilities": list(self.capabilities),
            "parameters": dict(self.parameters),
            "allow_replacement": list(self.allow_replacement),
            "allow_deletion": list(self.allow_deletion),
            "timeout": self.timeout,
        }

    def privileges(self) -> Privileges:
        """Staging changes the stack, and restoring restores it; both may pass only this one role."""
        read_access = ["DescribeStacks", "GetTemplate"]
        change = ["CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DescribeStackEvents"]
        undo = ["CancelUpdateStack", "DeleteStack", "ListStackResources"]
        passed_to = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
        pass_role = iam.PolicyStatement(actions=["iam:PassRole"], resources=[self.role.role_arn], conditions=passed_to)
        large = read_staged("restore-points/stacks/*.template")
        return {
            Group.STAGE: [self._allow(*read_access, *change), pass_role, large, *self._macros()],
            Group.CHECK: [self._allow(*read_access)],
            Group.TRAFFIC: [self._allow(*read_access, *change, *undo), pass_role, large, *self._macros()],
            Group.ON_ALARM: [self._allow(*read_access)],  # an emergency rollback reads what is live
            Group.CLOSE: [self._allow(*read_access)],
        }

    def _macros(self) -> list[iam.PolicyStatement]:
        """Macros of AWS, such as SAM's, are separate resources, and creating a change set needs them, too."""
        if "CAPABILITY_AUTO_EXPAND" not in self.capabilities:
            return []
        macros = f"arn:{Aws.PARTITION}:cloudformation:{Aws.REGION}:aws:transform/*"
        return [allow(["cloudformation:CreateChangeSet"], [macros])]

    def _allow(self, *actions: str) -> iam.PolicyStatement:
        arn = f"arn:{Aws.PARTITION}:cloudformation:{Aws.REGION}:{Aws.ACCOUNT_ID}:stack/{self.stack_name}/*"
        return allow([f"cloudformation:{action}" for action in actions], [arn])
