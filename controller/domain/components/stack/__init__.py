"""The kind `stack`: a CloudFormation stack of infrastructure that changes with the application."""

from controller.domain.components.kind import Kind

KIND = Kind("stack", __name__, "StackTarget", "StackArtifact")
