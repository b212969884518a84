"""The kind `stack`: infrastructure that changes with the application; a rollback alone restores it."""
# ruff: noqa: PLC0415 - what it does is imported when it is done

from controller.domain.components.stack.artifact import StackArtifact
from controller.domain.components.stack.target import StackTarget
from selfright.components.kind import Kind, Planning
from selfright.components.planned import ComponentPlan
from selfright.packing.packing import Packed, Packing


class StackKind(Kind[StackArtifact, StackTarget]):
    """A template that is packed as it is, and compared with what is there."""

    def pack(self, packing: Packing, artifact: StackArtifact) -> Packed:
        """The template."""
        from selfright.components.stack.pack import pack_stack

        return pack_stack(packing, artifact)

    def plan(
        self, planning: Planning, target: StackTarget, known: ComponentPlan, artifact: StackArtifact
    ) -> ComponentPlan:
        """What surely happens to its resources."""
        from selfright.components.stack.plan import plan_stack

        return plan_stack(planning, target, known, artifact)


KIND = StackKind("stack")
