"""The kind `note` on a person's machine."""

from collections.abc import Sequence

from selfright.components.kind import Kind, Planning, Recovering
from selfright.components.planned import ComponentPlan, compare
from selfright.components.recovered import Recovery, RecoveryStep, do
from selfright.packing.packing import Packed, Packing
from tests.kinds.note.aws.component import NoteStore
from tests.kinds.note.rules.artifact import NoteArtifact
from tests.kinds.note.rules.target import NoteTarget


class NoteKind(Kind[NoteArtifact, NoteTarget]):
    """A file that is packed unchanged, compared by its text, and written again by a recovery."""

    def pack(self, packing: Packing, artifact: NoteArtifact) -> Packed:
        """Pack the file."""
        return packing.add(artifact.artifact, packing.file("Write it."))

    def plan(
        self, planning: Planning, target: NoteTarget, known: ComponentPlan, artifact: NoteArtifact
    ) -> ComponentPlan:
        """Compare the text of the live revision with the new one."""
        before = NoteStore(planning.clients, target).text(known.live) if known.live else ""
        after = artifact.read_text(planning.bundle)
        items = compare({"text": before}, {"text": after}, "texts")
        return ComponentPlan(known.name, known.kind, "changed" if items else "unchanged", known.live, items=items)

    def recoveries(self, recovering: Recovering, target: NoteTarget) -> Sequence[Recovery]:
        """The recovery of the pointer."""
        return [NoteRecovery(recovering, NoteStore(recovering.clients, target))]


class NoteRecovery:
    """Implements `recovered.Recovery`."""

    def __init__(self, recovering: Recovering, store: NoteStore) -> None:
        self._recovering, self._store = recovering, store

    def plan(self) -> list[RecoveryStep]:
        """One step, unless the pointer names the text already."""
        live = self._recovering.entry.revision
        if self._store.text("current") == live:
            return []
        return [do(self._recovering.name, f"show {live} again", lambda: self._store.write("current", live))]


KIND = NoteKind("note")
