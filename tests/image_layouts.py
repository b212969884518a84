"""Small OCI layouts, made without Docker: their files by path, as `docker buildx --output type=oci` writes them."""

import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.builders import BundleParts, digest

OCI, DOCKER = "application/vnd.oci.image", "application/vnd.docker"
GZIP = f"{OCI}.layer.v1.tar+gzip"
Files = dict[str, bytes]


def a_layer(name: str, contents: bytes) -> bytes:
    """A compressed layer with one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(contents)
        archive.addfile(member, io.BytesIO(contents))
    return gzip.compress(buffer.getvalue(), mtime=0)


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that cannot be compressed, always the same for a seed."""
    return random.Random(seed).randbytes(size)


BASE, CODE = a_layer("etc/os-release", b"ID=amzn"), a_layer("var/task/app.py", b"def handler(event, context): ...")


@dataclass
class ImageParts:
    """The parts of an image: change something, then add it to a `layout`."""

    layers: Sequence[bytes] = (BASE, CODE)
    platform: str = "linux/amd64"
    layer_type: str = GZIP
    docker: bool = False
    config: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    in_index: bool = True
    """Whether the index names the platform, too."""

    def add_to(self, files: Files) -> dict[str, Any]:
        """Add the blobs; returns the manifest's descriptor."""
        os, architecture = self.platform.split("/")
        platform = {"os": os, "architecture": architecture}
        rootfs = {"type": "layers", "diff_ids": [digest(layer) for layer in self.layers]}
        config = json.dumps({**platform, "rootfs": rootfs, **self.config}).encode()
        kinds = (f"{DOCKER}.container.image.v1+json", f"{DOCKER}.distribution.manifest.v2+json")
        config_type, manifest_type = kinds if self.docker else (f"{OCI}.config.v1+json", f"{OCI}.manifest.v1+json")
        layer_type = f"{DOCKER}.image.rootfs.diff.tar.gzip" if self.docker else self.layer_type
        manifest = {
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": add_blob(files, config, config_type),
            "layers": [add_blob(files, layer, layer_type) for layer in self.layers],
            **self.manifest,
        }
        descriptor = add_blob(files, json.dumps(manifest).encode(), manifest_type)
        return {**descriptor, "platform": platform} if self.in_index else descriptor


def add_blob(files: Files, data: bytes, media_type: str) -> dict[str, Any]:
    """Add a blob; returns its descriptor."""
    files[f"blobs/sha256/{hashlib.sha256(data).hexdigest()}"] = data
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def layout(*images: ImageParts, nested: bool = False, attested: bool = False) -> Files:
    """A layout with these images. `nested`: in a separate index; `attested`: with buildx's default attestation."""
    files: Files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    manifests = [image.add_to(files) for image in images or (ImageParts(),)]
    if attested:
        statement = ImageParts((b'{"predicate":{}}',), "unknown/unknown", "application/vnd.in-toto+json")
        manifests.append(statement.add_to(files))
    if nested or attested:
        manifests = [add_blob(files, index_of(manifests), f"{OCI}.index.v1+json")]
    files["index.json"] = index_of(manifests)
    return files


def index_of(manifests: Sequence[Mapping[str, Any]]) -> bytes:
    """An index that lists these manifests."""
    return json.dumps({"schemaVersion": 2, "manifests": list(manifests)}).encode()


def descriptor_in(files: Files) -> dict[str, Any]:
    """The first manifest that `index.json` lists."""
    listed: dict[str, Any] = json.loads(files["index.json"])["manifests"][0]
    return listed


def image_bundle(files: Files | None = None, version: str = "1.0.0", **ai: Any) -> BundleParts:  # noqa: ANN401 - YAML
    """A valid bundle with the component `ai`, whose image is in the folder `ai`."""
    files = layout() if files is None else files
    component = {"kind": "image", "artifact": "ai", "digest": digest(files["index.json"]), **ai}
    manifest = {"application": "smartpack", "version": version, "components": {"ai": component}}
    return BundleParts(manifest, {f"ai/{path}": data for path, data in sorted(files.items())})


def a_tar(files: Mapping[str, bytes]) -> bytes:
    """The layout as a tar with its folders, as tools write it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder in ("blobs", "blobs/sha256"):
            member = tarfile.TarInfo(folder)
            member.type = tarfile.DIRTYPE
            archive.addfile(member)
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
