"""The kind `function`: a Lambda function from a zip; and what all kinds that run on Lambda share."""

from controller.domain.components.kind import Kind

KIND = Kind("function", __name__, "FunctionTarget", "FunctionArtifact")
