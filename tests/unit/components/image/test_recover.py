"""The recovery of a container image's function: ECR by moto, Lambda in memory."""

import io

import boto3
import pytest

from controller.aws.bundles import S3Bundles
from controller.aws.client.clients import Clients
from controller.aws.components.function.export import FunctionExport
from controller.aws.components.image.component import ImageComponent
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.image.target import ImageTarget
from controller.domain.deployment import Revision
from selfright.components.image.recover import ImageRecovery
from selfright.components.recovered import PointEntry
from tests.image_layouts import image_bundle
from tests.unit.aws.conftest import ARTIFACTS, REGION, World
from tests.unit.aws.fake_lambda import NAME as FUNCTION

REPOSITORY, KEY = "smartpack/ai", "incoming/smartpack/prod/1.zip"
TARGET = ImageTarget(kind="image", function_name=FUNCTION, repository=REPOSITORY)


@pytest.fixture
def clients(world: World) -> Clients:
    """Those of a function whose first image is not ours, with an empty repository."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    clients = world.clients
    clients.registry = boto3.client("ecr", region_name=REGION, **keys)
    clients.registry.create_repository(repositoryName=REPOSITORY)
    world.functions.package("f" * 64)
    return clients


def recovery(world: World, clients: Clients) -> tuple[Revision, ImageRecovery]:
    """An image is released, exported, and its version deleted."""
    bundle = image_bundle().pack()
    world.s3.put_object(Bucket=ARTIFACTS, Key=KEY, Body=bundle)
    upload = S3Bundles(world.s3).pin(ARTIFACTS, KEY, None)
    opened = BundleArchive(io.BytesIO(bundle))
    artifact = opened.manifest().components["ai"]
    live = ImageComponent(TARGET, "ai", clients, lambda _: None).stage(artifact, opened)
    assert isinstance(live, Revision)
    exported = FunctionExport(clients, ARTIFACTS, TARGET).of(live)
    del world.functions.versions[live.id]
    entry = PointEntry(kind="image", revision=live.id, digest=live.digest, part="any", sha256="any", upload=upload)
    return live, ImageRecovery(clients, ARTIFACTS, "ai", TARGET, entry, exported, lambda _: None)


def tags(clients: Clients) -> set[str]:
    """What is in the repository."""
    return {one["imageTag"] for one in clients.registry.list_images(repositoryName=REPOSITORY)["imageIds"]}


@pytest.mark.parametrize("deleted", [False, True])
def test_an_image_that_is_gone_is_pushed_again(world: World, clients: Clients, deleted: bool) -> None:
    """From the bundle that it came with: it goes with the last version that has it. Else nothing is pushed."""
    live, made = recovery(world, clients)
    (tag,) = tags(clients)
    if deleted:
        clients.registry.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": tag}])
        world.functions.latest["CodeSha256"] = "f" * 64
    for step in made.plan():
        step.act()
    version, _ = world.functions.live
    assert world.functions.versions[version]["CodeSha256"] == live.digest
    assert tags(clients) == {tag}


@pytest.mark.parametrize("command", [["app.handler"], None])
def test_an_image_is_started_as_it_was(world: World, clients: Clients, command: list[str] | None) -> None:
    """By its own command when no release had set another, though `$LATEST` has that of a later release."""
    functions = world.functions
    if command:
        functions.versions["1"]["ImageConfigResponse"] = {"ImageConfig": {"Command": command}}
    live = Revision("1", "f" * 64)
    exported = FunctionExport(clients, ARTIFACTS, TARGET).of(live)
    functions.latest["ImageConfigResponse"] = {"ImageConfig": {"Command": ["later.handler"], "WorkingDirectory": "/x"}}
    functions.publish_version(FunctionName=FUNCTION)
    functions.point("live", "2")
    del functions.versions["1"]
    entry = PointEntry(kind="image", revision=live.id, digest=live.digest, part="any", sha256="any")
    made = ImageRecovery(clients, ARTIFACTS, "ai", TARGET, entry, exported, lambda _: None)
    for step in made.plan():
        step.act()
    assert made.plan() == []
    version, _ = functions.live
    found = functions.versions[version].get("ImageConfigResponse", {}).get("ImageConfig", {})
    assert found == ({"Command": command} if command else {})
