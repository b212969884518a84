"""Lambda's rules for container images, checked before anything is pushed."""

from collections.abc import Mapping

from controller.domain.components.image.documents import GZIP_LAYERS, PLAIN_LAYERS, Descriptor
from controller.domain.components.image.layout import Image
from controller.errors import InvalidBundleError

MAX_UNPACKED = 10 * 1024**3
"""Lambda's limit for an image, all layers unpacked."""
_GZIP = "Build it with `--output type=oci,dest=image.tar,compression=gzip,force-compression=true`."


def refuse_unsupported(image: Image, what: str) -> None:
    """Raise `InvalidBundleError` when Lambda would not accept the image; `what` is its name in messages."""
    if not image.manifest.layers:
        raise InvalidBundleError(f"the image for {image.platform} in '{what}' has no layers", "Build it again.")
    for blob in image.manifest.blobs:
        if not blob.size:
            raise InvalidBundleError(f"{blob.digest} in '{what}' is empty, which ECR refuses", "Build it again.")
    for layer in image.manifest.layers:
        _refuse_layer(layer, what)


def refuse_too_large(image: Image, unpacked: Mapping[str, int], what: str) -> None:
    """Raise `InvalidBundleError` for an image over Lambda's limit.

    `unpacked` are the unpacked sizes in bytes of its gzip layers by path.
    """
    size = sum(unpacked.get(layer.path, layer.size) for layer in image.manifest.layers)
    if size > MAX_UNPACKED:
        reason = f"the image for {image.platform} in '{what}' unpacks to {size / 1024**3:.1f} GiB"
        raise InvalidBundleError(f"{reason}; Lambda allows 10 GiB", "Make it smaller, for example in stages.")


def _refuse_layer(layer: Descriptor, what: str) -> None:
    if layer.media_type in GZIP_LAYERS | PLAIN_LAYERS:
        return
    where = f"the layer {layer.digest} in '{what}'"
    if "zstd" in layer.media_type:
        raise InvalidBundleError(f"{where} is compressed with zstd, which Lambda does not support", _GZIP)
    if "nondistributable" in layer.media_type or "foreign" in layer.media_type:
        raise InvalidBundleError(f"{where} must be fetched from elsewhere", "Use a base image with all its layers.")
    raise InvalidBundleError(f"{where} has the media type '{layer.media_type}', which Lambda does not support", _GZIP)
