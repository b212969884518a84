"""Pushes: how many layers at once, how much in memory, and what remains after a failure."""

import io
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Lock

import pytest

from controller.aws.components.image.push import CONNECTIONS, ImagePush
from controller.aws.components.image.repository import Repository
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.image.artifact import ImageArtifact
from controller.domain.components.image.documents import Descriptor
from controller.errors import AwsError
from tests.builders import Item, digest
from tests.image_layouts import ImageParts, descriptor_in, image_bundle, layout, noise

PART = 1000
HANGS = 60
"""Seconds after which a wait has failed."""


@dataclass
class FakeRepository(Repository):
    """ECR in memory. The first parts wait for each other, so that as many as possible are in upload at once."""

    fails: str = ""
    ids: "count[int]" = field(default_factory=count)
    uploads: dict[str, bytes] = field(default_factory=lambda: defaultdict(bytes))
    done: dict[str, bytes] = field(default_factory=dict)
    manifests: list[tuple[str, str, str]] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    now: int = 0
    most: int = 0
    lock: Lock = field(default_factory=Lock)
    together: Event = field(default_factory=Event)

    def has(self, digest: str) -> bool:
        """Whether the image was put."""
        return any(one[2] == digest for one in self.manifests)

    def missing(self, blobs: "list[Descriptor]") -> list[Descriptor]:  # type: ignore[override]
        """The blobs whose uploads were not completed."""
        return [blob for blob in blobs if blob.digest not in self.done]

    def begin(self) -> tuple[str, int]:
        """Begin an upload; parts are small here."""
        return str(next(self.ids)), PART

    def add(self, upload_id: str, first: int, part: bytes) -> None:
        """Add a part; parts must come in order."""
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now == CONNECTIONS:
                self.together.set()
        assert self.together.wait(HANGS), "fewer parts are in upload than there are connections"
        with self.lock:
            self.now -= 1
            self.parts.append(len(part))
            assert len(self.uploads[upload_id]) == first
            self.uploads[upload_id] += part

    def complete(self, upload_id: str, digest: str) -> None:
        """Complete an upload; it fails for the digest in `fails`."""
        if digest == self.fails:
            raise AwsError("ECR did not want it.")
        self.done[digest] = self.uploads[upload_id]

    def put(self, manifest: str, media_type: str, digest: str) -> None:
        """Record the manifest."""
        self.manifests.append((manifest, media_type, digest))


LAYERS = [noise(2500 + number, number) for number in range(10)]


def push(repository: FakeRepository, method: int = 0) -> None:
    """Push an image of ten layers; `method` is the zip's compression method for them."""
    parts = image_bundle(layout(ImageParts(LAYERS)))
    if method:
        parts.files = {name: Item(data, method) for name, data in parts.files.items() if isinstance(data, bytes)}
    archive = BundleArchive(io.BytesIO(parts.pack()))
    artifact = archive.manifest().components["ai"]
    assert isinstance(artifact, ImageArtifact)
    ImagePush(repository, archive, "ai").run(artifact.read_layout(archive).image_for("linux/amd64"))


@pytest.mark.parametrize("method", [0, 8], ids=["stored", "deflated"])
def test_layers_are_uploaded_at_once_and_each_gets_its_own_bytes(method: int) -> None:
    """Only one upload at a time reads the bundle, whether the bundle compresses the layers or not."""
    repository = FakeRepository()
    push(repository, method)
    assert {digest(layer) for layer in LAYERS} < set(repository.done)
    assert all(digest(data) == name for name, data in repository.done.items())
    assert repository.most == CONNECTIONS


def test_only_a_few_parts_are_in_memory() -> None:
    """Memory holds no whole layer: no part is above ECR's limit, and there is at most one part for each upload."""
    repository = FakeRepository()
    push(repository)
    assert max(repository.parts) == PART
    assert repository.most <= CONNECTIONS


def test_the_manifest_comes_last() -> None:
    """Before that, nothing of the image is visible."""
    repository = FakeRepository()
    push(repository)
    ((manifest, media_type, name),) = repository.manifests
    assert (digest(manifest.encode()), media_type[-16:]) == (name, "manifest.v1+json")


def test_a_failure_leaves_no_image_and_the_next_push_goes_on() -> None:
    """The next push does not repeat finished uploads."""
    repository = FakeRepository(fails=digest(LAYERS[3]))
    with pytest.raises(AwsError, match="did not want it"):
        push(repository)
    assert repository.manifests == []
    before, repository.fails = len(repository.done), ""
    sent = len(repository.parts)
    push(repository)
    assert len(repository.done) == len(LAYERS) + 1
    assert len(repository.parts) - sent <= 3 * (len(LAYERS) + 1 - before)


def test_an_image_that_is_there_is_not_read_or_sent() -> None:
    """The repository is asked, and that is all."""
    repository = FakeRepository()
    push(repository)
    sent = len(repository.parts)
    push(repository)
    assert (len(repository.parts), len(repository.manifests)) == (sent, 1)


def test_the_digest_is_the_layouts() -> None:
    """The pushed manifest is the one that the index names."""
    repository = FakeRepository()
    push(repository)
    assert repository.manifests[0][2] == descriptor_in(layout(ImageParts(LAYERS)))["digest"]
