"""The rarer kinds of applications by chance: images, state machines, and releases with tasks."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.builders import BundleParts, digest
from tests.image_layouts import BASE, Files, ImageParts, a_layer, layout
from tests.unit.aws.fake_lambda import NAME as FUNCTION
from tests.unit.aws.fake_lambda import refuse
from tests.unit.aws.fake_machines import MACHINE, PLACEHOLDER, a_definition

if TYPE_CHECKING:
    from tests.unit.planning.applications import Application

REPOSITORY = "smartpack/ai"


class FakeRegistry:
    """ECR with one repository in memory, which may be `gone`."""

    def __init__(self) -> None:
        self.gone = False
        self.images: dict[str, str] = {}
        self.layers: set[str] = set()

    def describe_repositories(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - AWS's, here and below
        """Its address."""
        self._there()
        return {"repositories": [{"repositoryUri": f"registry.example/{REPOSITORY}"}]}

    def batch_get_image(self, *, imageIds: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803, ANN401
        """The images with these tags."""
        self._there()
        tags = [one["imageTag"] for one in imageIds]
        return {"images": [{"imageId": {"imageDigest": self.images[tag]}} for tag in tags if tag in self.images]}

    def batch_check_layer_availability(self, *, layerDigests: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803, ANN401
        """Which layers are there."""
        self._there()
        states = {True: "AVAILABLE", False: "UNAVAILABLE"}
        return {
            "layers": [{"layerDigest": one, "layerAvailability": states[one in self.layers]} for one in layerDigests]
        }

    def initiate_layer_upload(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401
        """Begin."""
        self._there()
        return {"uploadId": "u", "partSize": 10_000_000}

    def upload_layer_part(self, **_: Any) -> None:  # noqa: ANN401
        """A part."""

    def complete_layer_upload(self, *, layerDigests: list[str], **_: Any) -> None:  # noqa: N803, ANN401
        """It is there."""
        self.layers.update(layerDigests)

    def put_image(self, *, imageTag: str, imageDigest: str, **_: Any) -> None:  # noqa: N803, ANN401
        """The image is there."""
        self.images[imageTag] = imageDigest

    def _there(self) -> None:
        if self.gone:
            raise refuse("RepositoryNotFoundException", 400)


def with_image(parts: BundleParts, files: Files) -> BundleParts:
    """The same bundle, whose API is an image."""
    entry = {"kind": "image", "artifact": "api", "digest": digest(files["index.json"])}
    components = {**parts.manifest["components"], "api": entry}
    kept = {path: data for path, data in parts.files.items() if path != "api.zip"}
    return BundleParts(
        {**parts.manifest, "components": components},
        {**kept, **{f"api/{path}": data for path, data in sorted(files.items())}},
    )


def with_machine(parts: BundleParts, text: bytes, values: Mapping[str, str]) -> BundleParts:
    """The same bundle with a state machine."""
    entry = {"kind": "state_machine", "artifact": "flow.json", "digest": digest(text)}
    entry |= {"definition_substitutions": dict(values)} if values else {}  # type: ignore[dict-item]
    components = {**parts.manifest["components"], "flow": entry}
    return BundleParts({**parts.manifest, "components": components}, {**parts.files, "flow.json": text})


def an_image(app: "Application") -> None:
    """The API is an image, perhaps one that cannot be used; the function has one, too, perhaps of another sort."""
    chance, world = app.chance, app.world
    target: dict[str, Any] = {"kind": "image", "function_name": FUNCTION, "repository": REPOSITORY}
    if chance.random() < 0.08:
        target["platform"] = "linux/arm64"
    app.environment["components"]["api"] = target
    if chance.random() < 0.9 and "PackageType" not in world.functions.latest and len(world.functions.versions) == 1:
        world.functions.package("ab" * 32)
    world.registry.gone = chance.random() < 0.05
    code = a_layer("var/task/app.py", chance.choice((b"1", b"2")))
    parts = chance.choice(
        (
            *[ImageParts((BASE, code))] * 8,
            ImageParts((BASE, code), platform="linux/arm64"),
            ImageParts((BASE, code), docker=True),
            ImageParts((BASE, code), layer_type="application/x-tar"),
            ImageParts((BASE, code), manifest={"schemaVersion": 1}),
        )
    )
    files = layout(parts, nested=chance.random() < 0.2, attested=chance.random() < 0.2)
    if chance.random() < 0.1:
        del files[chance.choice(sorted(path for path in files if path.startswith("blobs")))]
    app.parts = with_image(app.parts, files)


def a_machine(app: "Application") -> None:
    """A state machine beside the others, with or without mistakes, in one of many states."""
    chance, machines = app.chance, app.world.machines
    target: dict[str, Any] = {"kind": "state_machine", "state_machine_arn": MACHINE}
    if chance.random() < 0.3:
        target["definition_substitutions"] = {"Word": "here"}
    app.environment["components"]["flow"] = target
    texts = (
        *[json.dumps(a_definition(word)).encode() for word in ("hello", "${Word}", "other")],
        json.dumps(PLACEHOLDER).encode(),
        json.dumps({"States": {}}).encode(),
        json.dumps({"StartAt": "Gone", "States": a_definition()["States"]}).encode(),
        b"StartAt: Say\nStates: {Say: {Type: Pass, Result: 010, End: true}}",
        b'{"StartAt": "Say", "StartAt": "Say", "States": {"Say": {"Type": "Pass", "End": true}}}',
        b"not: [a definition",
        b"",
    )
    values = chance.choice((*[{"Word": "x"}] * 5, {}, {"Unused": "x"}, {"not a name": "x"}))
    app.parts = with_machine(app.parts, chance.choice((*texts[:4] * 5, *texts)), values)
    match chance.choice(("as it is",) * 10 + ("divided", "invalid", "no alias", "gone", "another")):
        case "divided":
            machines.publish_state_machine_version(stateMachineArn=MACHINE, revisionId="INITIAL")
            machines.update_state_machine(stateMachineArn=MACHINE, definition=json.dumps(a_definition("x")))
            newest = machines.publish_state_machine_version(stateMachineArn=MACHINE, revisionId="revision-1")
            machines.point("live", {"1": 50, newest["stateMachineVersionArn"].rpartition(":")[2]: 50})
        case "invalid":
            machines.invalid = "SCHEMA_VALIDATION_FAILED: Missing 'Next' or 'End' at /States/Say"
        case "no alias":
            machines.aliases.clear()
        case "gone":
            machines.gone = True
        case "another":
            app.environment["components"]["flow"]["alias"] = "canary"


def tasks(app: "Application") -> None:
    """Tasks, some of which cannot be run."""
    chance = app.chance
    one = {"component": "api"}
    choices: tuple[list[Any], ...] = (
        *[[{**one, "event": {"do": "migrate"}, "timeout": "2s"}]] * 8,
        [one, {**one, "event": {"do": "seed"}}],
        [{**one, "timeout": "15m"}],
        [{**one, "timeout": 30}],
        [{**one, "before": "traffic"}],
        [{**one, "event": {"selfright": 1}}],
        [{**one, "event": "text"}],
        [{**one, "event": {"text": "x" * 20_000}}] * 6,
        [{"component": "site"}],
        [{"component": "nobody"}],
        [one] * 11,
        [{**one, "unknown": 1}],
    )
    app.manifest["tasks"] = chance.choice(choices)
