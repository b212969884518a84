"""Reads what `app.synth()` writes: a cloud assembly with its stacks and their assets (default synthesizer)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfright.local.errors import DeployError

STACK = "aws:cloudformation:stack"
ASSETS = "cdk:asset-manifest"


@dataclass(frozen=True)
class Asset:
    """A file or folder that has to be in a bucket before a stack can be created."""

    source: Path
    packaging: str
    """`zip` for a folder that is zipped, `file` for a file that is uploaded unchanged."""
    bucket: str
    key: str


@dataclass(frozen=True)
class Stack:
    """A stack of the assembly."""

    name: str
    template: Path
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Assembly:
    """Stacks in the order in which they can be deployed, and the assets of all of them."""

    stacks: tuple[Stack, ...]
    assets: tuple[Asset, ...]


def read(folder: Path, account: str, region: str) -> Assembly:
    """Read the assembly in a folder (`cdk.out`) for one account and region.

    Raises:
        DeployError: there is no assembly, or it has assets of a kind that cannot be deployed here (container images).
    """
    try:
        artifacts: dict[str, Any] = json.loads((folder / "manifest.json").read_text())["artifacts"]
    except (FileNotFoundError, KeyError) as error:
        raise DeployError(f"{folder} is not a cloud assembly. Synthesize the CDK app into it first.") from error
    stacks = tuple(_stack(folder, artifacts[name]) for name in _ordered(artifacts) if artifacts[name]["type"] == STACK)
    manifests = [folder / one["properties"]["file"] for one in artifacts.values() if one["type"] == ASSETS]
    places = {"${AWS::AccountId}": account, "${AWS::Region}": region, "${AWS::Partition}": "aws"}
    assets = {asset for manifest in manifests for asset in _assets(manifest, places)}
    return Assembly(stacks, tuple(sorted(assets, key=lambda asset: asset.key)))


def _ordered(artifacts: Mapping[str, Any]) -> list[str]:
    """Artifact names, dependencies first."""
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        for needed in artifacts.get(name, {}).get("dependencies", []):
            if needed not in done:
                visit(needed)
        if name in artifacts:
            done[name] = None

    for name in artifacts:
        visit(name)
    return list(done)


def _stack(folder: Path, artifact: Mapping[str, Any]) -> Stack:
    properties = artifact["properties"]
    name = properties.get("stackName") or artifact.get("displayName", "")
    return Stack(name, folder / properties["templateFile"], properties.get("parameters", {}))


def _assets(manifest: Path, places: Mapping[str, str]) -> list[Asset]:
    content = json.loads(manifest.read_text())
    if content.get("dockerImages"):
        raise DeployError(f"{manifest.name} has container image assets; the local AWS accepts only files.")
    return [
        _asset(manifest.parent, one["source"], destination, places)
        for one in content.get("files", {}).values()
        for destination in one["destinations"].values()
    ]


def _asset(folder: Path, source: Mapping[str, str], destination: Mapping[str, str], places: Mapping[str, str]) -> Asset:
    bucket, key = destination["bucketName"], destination["objectKey"]
    for placeholder, value in places.items():
        bucket, key = bucket.replace(placeholder, value), key.replace(placeholder, value)
    return Asset(folder / source["path"], source.get("packaging", "file"), bucket, key)
