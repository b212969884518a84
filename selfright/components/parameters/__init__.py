"""The kind `parameters`: settings of the application."""
# ruff: noqa: PLC0415 - each operation is imported when it is needed

from collections.abc import Sequence

from controller.domain.components.parameters.artifact import ParametersArtifact
from controller.domain.components.parameters.target import ParametersTarget
from selfright.components.examined import Examination, Examining
from selfright.components.kind import Kind, Planning, Recovering
from selfright.components.planned import ComponentPlan
from selfright.components.recovered import Recovery
from selfright.packing.packing import Packed, Packing


class ParametersKind(Kind[ParametersArtifact, ParametersTarget]):
    """A file that is packed unchanged, compared name by name, and written again."""

    def pack(self, packing: Packing, artifact: ParametersArtifact) -> Packed:
        """Add the file, unless something in it looks like a secret."""
        from selfright.components.parameters.pack import pack_parameters

        return pack_parameters(packing, artifact)

    def plan(
        self, planning: Planning, target: ParametersTarget, known: ComponentPlan, artifact: ParametersArtifact
    ) -> ComponentPlan:
        """Compare names and values; values are never shown."""
        from selfright.components.parameters.plan import plan_parameters

        return plan_parameters(planning, target, known, artifact)

    def by_hand(self, target: ParametersTarget, revision: str) -> str:
        """Write the pointer."""
        return f"aws ssm put-parameter --overwrite --type String --name {target.prefix}/current --value {revision}"

    def examine(self, examining: Examining, target: ParametersTarget) -> Sequence[Examination]:
        """Its state in AWS, as a release needs it."""
        from selfright.components.parameters.examine import ParametersExaminer

        return ParametersExaminer(examining, target).examinations()

    def recoveries(self, recovering: Recovering, target: ParametersTarget) -> Sequence[Recovery]:
        """Recover the values of its revision, then the pointer."""
        from selfright.components.parameters.recover import ParametersRecovery

        return [ParametersRecovery(recovering.clients, recovering.name, target, recovering.entry, recovering.document)]


KIND = ParametersKind("parameters")
