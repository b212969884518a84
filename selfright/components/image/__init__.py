"""The kind `image`: a Lambda function whose code is a container image."""
# ruff: noqa: PLC0415 - each operation is imported when it is needed

from collections.abc import Sequence

from controller.domain.components.image.artifact import ImageArtifact
from controller.domain.components.image.target import ImageTarget
from selfright.components.examined import Examination, Examining
from selfright.components.function import LambdaKind
from selfright.components.kind import Planning, Recovering
from selfright.components.planned import ComponentPlan
from selfright.components.recovered import Recovery
from selfright.packing.packing import Packed, Packing


class ImageKind(LambdaKind[ImageArtifact, ImageTarget]):
    """A function whose code is packed as an OCI layout."""

    def pack(self, packing: Packing, artifact: ImageArtifact) -> Packed:
        """Add the files that the layout's index names."""
        from selfright.components.image.pack import pack_image

        return pack_image(packing, artifact)

    def plan(
        self, planning: Planning, target: ImageTarget, known: ComponentPlan, artifact: ImageArtifact
    ) -> ComponentPlan:
        """Compare its image and configuration."""
        from selfright.components.image.plan import ImagePlanner

        return ImagePlanner(planning, target, artifact).plan(known)

    def examine(self, examining: Examining, target: ImageTarget) -> Sequence[Examination]:
        """Its state in AWS, as a release needs it."""
        from selfright.components.image.examine import ImageExaminer

        return ImageExaminer(examining, target).examinations()

    def recoveries(self, recovering: Recovering, target: ImageTarget) -> Sequence[Recovery]:
        """Recover its version and alias, then the API in front of it."""
        from selfright.components.image.recover import ImageRecovery

        clients, bucket, entry = recovering.clients, recovering.bucket, recovering.entry
        image = ImageRecovery(clients, bucket, recovering.name, target, entry, recovering.document)
        return [image, *self.api_recoveries(recovering)]


KIND = ImageKind("image")
