"""The kind `state_machine` on AWS."""
# ruff: noqa: PLC0415 - each adapter is imported when it is first needed

from collections.abc import Mapping
from typing import Any

from controller.aws.components.kind import AwsKind, MetricNames, Tools
from controller.domain.components.state_machine.target import StateMachineTarget
from controller.domain.deployment import Revision
from controller.ports.components import Component

FAILED = ("ExecutionsFailed", "ExecutionsTimedOut")
ENDED = ("ExecutionsSucceeded", *FAILED)
"""Executions that have ended, and those of them that count against a version. One that a person stops is neither."""


class StateMachineKind(AwsKind[StateMachineTarget]):
    """A state machine of Step Functions."""

    always_by_version = True

    def component(self, target: StateMachineTarget, name: str, tools: Tools) -> Component:
        """The state machine's alias and its versions."""
        from controller.aws.components.state_machine.component import StateMachineComponent

        return StateMachineComponent(target, name, tools.clients, context=tools.context)

    def export(self, target: StateMachineTarget, revision: Revision, tools: Tools) -> Mapping[str, Any]:
        """The version's definition and configuration."""
        from controller.aws.components.state_machine.versions import FROM_TEMPLATE, MachineVersions

        found = MachineVersions(tools.clients, target.state_machine_arn).described(revision.id)
        return {
            "state_machine_arn": target.state_machine_arn,
            "alias": target.alias,
            "version": revision.id,
            "definition": found["definition"],
            "configuration": {name: found[name] for name in (*FROM_TEMPLATE, "type") if found.get(name)},
        }

    def measured(self, target: StateMachineTarget, version: str) -> MetricNames:
        """The executions that were started by the alias, or those of one version, dated by their ends."""
        by = {"Version": version} if version else {"Alias": target.alias}
        dimensions = {"StateMachineArn": target.state_machine_arn, **by}
        return MetricNames("AWS/States", ENDED, FAILED, "ExecutionTime", dimensions)


KIND = StateMachineKind()
