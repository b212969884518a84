"""The component `image`: the ECR API by moto behind a botocore client, and Lambda in memory."""
# ruff: noqa: ANN401 - botocore clients have no types of their own

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto import mock_aws
from moto.ecr.models import ecr_backends

from controller.aws.client.clients import Clients
from controller.aws.components.function.code import sha256_of
from controller.aws.components.image.component import ImageComponent
from controller.aws.components.image.repository import LEAST_PART
from controller.aws.components.registry import AwsComponents
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.image.target import ImageTarget
from controller.domain.deployment import Revision
from controller.domain.environment import Environment
from controller.errors import AwsError, InvalidBundleError, NotFoundError, TransientError
from tests.builders import BundleParts, a_bundle, digest
from tests.fences import BACK, FORWARD
from tests.image_layouts import BASE, CODE, Files, ImageParts, descriptor_in, image_bundle, layout, noise
from tests.unit.aws.fake_lambda import NAME as FUNCTION
from tests.unit.aws.fake_lambda import FakeLambda, NoCallers

REGION, ACCOUNT, REPOSITORY = "eu-central-1", "123456789012", "smartpack/ai"
FIRST = "f" * 64
PUSH = [
    *("DescribeRepositories", "BatchGetImage", "BatchCheckLayerAvailability"),
    *("InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload") * 3,
    "PutImage",
]
"""The calls for two layers and a config; only the first calls and the last have a fixed order."""


@dataclass
class Registry:
    """The world of this component. `refuse`: operation → the error that ECR returns instead, once."""

    ecr: Any
    functions: FakeLambda = field(default_factory=FakeLambda)
    calls: list[str] = field(default_factory=list)
    refuse: dict[str, dict[str, Any]] = field(default_factory=dict)

    def component(self, **target: Any) -> ImageComponent:
        """The component `ai`."""
        clients = Clients()
        clients.functions = clients.invoker = self.functions  # type: ignore[assignment]
        clients.events = clients.pipes = clients.schedules = NoCallers()  # type: ignore[assignment]
        clients.registry = self.ecr
        made = {"kind": "image", "function_name": FUNCTION, "repository": REPOSITORY, **target}
        return ImageComponent(ImageTarget.model_validate(made), "ai", clients, lambda _: None)

    def stage(self, parts: BundleParts | None = None, **target: Any) -> Revision:
        """Stage the image of a bundle."""
        bundle = BundleArchive(io.BytesIO((parts or image_bundle()).pack()))
        artifact = bundle.manifest().components["ai"]
        return self.component(**target).stage(artifact, bundle)

    def release(self, number: int) -> Revision:
        """Stage the image with this number, and make it live."""
        revision = self.stage(image_bundle(numbered(number)))
        self.functions.point("live", revision.id)
        return revision

    @property
    def layers(self) -> dict[str, int]:
        """Digest → size of the layers in ECR."""
        return dict(ecr_backends[ACCOUNT][REGION].repositories[REPOSITORY].layers)

    @property
    def tags(self) -> set[str]:
        """All tags in the repository."""
        listed = self.ecr.list_images(repositoryName=REPOSITORY)["imageIds"]
        return {one["imageTag"] for one in listed if "imageTag" in one}

    def answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        """Record a request; answer it in place of ECR if it is to be refused."""
        operation = event_name.rpartition(".")[2]
        self.calls.append(operation)
        if (error := self.refuse.pop(operation, None)) is None:
            return None
        raw = io.BytesIO(json.dumps({"message": "No.", **error}).encode())
        raw.stream = lambda **_: iter([raw.getvalue()])  # type: ignore[attr-defined]
        status = 500 if error["__type"] == "ServerException" else 400
        return AWSResponse(request.url, status, {"Content-Type": "application/x-amz-json-1.1"}, raw)


def numbered(number: int) -> Files:
    """A different layout for every number; the base layer is always the same."""
    return layout(ImageParts((BASE, b"code %d" % number)))


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A function on version 1, whose image is not ours, and an empty repository with immutable tags."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    with mock_aws():
        once = Config(retries={"total_max_attempts": 1})
        ecr = boto3.client("ecr", region_name=REGION, config=once, **keys)
        ecr.create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
        made = Registry(ecr)
        made.functions.package(FIRST)
        ecr.meta.events.register_first("before-send.ecr", made.answer)
        yield made


