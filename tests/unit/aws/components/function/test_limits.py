"""What Lambda would refuse of a new version is refused before anything is touched."""

import io
from typing import Any

import pytest

from controller.domain.bundle.archive import BundleArchive
from controller.errors import RefusedError
from tests.builders import a_zip as zipped
from tests.builders import bundle_parts, digest
from tests.unit.aws.conftest import World
from tests.unit.aws.fake_lambda import sha
from tests.unit.domain.components.function.test_binaries import ARM, X86, elf

LAYER = "arn:aws:lambda:eu-central-1:123456789012:layer:tools:2"
CODE = {"app.py": b"new"}


def why_indivisible(world: World, files: dict[str, bytes], **api: Any) -> str:  # noqa: ANN401 - as in a manifest
    """What the function says of a release of these files."""
    parts, code = bundle_parts(api=api), zipped(files)
    parts.files["api.zip"] = code
    parts.manifest["components"]["api"]["digest"] = digest(code)
    bundle = BundleArchive(io.BytesIO(parts.pack()))
    component = world.function()
    return component.why_indivisible(bundle.manifest().components["api"], bundle, component.current())


def refusal(world: World, latest: dict[str, Any], files: dict[str, bytes] = CODE, **api: Any) -> str:  # noqa: ANN401
    """Why such a release of a function that is like this is refused."""
    world.functions.latest |= latest
    with pytest.raises(RefusedError) as caught:
        why_indivisible(world, files, **api)
    assert caught.value.next_step
    assert world.functions.mutations == []
    assert caught.value.reason.startswith("components.api: ")
    return caught.value.reason.removeprefix("components.api: ")


def test_the_templates_variables_are_counted_with_the_releases_and_our_own(world: World) -> None:
    """Each alone has room."""
    template = {"Environment": {"Variables": {"TABLE": "x" * 3000}}}
    reason = refusal(world, template, variables={"MODE": "x" * 1000}, memory=512)
    assert "with Selfright's own, and Lambda allows 4,096" in reason


def test_a_runtime_of_the_template_that_is_gone_is_refused(world: World) -> None:
    """Lambda would refuse the update; a release that sets another runtime is possible."""
    assert refusal(world, {"Runtime": "python3.6"}).startswith("the runtime python3.6 is gone")
    assert why_indivisible(world, CODE, runtime="python3.13") == ""


def test_layers_count_for_the_size(world: World) -> None:
    """With what is known of them: how large they are packed."""
    layers = {"Layers": [{"Arn": LAYER, "CodeSize": 262_144_000}]}
    assert refusal(world, layers).startswith(
        "'api.zip' unpacks to 0.0 MB, and the function's layers have at least 262.1"
    )
    world.functions.latest |= {"Layers": [{"Arn": LAYER, "CodeSize": 200_000_000}]}
    assert why_indivisible(world, CODE) == ""


def test_code_for_another_processor_is_refused(world: World) -> None:
    """The function says which one it has."""
    arm = {"Architectures": ["arm64"]}
    reason = refusal(world, arm, {**CODE, "fast.so": elf(X86)})
    assert reason == "'fast.so' in 'api.zip' is compiled for x86_64, and the function runs on arm64."
    assert why_indivisible(world, {**CODE, "fast.so": elf(ARM)}) == ""


def test_what_is_live_already_is_not_refused(world: World) -> None:
    """A release that changes nothing touches nothing."""
    world.functions.latest |= {"Runtime": "python3.6"}
    world.functions.versions["1"] |= {"Runtime": "python3.6", "CodeSha256": world.functions.latest["CodeSha256"]}
    code = zipped(CODE)
    for one in (world.functions.latest, world.functions.versions["1"]):
        one["CodeSha256"] = sha(code)
    assert why_indivisible(world, CODE) == ""
