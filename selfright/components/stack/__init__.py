"""The kind `stack`: infrastructure that changes with the application; only a rollback restores it."""
# ruff: noqa: PLC0415 - each operation is imported when it is needed

from collections.abc import Sequence

from controller.domain.components.stack.artifact import StackArtifact
from controller.domain.components.stack.target import StackTarget
from selfright.components.examined import Examination, Examining
from selfright.components.kind import Kind, Planning
from selfright.components.planned import ComponentPlan
from selfright.packing.packing import Packed, Packing


class StackKind(Kind[StackArtifact, StackTarget]):
    """A template that is packed unchanged and compared with the stack."""

    def pack(self, packing: Packing, artifact: StackArtifact) -> Packed:
        """Add the template."""
        from selfright.components.stack.pack import pack_stack

        return pack_stack(packing, artifact)

    def plan(
        self, planning: Planning, target: StackTarget, known: ComponentPlan, artifact: StackArtifact
    ) -> ComponentPlan:
        """The changes to its resources that are certain."""
        from selfright.components.stack.plan import plan_stack

        return plan_stack(planning, target, known, artifact)

    def examine(self, examining: Examining, target: StackTarget) -> Sequence[Examination]:
        """Its state in AWS, as a release needs it."""
        from selfright.components.stack.examine import StackExaminer

        return StackExaminer(examining, target).examinations()


KIND = StackKind("stack")