def tag_of(files: Files, function: str = FUNCTION) -> str:
    """Our tag for the layout's first image."""
    return f"{descriptor_in(files)['digest'].removeprefix('sha256:')}.{function}"


def test_an_image_is_pushed_and_becomes_a_version(registry: Registry) -> None:
    """Layers and config come first, then the manifest; the version has that digest, and no traffic moves."""
    revision = registry.stage()
    image = descriptor_in(layout())["digest"]
    assert revision == Revision("2", image.removeprefix("sha256:"))
    assert registry.functions.versions["2"]["CodeSha256"] == revision.digest
    assert registry.functions.versions["2"]["Description"] == f"selfright {image}"
    assert registry.functions.live == ("1", {})
    assert {digest(BASE), digest(CODE)} < set(registry.layers)
    assert Counter(registry.calls) == Counter(PUSH)
    assert (registry.calls[:3], registry.calls[-1]) == (PUSH[:3], "PutImage")
    assert registry.tags == {tag_of(layout())}


def test_the_manifest_is_pushed_unchanged(registry: Registry) -> None:
    """Its digest is that of its bytes, so no byte may change."""
    registry.stage()
    (image,) = registry.ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": tag_of(layout())}])[
        "images"
    ]
    assert digest(image["imageManifest"].encode()) == descriptor_in(layout())["digest"]
    assert image["imageManifestMediaType"] == "application/vnd.oci.image.manifest.v1+json"


@pytest.mark.parametrize("nested", [False, True], ids=["plain", "with an index"])
def test_only_the_environments_platform_is_pushed(registry: Registry, nested: bool) -> None:
    """Lambda takes no index of several platforms, so only this platform's manifest and layers are pushed."""
    files = layout(ImageParts((BASE, b"amd")), ImageParts((BASE, b"arm"), "linux/arm64"), nested=nested)
    registry.functions.versions["1"]["Architectures"] = ["arm64"]
    registry.stage(image_bundle(files), platform="linux/arm64")
    assert digest(b"arm") in registry.layers
    assert digest(b"amd") not in registry.layers


def test_an_attestation_is_not_pushed(registry: Registry) -> None:
    """Lambda refuses images with the attestation that buildx adds by default."""
    registry.stage(image_bundle(layout(attested=True)))
    assert len(registry.layers) == 3


def test_only_missing_layers_are_uploaded(registry: Registry) -> None:
    """The base layer of the last release is there, and its upload would take longest."""
    registry.release(1)
    registry.calls.clear()
    registry.release(2)
    assert registry.calls.count("InitiateLayerUpload") == 2  # the code and the config
    assert registry.calls.count("BatchCheckLayerAvailability") == 1


def test_a_layer_that_an_image_has_twice_is_uploaded_once(registry: Registry) -> None:
    """Two steps of a Dockerfile can give the same layer."""
    registry.stage(image_bundle(layout(ImageParts((BASE, CODE, BASE)))))
    assert registry.calls.count("InitiateLayerUpload") == 3


def test_an_image_that_is_there_is_not_pushed_again(registry: Registry) -> None:
    """A state that runs again finds its work done."""
    first = registry.stage()
    registry.calls.clear()
    registry.functions.calls.clear()
    assert registry.stage() == first
    assert registry.calls == ["DescribeRepositories", "BatchGetImage"]
    assert registry.functions.mutations == ["publish_version"]


def test_an_unchanged_image_is_not_written(registry: Registry) -> None:
    """The live version has this image and this configuration: no call changes anything, and none goes to ECR."""
    parts = image_bundle(memory=512, command=["app.handler"], variables={"MODE": "fast"})
    first = registry.stage(parts)
    registry.functions.point("live", first.id)
    registry.calls.clear()
    registry.functions.calls.clear()
    assert registry.stage(parts) == first
    assert registry.functions.mutations == []
    assert registry.calls == []


