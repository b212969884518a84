"""The kind `note`, which exists only in the tests: a text that an application shows."""

from controller.domain.components.kind import Kind

KIND = Kind("note", __name__, "NoteTarget", "NoteArtifact")
