"""The JSON documents of a container image (OCI, and Docker's schema 2), which are not trusted.

Selfright reads only the keys that it needs; the bytes stay as they are, because a document's digest is that of its
bytes.
"""

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from controller.domain.printable import printable
from controller.errors import InvalidBundleError

_OCI, _DOCKER = "application/vnd.oci.image", "application/vnd.docker"
INDEXES = frozenset({f"{_OCI}.index.v1+json", f"{_DOCKER}.distribution.manifest.list.v2+json"})
MANIFESTS = frozenset({f"{_OCI}.manifest.v1+json", f"{_DOCKER}.distribution.manifest.v2+json"})
CONFIGS = frozenset({f"{_OCI}.config.v1+json", f"{_DOCKER}.container.image.v1+json"})
GZIP_LAYERS = frozenset({f"{_OCI}.layer.v1.tar+gzip", f"{_DOCKER}.image.rootfs.diff.tar.gzip"})
PLAIN_LAYERS = frozenset({f"{_OCI}.layer.v1.tar", f"{_DOCKER}.image.rootfs.diff.tar"})
MAX_BYTES = 4 * 1024 * 1024
"""ECR's limit for a manifest; the other documents are smaller."""
MAX_MANIFESTS = 100
MAX_LAYERS = 127
"""The most layers that a layered file system can have."""
_REBUILD = "Build the image again, for example with `docker buildx build --output type=oci,dest=image.tar`."


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Platform(_Document):
    """The platform of an image, as far as it matters to Lambda."""

    os: Annotated[str, Field(max_length=40)] = ""
    architecture: Annotated[str, Field(max_length=40)] = ""

    def __str__(self) -> str:
        """The platform as Docker writes it: `linux/amd64`."""
        return f"{self.os}/{self.architecture}"


class Descriptor(_Document):
    """A reference to a blob by its digest."""

    media_type: Annotated[str, Field(alias="mediaType", max_length=255)]
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]
    platform: Platform | None = None

    @property
    def sha256(self) -> str:
        """The digest in hex."""
        return self.digest.removeprefix("sha256:")

    @property
    def path(self) -> str:
        """The blob's path in the layout."""
        return f"blobs/sha256/{self.sha256}"


class Marker(_Document):
    """The file `oci-layout`, which marks a folder as a layout."""

    version: Annotated[Literal["1.0.0"], Field(alias="imageLayoutVersion")]


class Index(_Document):
    """A list of manifests: `index.json`, or the index of an image for several platforms."""

    schema_version: Annotated[Literal[2], Field(alias="schemaVersion")]
    manifests: Annotated[tuple[Descriptor, ...], Field(max_length=MAX_MANIFESTS)]


class ImageManifest(_Document):
    """The layers and the config of an image."""

    schema_version: Annotated[Literal[2], Field(alias="schemaVersion")]
    config: Descriptor
    layers: Annotated[tuple[Descriptor, ...], Field(max_length=MAX_LAYERS)]

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Layers and config, each once: an image may have the same layer twice."""
        return tuple({blob.digest: blob for blob in (*self.layers, self.config)}.values())


_Kind = TypeVar("_Kind", bound=_Document)


def parse(kind: type[_Kind], data: bytes, where: str) -> _Kind:
    """The document in `data`; raises `InvalidBundleError` that says what is wrong with it."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        reason = printable(f"'{where}' is not the {kind.__name__.lower()} of a container image: {key} {first['msg']}")
        raise InvalidBundleError(reason, _REBUILD) from error
