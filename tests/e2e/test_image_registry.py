"""Images pushed to the local AWS's ECR: the same calls as in the unit tests, over HTTP to another emulation.

It stores images and tags, but no layers, so a repeated push uploads all of them. It cannot run a container, so these
tests do not show a function with the image.
"""

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from controller.aws.client.clients import Clients
from controller.aws.components.image.push import ImagePush
from controller.aws.components.image.repository import Repository
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.image.artifact import ImageArtifact
from controller.errors import NotFoundError
from selfright.local import emulator
from tests.image_layouts import CODE, Files, ImageParts, descriptor_in, image_bundle, layout, noise

NAME = "smartpack/ai"
LARGE = noise(11 * 1024 * 1024)
"""More than one part of 10 MiB."""


@pytest.fixture(scope="module")
def ecr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a local AWS of its own."""
    with emulator.session(tmp_path_factory.mktemp("registry") / "local") as running:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        client = boto3.client("ecr", endpoint_url=running.endpoint, **keys)
        client.create_repository(repositoryName=NAME, imageTagMutability="IMMUTABLE")
        yield client


def repository(ecr: Any, name: str = NAME, function: str = "smartpack-prod-ai") -> Repository:  # noqa: ANN401 - a client
    """The repository, for a function."""
    clients = Clients()
    clients.registry = ecr
    return Repository(clients, name, function)


def push(to: Repository, files: Files) -> str:
    """Push the layout's image; its address."""
    archive = BundleArchive(io.BytesIO(image_bundle(files).pack()))
    artifact = archive.manifest().components["ai"]
    assert isinstance(artifact, ImageArtifact)
    image = artifact.read_layout(archive).image_for("linux/amd64")
    uri = to.uri()
    ImagePush(to, archive, "ai").run(image)
    return f"{uri}@{image.descriptor.digest}"


def test_an_image_is_pushed_once_and_deleted_again(ecr: Any) -> None:  # noqa: ANN401 - a client
    """It exists under its digest, byte for byte; the second push only reads; a prune deletes our tag."""
    calls: Counter[str] = Counter()
    ecr.meta.events.register("before-call.ecr", lambda model, **_: calls.update([model.name]))
    files, to = layout(ImageParts((LARGE, CODE))), repository(ecr)
    digest = descriptor_in(files)["digest"]
    assert push(to, files) == f"000000000000.dkr.ecr.us-east-1.amazonaws.com/{NAME}@{digest}"
    assert (calls["InitiateLayerUpload"], calls["UploadLayerPart"], calls["CompleteLayerUpload"]) == (3, 4, 3)
    (image,) = ecr.batch_get_image(repositoryName=NAME, imageIds=[{"imageDigest": digest}])["images"]
    assert image["imageManifest"].encode() == files[f"blobs/sha256/{digest[7:]}"]
    calls.clear()
    push(to, files)
    assert set(calls) == {"DescribeRepositories", "BatchGetImage"}
    assert to.ours() == {to.tag(digest): digest[7:]}
    assert repository(ecr, function="another").ours() == {}
    assert to.delete(to.ours()) == 1
    assert to.ours() == {}
    assert to.delete([to.tag(digest)]) == 0


def test_an_unknown_repository_is_told(ecr: Any) -> None:  # noqa: ANN401 - a client
    """With the name that the environment has."""
    with pytest.raises(NotFoundError, match="ECR has no repository elsewhere"):
        push(repository(ecr, "elsewhere"), layout())
