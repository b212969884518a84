"""The kind `image`: a Lambda function from a container image."""

from controller.domain.components.kind import Kind

KIND = Kind("image", __name__, "ImageTarget", "ImageArtifact")
