"""Bad input and failures, row by row: reported clearly, nothing lost, and what was staged is discarded.

Where AWS is what fails, the real component stages, on a fake of that service which answers as the real one does.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from controller.aws.client.clients import Clients, client
from controller.aws.client.pacing import Time, paced
from controller.aws.components.function.component import FunctionComponent
from controller.aws.components.site.component import SiteComponent
from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.function.target import FunctionTarget
from controller.domain.components.site.routing import RoutingTable
from controller.domain.components.site.target import SiteTarget
from controller.domain.deployment import Pending, Revision
from controller.domain.phases import Phase
from controller.ports.components import Component
from tests.builders import BundleParts, bundle_parts, digest
from tests.image_layouts import layout
from tests.state_machine.scene import BUCKET, CHECKS, Scene
from tests.unit.aws.fake_cloudfront import NAME as ROUTING
from tests.unit.aws.fake_cloudfront import FakeCloudFront
from tests.unit.aws.fake_lambda import NAME as FUNCTION
from tests.unit.aws.fake_lambda import FakeLambda, refuse

VERSION = "1.1.0"
AGAIN = "upload the same bundle again"
Act = Callable[[Scene], object]


def nothing(scene: Scene) -> None:
    """The fault is in the bundle."""


def good(scene: Scene) -> BundleParts:
    """A bundle with which nothing is wrong."""
    return bundle_parts(VERSION, f"# {VERSION}".encode(), application=scene.name, checks=CHECKS)


@dataclass(frozen=True)
class Row:
    """What is wrong, how it is reported, what to do; and how it is set `right`, unless it is in the bundle."""

    name: str
    phase: Phase
    says: tuple[str, ...]
    next_step: str
    bundle: Callable[[Scene], BundleParts] = good
    wrong: Act = nothing
    right: Act | None = None


# Bundles


def with_a_wrong_layer(scene: Scene) -> BundleParts:
    """One byte of an image's layer is another."""
    files = layout()
    layer = next(path for path, data in files.items() if not data.startswith(b"{"))
    broken = {**files, layer: files[layer][:-5] + b"?" + files[layer][-4:]}
    parts = good(scene)
    image = {"kind": "image", "artifact": "ai", "digest": digest(files["index.json"])}
    manifest = {**parts.manifest, "components": {**parts.manifest["components"], "ai": image}}
    return BundleParts(manifest, {**parts.files, **{f"ai/{path}": data for path, data in sorted(broken.items())}})


def with_a_long_load_check(scene: Scene) -> BundleParts:
    """More requests than there is time for."""
    parts = good(scene)
    parts.manifest["verification"]["load"] = {
        "component": "api", "path": "/", "requests": 1000, "concurrency": 1, "p95_ms": 10_000,
    }  # fmt: skip
    return parts


def with_a_secret(scene: Scene) -> BundleParts:
    """It needs a key of a secret."""
    return good(scene).needing(config=["API_KEY"])


# What is wrong


def a_secret_without_its_key(scene: Scene) -> None:
    """The secret is there, with another key."""
    scene.configure(secrets={"config": f"{scene.name}/config"})
    _keep(scene, {"OTHER": "x"})


def the_secrets_key(scene: Scene) -> None:
    """Now it has it."""
    _keep(scene, {"API_KEY": "x"})


def _keep(scene: Scene, value: Mapping[str, str]) -> None:
    manager: Any = client("secretsmanager")
    name, text = f"{scene.name}/config", json.dumps(value)
    if any(one["Name"] == name for one in manager.list_secrets()["SecretList"]):
        manager.put_secret_value(SecretId=name, SecretString=text)
    else:
        manager.create_secret(Name=name, SecretString=text)


def a_private_url(scene: Scene) -> None:
    """What the environment's URL leads to is not public."""
    scene.world.probe.refusal = lambda url: "169.254.169.254 is a link-local address"  # type: ignore[method-assign]


def a_public_url(scene: Scene) -> None:
    """It is now."""
    scene.world.probe.refusal = lambda url: ""  # type: ignore[method-assign]


