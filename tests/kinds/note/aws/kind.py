"""The adapters of the kind `note`, one for each port."""

from collections.abc import Mapping
from typing import Any

from controller.aws.components.kind import AwsKind, Tools
from controller.domain.deployment import Revision
from controller.ports.components import Component
from tests.kinds.note.aws.component import NoteComponent, NoteStore
from tests.kinds.note.rules.target import NoteTarget


class NoteKind(AwsKind[NoteTarget]):
    """Texts in a bucket."""

    def component(self, target: NoteTarget, name: str, tools: Tools) -> Component:
        """The texts, and the pointer to the live one."""
        return NoteComponent(NoteStore(tools.clients, target), name)

    def export(self, target: NoteTarget, revision: Revision, tools: Tools) -> Mapping[str, Any]:
        """The live text."""
        store = NoteStore(tools.clients, target)
        return {"prefix": target.prefix, "text": store.text(revision.id) if revision.id else ""}


KIND = NoteKind()
