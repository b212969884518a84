"""An OCI layout: a folder with `oci-layout`, `index.json` and `blobs/sha256/*`, as `docker buildx` and buildah make it.

Everything is found by its digest, beginning with `index.json`; so the digest of `index.json` covers the whole layout. A
layout can have images for several platforms, and attestations beside them (`docker buildx` adds them by default). A
manifest that an index lists but the layout lacks belongs to a platform that was left out.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from controller.domain.components.image.documents import (
    CONFIGS,
    GZIP_LAYERS,
    INDEXES,
    MANIFESTS,
    MAX_BYTES,
    MAX_MANIFESTS,
    Descriptor,
    ImageManifest,
    Index,
    Marker,
    Platform,
    parse,
)
from controller.errors import InvalidBundleError

MARKER, INDEX = "oci-layout", "index.json"
_DEPTH = 3
"""How deep indexes may be nested: `index.json`, an image's index, and one more."""
_AGAIN = "Make the bundle again with `selfright bundle`."


class Files(Protocol):
    """The files of a layout: in a bundle, in a folder, or in a tar."""

    def has(self, path: str) -> bool:
        """Whether the file is there."""

    def read(self, path: str, at_most: int) -> bytes:
        """A whole file; raises `InvalidBundleError` when it is missing or larger."""


@dataclass(frozen=True)
class Image:
    """One image for one platform; `descriptor` is its manifest's."""

    descriptor: Descriptor
    manifest: ImageManifest
    platform: str

    @property
    def gzip_layers(self) -> frozenset[str]:
        """The paths of the layers that are compressed."""
        return frozenset(layer.path for layer in self.manifest.layers if layer.media_type in GZIP_LAYERS)


@dataclass(frozen=True)
class Layout:
    """A layout's images, and SHA-256 (hex) and size of every file that belongs to it, by path.

    `absent` are the platforms whose images are listed but not in the layout.
    """

    digest: str
    images: tuple[Image, ...]
    files: dict[str, tuple[str, int]]
    absent: frozenset[str] = frozenset()

    def image_for(self, platform: str) -> Image:
        """The one image for this platform; raises `InvalidBundleError`."""
        found = {image.descriptor.digest: image for image in self.images if image.platform == platform}
        if len(found) > 1:
            reason = f"the layout has {len(found)} images for {platform}, and it is not clear which one is meant"
            raise InvalidBundleError(reason, "Keep one image for each platform in the layout.")
        if not found:
            others = ", ".join(sorted({image.platform for image in self.images})) or "none"
            missing = "is listed, but was left out" if platform in self.absent else "is not in the layout"
            reason = f"the image for {platform} {missing} (there are: {others})"
            next_step = f"Build it with `--platform {platform}`, or correct `platform` in the environment."
            raise InvalidBundleError(reason, next_step)
        return next(iter(found.values()))


@dataclass
class _Walk:
    """Follows the descriptors of one layout."""

    source: Files
    what: str
    images: list[Image] = field(default_factory=list)
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    manifests: int = 0

    def root(self) -> str:
        """Read the marker and follow the index; returns the index's digest."""
        parse(Marker, self._plain(MARKER), f"{self.what}/{MARKER}")
        data = self._plain(INDEX)
        self.index(data, f"{self.what}/{INDEX}", _DEPTH)
        return self.files[INDEX][0]

    def index(self, data: bytes, where: str, depth: int) -> None:
        if not depth:
            raise InvalidBundleError(f"'{where}' is nested in too many other indexes", _AGAIN)
        for descriptor in parse(Index, data, where).manifests:
            self.manifests += 1
            if self.manifests > MAX_MANIFESTS:
                reason = f"'{self.what}' lists more than {MAX_MANIFESTS} images"
                raise InvalidBundleError(reason, "Keep only what is released in the layout.")
            self._follow(descriptor, depth)

    def _follow(self, descriptor: Descriptor, depth: int) -> None:
        if descriptor.media_type not in INDEXES | MANIFESTS:
            reason = f"'{self.what}' lists '{descriptor.media_type}', which is neither an image nor an index of images"
            raise InvalidBundleError(reason, "Build the image in the OCI format, or in Docker's schema 2.")
        if not self.source.has(descriptor.path):
            self.absent |= {str(descriptor.platform)} if descriptor.platform else set()
            return
        known = descriptor.path in self.files
        data = self._document(descriptor)
        if known:
            return
        if descriptor.media_type in INDEXES:
            self.index(data, f"{self.what}/{descriptor.path}", depth - 1)
        else:
            self._image(descriptor, parse(ImageManifest, data, f"{self.what}/{descriptor.path}"))

    def _image(self, descriptor: Descriptor, manifest: ImageManifest) -> None:
        """Add all its blobs; a manifest with another kind of config (an attestation, a signature) is no image."""
        for blob in (*manifest.layers, manifest.config):
            self._note(blob)
        if manifest.config.media_type in CONFIGS:
            platform = parse(Platform, self._document(manifest.config), f"{self.what}/{manifest.config.path}")
            if (platform.os, platform.architecture) != ("unknown", "unknown"):
                self.images.append(Image(descriptor, manifest, str(platform)))

    def _document(self, descriptor: Descriptor) -> bytes:
        """A document's bytes, compared with the descriptor that refers to it."""
        self._note(descriptor)
        data = self.source.read(f"{descriptor.path}", MAX_BYTES)
        if (hashlib.sha256(data).hexdigest(), len(data)) != (descriptor.sha256, descriptor.size):
            reason = f"'{self.what}/{descriptor.path}' does not match its digest"
            raise InvalidBundleError(reason, "Build the image again; it was changed or cut off.")
        return data

    def _plain(self, path: str) -> bytes:
        data = self.source.read(path, MAX_BYTES)
        self.files[path] = (hashlib.sha256(data).hexdigest(), len(data))
        return data

    def _note(self, blob: Descriptor) -> None:
        before = self.files.setdefault(blob.path, (blob.sha256, blob.size))
        if before != (blob.sha256, blob.size):
            raise InvalidBundleError(f"'{self.what}' gives two sizes for {blob.digest}", _AGAIN)


def read_layout(source: Files, what: str) -> Layout:
    """Follow everything from `index.json`; raises `InvalidBundleError`. `what` is the layout's name in messages.

    Layers are not read, only listed in `files`: compare their digests when they are read.
    """
    if not source.has(MARKER) or not source.has(INDEX):
        missing = INDEX if source.has(MARKER) else MARKER
        reason = f"'{what}' is not an OCI layout: it has no '{missing}'"
        next_step = "Make one with `docker buildx build --output type=oci,dest=image.tar`, or with buildah."
        raise InvalidBundleError(reason, next_step)
    walk = _Walk(source, what)
    digest = walk.root()
    if not walk.images:
        raise InvalidBundleError(f"'{what}' has no image in it", "Build the image again.")
    return Layout(digest, tuple(walk.images), walk.files, frozenset(walk.absent))
