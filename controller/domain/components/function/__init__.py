"""The kind `function`: a Lambda function from a zip; and what it shares with every kind that runs on Lambda."""

from controller.domain.components.kind import Kind

KIND = Kind("function", __name__, "FunctionTarget", "FunctionArtifact")