def test_configuration_alone_makes_a_version(registry: Registry) -> None:
    """The image stays; command, entry point and folder are set together, and keep the template's values."""
    registry.functions.latest["ImageConfigResponse"] = {"ImageConfig": {"WorkingDirectory": "/srv"}}
    first = registry.stage(image_bundle(entry_point=["/entry.sh"]))
    registry.functions.point("live", first.id)
    registry.calls.clear()
    second = registry.stage(image_bundle(command=["app.other"], timeout="20s"))
    version = registry.functions.versions[second.id]
    assert version["ImageConfigResponse"]["ImageConfig"] == {
        "WorkingDirectory": "/srv",
        "Command": ["app.other"],
    }
    assert (version["Timeout"], second.digest) == (20, first.digest)
    assert "PutImage" not in registry.calls


def test_large_layers_are_uploaded_in_parts(registry: Registry) -> None:
    """No part is larger than ECR's limit, and together they are the layer."""
    large = noise(2 * LEAST_PART + 17)
    registry.stage(image_bundle(layout(ImageParts((large, CODE)))))
    assert registry.layers[digest(large)] == len(large)
    assert registry.calls.count("UploadLayerPart") == 4


def test_a_layer_that_somebody_else_uploads_at_the_same_time_is_harmless(registry: Registry) -> None:
    """ECR answers that it has the layer already."""
    registry.refuse["CompleteLayerUpload"] = {"__type": "LayerAlreadyExistsException"}
    registry.stage()
    assert registry.tags == {tag_of(layout())}


def test_an_image_that_somebody_else_pushes_at_the_same_time_is_harmless(registry: Registry) -> None:
    """It is the same manifest under the same tag."""
    registry.refuse["PutImage"] = {"__type": "ImageAlreadyExistsException"}
    assert registry.stage().id == "2"


def test_a_part_whose_answer_was_lost_counts_as_uploaded(registry: Registry) -> None:
    """ECR refuses the second attempt because it has the part, and says up to which byte; so the upload goes on."""
    repository = registry.component()._repository
    upload_id, _ = repository.begin()
    registry.refuse["UploadLayerPart"] = {"__type": "InvalidLayerPartException", "lastValidByteReceived": 3}
    repository.add(upload_id, 0, b"four")


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("UploadLayerPart", {"__type": "InvalidLayerPartException", "lastValidByteReceived": 3}),
        ("UploadLayerPart", {"__type": "UploadNotFoundException"}),
        ("CompleteLayerUpload", {"__type": "UploadNotFoundException"}),
        ("PutImage", {"__type": "LayersNotFoundException"}),
        ("InitiateLayerUpload", {"__type": "ServerException"}),
        ("BatchCheckLayerAvailability", {"__type": "ThrottlingException"}),
    ],
)
def test_a_push_after_a_transient_error_uploads_only_what_is_missing(
    registry: Registry, operation: str, error: dict[str, Any]
) -> None:
    """The caller runs the task again, and the second run uploads only what is still missing."""
    registry.refuse[operation] = error
    with pytest.raises(TransientError, match="again"):
        registry.stage()
    assert registry.functions.mutations == []
    assert registry.stage().id == "2"


def test_a_digest_that_does_not_match_is_reported(registry: Registry) -> None:
    """ECR compares every layer with its digest at the end of its upload."""
    registry.refuse["CompleteLayerUpload"] = {"__type": "InvalidLayerException"}
    with pytest.raises(AwsError, match="ecr:CompleteLayerUpload on smartpack/ai: InvalidLayerException"):
        registry.stage()


def test_our_tag_on_another_image_is_reported(registry: Registry) -> None:
    """With immutable tags only a person can have set it, and only a person can undo it."""
    registry.refuse["PutImage"] = {"__type": "ImageTagAlreadyExistsException"}
    with pytest.raises(AwsError, match=r"is on another image: somebody else has set it\. Delete that tag"):
        registry.stage()


