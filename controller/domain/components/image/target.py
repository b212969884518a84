"""A container image in an environment: the function that runs it, and its repository."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from controller.domain.components.function.target import LambdaTarget

if TYPE_CHECKING:
    from controller.domain.components.artifact import Artifact
    from controller.domain.components.contents import Contents


class ImageTarget(LambdaTarget):
    """A Lambda function whose code is a container image. `repository` is the ECR repository's name."""

    kind: Literal["image"]
    repository: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{1,255}$")]
    platform: Literal["linux/amd64", "linux/arm64"] = "linux/amd64"

    def require_fit(self, artifact: "Artifact", bundle: "Contents") -> None:
        """There must be room for the variables, and an image for the platform of the function."""
        from controller.domain.components.image.artifact import ImageArtifact  # noqa: PLC0415 - only with a bundle

        super().require_fit(artifact, bundle)
        ImageArtifact.of(artifact, self.kind).read_layout(bundle).image_for(self.platform)
