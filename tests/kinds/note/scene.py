"""A scene of the state machines whose one component is a note, with real adapters from the registries."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from controller.aws.client.clients import client
from controller.aws.components.exports import AwsExports
from controller.aws.components.registry import AwsComponents
from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.ports.components import Component, Context
from tests.builders import BundleParts, digest
from tests.state_machine.scene import BUCKET, Scene

MakeNotes = Callable[[], Scene]


class Served:
    """The part of a component that the scene's invariants use."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self.switch = scene, self

    @property
    def position(self) -> str:
        """The live revision, "" for none."""
        return read(self._scene, "current")

    @property
    def serving(self) -> set[str]:
        """The revision that readers get, or what the invariants expect before the first release."""
        return {self.position or "note-0"}


class ThroughTheRegistry(dict[str, Served]):
    """Implements `ports.Components` with the product's own, which finds the kind by its name."""

    def get(  # type: ignore[override]
        self, environment: Environment, name: str, *, urgent: bool = False, context: Context | None = None
    ) -> Component:
        """The component with this name."""
        return AwsComponents(BUCKET).get(environment, name, urgent=urgent, context=context)


class Notes:
    """An environment for notes, and its releases."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        world: Any = scene.world
        world.components, world.exports = ThroughTheRegistry(note=Served(scene)), AwsExports(BUCKET)
        scene.rewire()
        self.configure()

    def configure(self, **more: Any) -> None:  # noqa: ANN401 - JSON
        """Register the environment."""
        target = {"kind": "note", "bucket": BUCKET, "prefix": prefix(self.scene), **more}
        self.scene.configure(components={"note": target})

    def release(self, version: str, text: str, **more: str) -> Deployment:
        """Release a note, and wait for the end of its deployment."""
        return self.scene.release(version, bundle(self.scene.name, version, text, **more))

    def read(self) -> str:
        """What readers get; "" before the first release."""
        return self.text(read(self.scene, "current"))

    def text(self, revision: str) -> str:
        """The text of a revision; "" when there is none."""
        return read(self.scene, revision) if revision else ""

    def exported(self, deployment: Deployment) -> Mapping[str, Any]:
        """The note's part in the restore point of a deployment."""
        key = f"restore-points/{self.scene.name}/prod/{deployment.deployment_id}/note.json"
        found: Mapping[str, Any] = json.loads(client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())
        return found


def bundle(application: str, version: str, text: str, **more: str) -> bytes:
    """A release of one note."""
    data = text.encode()
    note = {"kind": "note", "artifact": "note.txt", "digest": digest(data), **more}
    manifest = {"application": application, "version": version, "components": {"note": note}}
    return BundleParts(manifest, {"note.txt": data}).pack()


def prefix(scene: Scene) -> str:
    """The prefix of the scene's notes."""
    return f"notes/{scene.name}"


def read(scene: Scene, name: str) -> str:
    """An object of the scene; "" when there is none."""
    s3 = client("s3")
    try:
        return s3.get_object(Bucket=BUCKET, Key=f"{prefix(scene)}/{name}")["Body"].read().decode()
    except s3.exceptions.NoSuchKey:
        return ""