def test_a_missing_repository_is_reported_before_anything_is_pushed(registry: Registry) -> None:
    """The environment has its name."""
    with pytest.raises(NotFoundError, match="ECR has no repository elsewhere"):
        registry.stage(repository="elsewhere")
    assert registry.functions.mutations == []


def test_a_function_of_zips_cannot_take_an_image(registry: Registry) -> None:
    """AWS cannot change the package type, so nothing is pushed."""
    registry.functions.versions["1"]["PackageType"] = "Zip"
    with pytest.raises(AwsError, match="package type Zip; ai needs Image, and AWS cannot change it"):
        registry.stage()
    assert registry.calls == []


def test_a_function_with_another_architecture_is_reported(registry: Registry) -> None:
    """Lambda would accept the image, and fail when it is invoked."""
    with pytest.raises(AwsError, match="runs on x86_64, and its environment says linux/arm64"):
        registry.stage(image_bundle(layout(ImageParts(platform="linux/arm64"))), platform="linux/arm64")
    assert registry.calls == []


def test_another_image_in_place_of_ours_is_detected(registry: Registry) -> None:
    """The image that Lambda has loaded is compared with the digest before a version is published."""
    load = registry.functions.update_function_code
    registry.functions.update_function_code = lambda **given: {  # type: ignore[method-assign]
        **load(**given),
        "CodeSha256": FIRST,
    }
    with pytest.raises(AwsError, match="not have the code of the bundle's ai"):
        registry.stage()


def test_a_change_by_somebody_else_at_the_same_time_is_not_overwritten(registry: Registry) -> None:
    """The next attempt builds on that change; the image is not pushed a second time."""
    registry.functions.before["update_function_code"] = lambda: registry.functions.latest.update(RevisionId="theirs")
    assert registry.stage().id == "2"
    assert registry.calls.count("PutImage") == 1


def test_a_function_is_not_staged_as_an_image(registry: Registry) -> None:
    """The bundle and the environment disagree about the component's kind."""
    bundle = BundleArchive(io.BytesIO(a_bundle()))
    artifact = bundle.manifest().components["api"]
    with pytest.raises(InvalidBundleError, match="is an image in this environment and a function in the bundle"):
        registry.component().stage(artifact, bundle)


def test_the_live_revision_has_the_digest_of_the_image(registry: Registry) -> None:
    """Lambda writes an image's digest in hex, a zip's in base64."""
    assert registry.component().current() == Revision("1", FIRST)


def test_traffic_moves_as_for_any_function(registry: Registry) -> None:
    """The alias takes a share, all traffic, and a restore; it does not depend on the kind of code."""
    revision = registry.stage()
    component, stable = registry.component(), Revision("1", FIRST)
    component.shift(stable, revision, 10, FORWARD)
    assert registry.functions.live == ("1", {"2": 0.1})
    component.shift(stable, revision, 100, FORWARD)
    component.restore(stable, revision, BACK)
    assert registry.functions.live == ("1", {})


def test_a_prune_deletes_images_with_their_versions(registry: Registry) -> None:
    """The newest versions, those to be kept, and those that an alias uses keep their images."""
    revisions = [registry.release(number) for number in range(5)]
    assert registry.component().prune([revisions[0]], 2) == 2
    assert registry.tags == {tag_of(numbered(number)) for number in (0, 3, 4)}


def test_an_image_that_any_version_uses_stays(registry: Registry) -> None:
    """The version may be a person's, and after a rollback only `$LATEST` may use the image."""
    theirs, latest, live = registry.release(0), registry.stage(image_bundle(numbered(1))), Revision("1", FIRST)
    registry.functions.versions[theirs.id]["Description"] = "by hand"
    registry.functions.point("live", "1")
    assert registry.component().prune([live], 0) == 1
    assert latest.id not in registry.functions.versions
    assert registry.tags == {tag_of(numbered(0)), tag_of(numbered(1))}