def a_lambda() -> FakeLambda:
    """AWS Lambda, with the function on version 1, and with moto's S3."""
    return FakeLambda(lambda bucket, key: client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def lambda_says(operation: str, code: str, status: int = 400) -> Act:
    """The API is staged by the real component, and AWS refuses this operation each time."""

    def refused(**_: object) -> None:
        raise refuse(code, status, operation)

    def wrong(scene: Scene) -> None:
        functions = a_lambda()
        setattr(functions, operation, refused)
        staged_on(scene, functions)

    return wrong


def never_updated(scene: Scene) -> None:
    """The function is being updated, and that does not end."""
    functions = a_lambda()
    functions.latest["LastUpdateStatus"], functions.left = "InProgress", 1_000_000
    staged_on(scene, functions)


def no_warm_instances(scene: Scene) -> None:
    """AWS does not have so many."""
    functions = a_lambda()
    put = functions.put_provisioned_concurrency_config

    def failing(**given: Any) -> dict[str, Any]:  # noqa: ANN401 - AWS's
        return put(**given) | {"Status": "FAILED", "StatusReason": "The account has 10 left."}

    functions.put_provisioned_concurrency_config = failing  # type: ignore[method-assign]
    staged_on(scene, functions, provisioned_concurrency=50)


def staged_on(scene: Scene, functions: FakeLambda, **target: Any) -> None:  # noqa: ANN401 - of the environment
    """Let the API be staged by the real component on this Lambda; no time goes by where it waits."""
    clients, slept = Clients(), [0.0]
    clients.functions = functions  # type: ignore[assignment]
    hasty = paced(clients, lambda: None, 20, Time(lambda: sum(slept), slept.append, lambda: 1.0))
    chosen = FunctionTarget(kind="function", function_name=FUNCTION, **target)
    really_staged(scene, "api", FunctionComponent(chosen, "api", BUCKET, hasty, slept.append), other="site")


def really_staged(scene: Scene, name: str, real: Component, other: str) -> None:
    """Let a component be staged by the real one, when the `other` is staged.

    A task that is still running when the other fails is given up; what it makes then, the next release prunes.
    """

    def stage(artifact: Artifact, bundle: Contents) -> Revision | Pending:
        scene.wait_until(lambda: other in scene.history()[-1].staged)
        return real.stage(artifact, bundle)

    scene.world.components[name].stage = stage  # type: ignore[method-assign, assignment]


def a_distribution_that_is_deploying(scene: Scene) -> None:
    """Somebody changed the distribution, and CloudFront never finishes that."""
    client("s3").create_bucket(
        Bucket=f"{scene.name}-real", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    clients, routing = Clients(), FakeCloudFront(RoutingTable())
    routing.status = "InProgress"
    clients.routing = routing  # type: ignore[assignment]
    target = SiteTarget(kind="site", bucket=f"{scene.name}-real", routing_function=ROUTING, distribution_id="E123")
    really_staged(scene, "site", SiteComponent(target, "site", clients), other="api")


def right_again(scene: Scene) -> None:
    """AWS does what it is told."""
    for component in scene.world.components.values():
        vars(component).pop("stage", None)


def refused(
    name: str, says: tuple[str, ...], next_step: str, bundle: Callable[[Scene], BundleParts] = good, **acts: Act
) -> Row:
    """What is seen before anything is touched."""
    return Row(name, Phase.REJECTED, says, next_step, bundle, **acts)


def failed(name: str, wrong: Act, *says: str) -> Row:
    """What breaks while it is staged."""
    return Row(name, Phase.ROLLED_BACK, says, AGAIN, wrong=wrong, right=right_again)


ROWS = [
    refused(
        "an image layer with a wrong digest",
        ("'ai/blobs/sha256/", "does not match its digest"),
        "Make the bundle again",
        with_a_wrong_layer,
    ),
    refused(
        "a load check that would run too long",
        ("`verification.load` could take 10000 seconds", "60 are allowed"),
        "Correct release.yaml",
        with_a_long_load_check,
    ),
    refused(
        "a secret without its key",
        ("has no value for API_KEY",),
        "Put this key into it in Secrets Manager",
        with_a_secret,
        wrong=a_secret_without_its_key,
        right=the_secrets_key,
    ),
    refused(
        "a check URL that is not allowed",
        ("https://api.example.com", "169.254.169.254 is a link-local"),
        "allow_private_urls",
        wrong=a_private_url,
        right=a_public_url,
    ),
    failed(
        "a function that somebody else updates",
        lambda_says("update_function_code", "ResourceConflictException", 409),
        "Somebody else is updating smartpack-prod-api. Release again when they are done.",
    ),
    failed("a function whose update does not end", never_updated, "api: not done after 20 minutes"),
    failed(
        "code storage full",
        lambda_says("update_function_code", "CodeStorageExceededException"),
        "CodeStorageExceededException",
        "A quota is used up: delete what you do not need",
    ),
    failed(
        "versions that do not fit any more",
        lambda_says("publish_version", "CodeStorageExceededException"),
        "lambda:PublishVersion",
        "A quota is used up",
    ),
    failed(
        "too few warm instances",
        no_warm_instances,
        "did not get 50 warm instances: The account has 10 left",
        "Lower `provisioned_concurrency`",
    ),
    failed(
        "throttling that does not end",
        lambda_says("get_alias", "TooManyRequestsException", 429),
        "TooManyRequestsException",
        "It can be tried again",
    ),
    failed(
        "a distribution that is still deploying",
        a_distribution_that_is_deploying,
        "site: not done after 30 minutes",
        "CloudFront is still deploying a change",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_it_is_reported_and_nothing_stays(scene: Scene, row: Row) -> None:
    """The reason and the next step; visitors, revisions, lock as before; the same bundle goes live once corrected."""
    before = {name: (part.switch.position, dict(part.revisions)) for name, part in scene.world.components.items()}
    scene.configure(components=components(scene))
    row.wrong(scene)
    bundle = row.bundle(scene).pack()
    deployment = scene.release(VERSION, bundle)
    assert deployment.phase is row.phase
    for said in row.says:
        assert said in deployment.reason
    assert row.next_step in deployment.next_step
    left = {name: (part.switch.position, dict(part.revisions)) for name, part in scene.world.components.items()}
    assert left == before
    scene.check()
    if row.right:
        row.right(scene)
        assert scene.release(VERSION, bundle).phase is Phase.SUCCEEDED
        scene.check()


def components(scene: Scene) -> dict[str, Any]:
    """The scene's, and an image that only the first row has."""
    return {
        "api": {"kind": "function", "function_name": f"{scene.name}-api", "url": "https://api.example.com"},
        "site": {"kind": "site", "bucket": f"{scene.name}-site", "routing_function": "r", "url": "https://example.com"},
        "ai": {"kind": "image", "function_name": f"{scene.name}-ai", "repository": "smartpack/ai"},
    }
