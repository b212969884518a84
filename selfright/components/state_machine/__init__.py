"""The kind `state_machine`: a state machine of AWS Step Functions."""
# ruff: noqa: PLC0415 - each operation is imported when it is needed

from collections.abc import Sequence

from controller.domain.components.state_machine.artifact import StateMachineArtifact
from controller.domain.components.state_machine.target import StateMachineTarget
from selfright.components.examined import Examination, Examining
from selfright.components.kind import Kind, Planning, Recovering, RequestMetrics
from selfright.components.planned import ComponentPlan
from selfright.components.recovered import Recovery
from selfright.packing.packing import Packed, Packing


class StateMachineKind(Kind[StateMachineArtifact, StateMachineTarget]):
    """A definition that is packed unchanged, compared state by state, and published again by a recovery."""

    def pack(self, packing: Packing, artifact: StateMachineArtifact) -> Packed:
        """Add the definition."""
        from controller.domain.components.state_machine.definition import parse_definition

        text = packing.file("Name the file with the definition, JSON or YAML.")
        parse_definition(text, packing.place.name)
        return packing.add(artifact.artifact, text)

    def plan(
        self, planning: Planning, target: StateMachineTarget, known: ComponentPlan, artifact: StateMachineArtifact
    ) -> ComponentPlan:
        """Compare its states."""
        from selfright.components.state_machine.plan import plan_state_machine

        return plan_state_machine(planning, target, known, artifact)

    def by_hand(self, target: StateMachineTarget, revision: str) -> str:
        """Move the alias."""
        machine = target.state_machine_arn
        return (
            f"aws stepfunctions update-state-machine-alias --state-machine-alias-arn {machine}:{target.alias}"
            f" --routing-configuration stateMachineVersionArn={machine}:{revision},weight=100"
        )

    def metrics(self, target: StateMachineTarget) -> RequestMetrics:
        """The executions that the alias has started."""
        dimensions = {"StateMachineArn": target.state_machine_arn, "Alias": target.alias}
        return RequestMetrics("AWS/States", "ExecutionsStarted", "ExecutionsFailed", dimensions)

    def examine(self, examining: Examining, target: StateMachineTarget) -> Sequence[Examination]:
        """Its state in AWS, as a release needs it."""
        from selfright.components.state_machine.examine import StateMachineExaminer

        return StateMachineExaminer(examining, target).examinations()

    def recoveries(self, recovering: Recovering, target: StateMachineTarget) -> Sequence[Recovery]:
        """Recover its version and alias."""
        from selfright.components.state_machine.recover import StateMachineRecovery

        return [
            StateMachineRecovery(recovering.clients, recovering.name, target, recovering.entry, recovering.document)
        ]


KIND = StateMachineKind("state_machine")