def test_the_image_of_a_discarded_version_is_deleted_when_nothing_uses_it(registry: Registry) -> None:
    """While `$LATEST` uses it, only the version is deleted; the next prune deletes the image."""
    registry.release(0)
    older, newer = (registry.stage(image_bundle(numbered(number))) for number in (1, 2))
    assert registry.component().discard(older)
    assert registry.tags == {tag_of(numbered(0)), tag_of(numbered(2))}
    assert registry.component().discard(newer)
    assert not registry.component().discard(newer)
    assert registry.tags == {tag_of(numbered(0)), tag_of(numbered(2))}


def test_a_version_that_cannot_be_deleted_keeps_its_image(registry: Registry) -> None:
    """An alias began to use it at this moment."""
    registry.release(0)
    registry.release(1)
    registry.functions.before["delete_function"] = lambda: registry.functions.point("beta", "2")
    assert registry.component().prune([], 1) == 0
    assert len(registry.tags) == 2


def test_images_of_others_are_kept(registry: Registry) -> None:
    """People, tools and other functions may share the repository, and even have the same image under their tag."""
    registry.release(0)
    other = registry.component(function_name="smartpack-staging-ai")
    bundle = BundleArchive(io.BytesIO(image_bundle(numbered(0)).pack()))
    other.code(bundle.manifest().components["ai"], bundle).put()
    registry.ecr.put_image(repositoryName=REPOSITORY, imageManifest=json.dumps({"mediaType": "x"}), imageTag="latest")
    registry.release(1)
    registry.component().prune([], 1)
    assert registry.tags == {tag_of(numbered(0), "smartpack-staging-ai"), tag_of(numbered(1)), "latest"}


def test_a_prune_that_ecr_refuses_is_reported(registry: Registry) -> None:
    """A failure in the answer is raised; an image that is gone already is no failure."""
    registry.release(0)
    registry.release(1)
    failures: list[dict[str, Any]] = [{"failureCode": "ImageNotFound"}]
    registry.ecr.meta.events.register(
        "after-call.ecr.BatchDeleteImage", lambda parsed, **_: parsed.update(failures=failures)
    )
    registry.component().prune([], 1)
    registry.release(0)
    failures.append({"failureCode": "KmsError"})
    with pytest.raises(AwsError, match="ecr:BatchDeleteImage on smartpack/ai: KmsError"):
        registry.component().prune([], 1)


@pytest.mark.parametrize("name", ["f" * 64, f"arn:aws:lambda:eu-central-1:123456789012:function:{'g' * 64}"])
def test_a_tag_fits_for_any_name_of_a_function(registry: Registry, name: str) -> None:
    """Tags have at most 128 characters, and no colons."""
    bundle = BundleArchive(io.BytesIO(image_bundle().pack()))
    component = registry.component(function_name=name)
    component.code(bundle.manifest().components["ai"], bundle).put()
    (tag,) = registry.tags
    assert len(tag) <= 128
    assert ":" not in tag
    assert tag.partition(".")[2].startswith(name[-1] * 50)


def test_the_environment_makes_the_component(registry: Registry) -> None:
    """The environment's `kind: image` selects the class."""
    target = {"kind": "image", "function_name": FUNCTION, "repository": REPOSITORY}
    environment = Environment.model_validate(
        {"application": "smartpack", "environment": "prod", "components": {"ai": target}}
    )
    clients = Clients()
    clients.functions, clients.registry = registry.functions, registry.ecr  # type: ignore[assignment]
    assert isinstance(AwsComponents("artifacts", clients).get(environment, "ai"), ImageComponent)


def test_lambda_reports_the_digest_of_an_image(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Like AWS, moto's Lambda reads its ECR, and reports the digest that the component compares."""
    monkeypatch.setenv("MOTO_LAMBDA_STUB_ECR", "false")
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
    role = boto3.client("iam", **keys).create_role(RoleName="ai", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    bundle = BundleArchive(io.BytesIO(image_bundle().pack()))
    registry.ecr.create_repository(repositoryName="ai")  # Moto's Lambda does not find a name with a slash.
    code = registry.component(repository="ai").code(bundle.manifest().components["ai"], bundle)
    made = boto3.client("lambda", **keys).create_function(
        FunctionName="ai", Role=role, PackageType="Image", Code=code.put()
    )
    assert sha256_of(made) == code.sha256
