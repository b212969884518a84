"""The kind `stack`: infrastructure that changes with the application."""

from controller.domain.components.kind import Kind

KIND = Kind("stack", __name__, "StackTarget", "StackArtifact")
