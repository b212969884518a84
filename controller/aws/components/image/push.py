"""Pushes the image of a bundle to ECR: several layers at once, each part by part, and only those that are missing.

Memory holds at most `CONNECTIONS` parts, never a whole layer. Nothing is visible in the repository before the last step
writes the manifest. Each step first checks what is there, so an interrupted push simply begins again.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from threading import Lock

from controller.aws.client.uploads import Uploads
from controller.aws.components.image.repository import LARGEST_PART, Repository
from controller.domain.components.contents import Contents
from controller.domain.components.image.documents import MAX_BYTES, Descriptor
from controller.domain.components.image.layout import Image

CONNECTIONS = 4
"""Layers in upload at once. Memory holds a part several times: as bytes, in base64, and as the request's JSON."""


class ImagePush:
    """Pushes one image of one bundle."""

    def __init__(self, repository: Repository, bundle: Contents, folder: str) -> None:
        """`folder` is the layout's folder in the bundle."""
        self._repository, self._bundle, self._folder = repository, bundle, folder
        self._reading = Lock()

    def run(self, image: Image) -> None:
        """Push the image under our tag, unless the repository has it."""
        digest = image.descriptor.digest
        if self._repository.has(digest):
            return
        largest_first = sorted(image.manifest.blobs, key=lambda blob: blob.size, reverse=True)
        with Uploads(CONNECTIONS, CONNECTIONS * LARGEST_PART) as uploads:
            for blob in self._repository.missing(largest_first):
                uploads.add(partial(self._upload, blob), min(blob.size, LARGEST_PART))
        manifest = self._bundle.read(self._path(image.descriptor), at_most=MAX_BYTES)
        self._repository.put(manifest.decode(), image.descriptor.media_type, digest)

    def _upload(self, blob: Descriptor) -> None:
        upload_id, part_size = self._repository.begin()
        first = 0
        for part in self._parts(blob, part_size):
            self._repository.add(upload_id, first, part)
            first += len(part)
        self._repository.complete(upload_id, blob.digest)

    def _parts(self, blob: Descriptor, size: int) -> Iterator[bytes]:
        """A blob's contents, part by part; only one upload at a time reads the bundle."""
        with ExitStack() as stack:
            with self._reading:
                stream = stack.enter_context(self._bundle.stream(self._path(blob)))
            while True:
                with self._reading:
                    part = stream.read(size)
                if not part:
                    return
                yield part

    def _path(self, blob: Descriptor) -> str:
        return f"{self._folder}/{blob.path}"
