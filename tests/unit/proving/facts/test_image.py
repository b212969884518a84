"""Which rights an update of a container image needs, on registries that ask for different ones."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest

from selfright.proving.facts import image
from selfright.proving.names import IMAGE
from selfright.proving.results import Measured, NotMeasured
from selfright.proving.scene import Scene
from tests.unit.proving.late_account import OUTPUTS, VirtualClock, refused


class Registry:
    """ECR and Lambda: an update is allowed when the session has these rights in the repository."""

    def __init__(self, needed: Collection[str]) -> None:
        self.needed = set(needed)
        self.functions: dict[str, str] = {}
        self.repositories: set[str] = set()
        self.blobs: set[str] = set()
        self.rights: set[str] = set()
        self.meta = self
        self.region_name = "eu-west-1"

    def scene(self) -> Scene:
        """Where the fact is measured."""
        return Scene(OUTPUTS, lambda _: self, VirtualClock(), caller=lambda *_: self)

    def create_repository(self, *, repositoryName: str, tags: list[Mapping[str, str]]) -> Mapping[str, Any]:  # noqa: N803
        """With the sandbox's tag."""
        assert tags
        self.repositories.add(repositoryName)
        arn = f"arn:aws:ecr:eu-west-1:111122223333:repository/{repositoryName}"
        return {"repository": {"repositoryArn": arn, "repositoryUri": f"registry.example/{repositoryName}"}}

    def set_repository_policy(self, **_: str) -> None:
        """Lambda itself may pull."""

    def initiate_layer_upload(self, **_: str) -> Mapping[str, str]:
        """Begin."""
        return {"uploadId": "u"}

    def upload_layer_part(self, *, layerPartBlob: bytes, partLastByte: int, **_: object) -> None:  # noqa: N803
        """One part."""
        assert partLastByte == len(layerPartBlob) - 1
        self.blobs.add(image._digest(layerPartBlob))

    def complete_layer_upload(self, *, layerDigests: list[str], **_: str) -> None:  # noqa: N803
        """What was uploaded has the digest that was said."""
        assert set(layerDigests) <= self.blobs

    def put_image(self, *, imageManifest: str, **_: str) -> Mapping[str, Any]:  # noqa: N803
        """Everything that the manifest names is there."""
        manifest = json.loads(imageManifest)
        assert {one["digest"] for one in [manifest["config"], *manifest["layers"]]} <= self.blobs
        return {"image": {"imageId": {"imageDigest": image._digest(imageManifest.encode())}}}

    def get_function_configuration(self, *, FunctionName: str) -> Mapping[str, str]:  # noqa: N803
        """Ready at once."""
        return {"Role": "role", "State": "Active", "LastUpdateStatus": "Successful", "FunctionName": FunctionName}

    def create_function(self, *, FunctionName: str, Code: Mapping[str, str], **_: object) -> None:  # noqa: N803
        """With its first image."""
        self.functions[FunctionName] = Code["ImageUri"]

    def assume_role(self, *, Policy: str, **_: str) -> Mapping[str, Any]:  # noqa: N803
        """The session's rights in ECR."""
        statements = json.loads(Policy)["Statement"][1:]
        self.rights = {action for one in statements for action in one["Action"]}
        return {"Credentials": {}}

    def update_function_code(self, *, FunctionName: str, ImageUri: str) -> None:  # noqa: N803
        """If the session may; to another image than it has."""
        if not self.needed <= self.rights:
            raise refused("AccessDeniedException")
        self.functions[FunctionName] = ImageUri

    def delete_function(self, *, FunctionName: str) -> None:  # noqa: N803
        """It must be there."""
        if self.functions.pop(FunctionName, None) is None:
            raise refused("ResourceNotFoundException")

    def delete_repository(self, *, repositoryName: str, force: bool) -> None:  # noqa: N803
        """With its images."""
        if repositoryName not in self.repositories:
            raise refused("RepositoryNotFoundException")
        assert force
        self.repositories.remove(repositoryName)


@pytest.mark.parametrize(
    ("needed", "allowed"),
    [
        ([image.READ], ["denied", "allowed", "allowed"]),
        ([image.READ, image.LAYERS], ["denied", "denied", "allowed"]),
    ],
)
def test_the_rights_that_are_needed_are_found(needed: list[str], allowed: list[str]) -> None:
    """In sessions with none, one and both of them; nothing is left after that."""
    registry = Registry(needed)
    found = list(image.measure(registry.scene()))
    assert [one.said for one in found if isinstance(one, Measured)] == allowed
    assert (registry.functions, registry.repositories) == ({}, set())


def test_where_nobody_is_denied_nothing_is_measured() -> None:
    """IAM is not enforced then."""
    (finding,) = image.measure(Registry([]).scene())
    assert isinstance(finding, NotMeasured)


def test_an_error_in_the_middle_leaves_nothing() -> None:
    """The repository goes even if the function could not be created."""
    registry = Registry([])
    fail: Callable[..., None] = _fail
    registry.create_function = fail  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        list(image.measure(registry.scene()))
    assert registry.repositories == set()


def _fail(**_: object) -> None:
    raise RuntimeError


def test_what_a_killed_run_has_left_is_deleted() -> None:
    """And what is not there is no error."""
    registry = Registry([])
    assert image.delete(registry, registry) == []
    registry.repositories.add(IMAGE)
    assert image.delete(registry, registry) == [f"the repository {IMAGE}"]
