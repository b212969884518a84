"""Makes a release bundle of a source folder: the same folder always gives the same bytes.

The source folder has a `release.yaml` without digests, whose artifacts are folders. A function's folder becomes a zip
inside the bundle (a `.zip` is taken as it is), a site's folder its files and an index of them, a container image's
layout (a folder or a `.tar`) the files that belong to it; a file of parameters and a template stay what they are. The
manifest comes last, next to the zip's directory, so a reader of the bundle gets both at once. Finally the bundle is
opened and verified exactly as the controller will do it.

An artifact whose component says how it is built (`build:`) is built first, if its sources have changed.
"""

import hashlib
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO, Any

import yaml
from controller.domain.bundle.artifacts import (
    MANIFEST_NAME,
    FunctionArtifact,
    ImageArtifact,
    ParametersArtifact,
    SiteArtifact,
    StackArtifact,
)
from controller.domain.bundle.strict_yaml import read_yaml

from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.manifest import Manifest, make_manifest
from controller.domain.components.site.index import render_index
from controller.domain.components.stack.templates import parse_template
from controller.errors import InvalidBundleError
from selfright.bundling.build_spec import take_builds
from selfright.bundling.builder import BUILDER, Builder
from selfright.bundling.folder import list_files
from selfright.bundling.secrets import refuse_secrets
from selfright.bundling.zip import add, add_site, add_stored, zip_function
from selfright.components.image.pack import add_image
from selfright.components.parameters.pack import read_parameters

_IN_MEMORY = 32 * 1024 * 1024
"""A function's zip up to this size (bytes) is made in memory."""


def make_bundle(  # noqa: PLR0913 - all but the first two have names
    source: Path,
    output: Path | None = None,
    *,
    application: str | None = None,
    version: str | None = None,
    allowed: Collection[str] = (),
    builder: Builder | None = BUILDER,
) -> Path:
    """Make the bundle of the folder `source`; returns its path. Raises `InvalidBundleError`.

    `output`: the file to write, or a folder; by default `<application>-<version>.zip` in the current folder.
    `application` and `version` take the place of what `release.yaml` says. `allowed`: what looks like a secret but is
    none: files, as paths or patterns within their artifact's folder, and names of settings. `builder` builds what has
    changed; None: the artifacts are taken as they are.
    """
    content, builds = take_builds(_read_source(source, {"application": application, "version": version}))
    manifest = make_manifest(content)
    refuse_secrets(manifest, allowed)
    if builder:
        builder.build(source, manifest, builds)
    target = _target(output, manifest)
    _refuse_inside(target, [source / component.artifact for component in manifest.components.values()])
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".selfright-", dir=target.parent) as folder:
        draft = Path(folder) / "bundle.zip"
        with zipfile.ZipFile(draft, "w") as archive:
            _fill(archive, source, content, manifest, allowed)
        verify_bundle(draft)
        draft.replace(target)
    return target


def build_artifacts(source: Path, builder: Builder = BUILDER) -> None:
    """Build what the folder `source` says, if its sources have changed; raises `InvalidBundleError`."""
    content, builds = take_builds(_read_source(source, {}))
    builder.build(source, make_manifest(content), builds)


def verify_bundle(path: Path) -> Manifest:
    """Check a bundle exactly as the controller does; returns its manifest. Raises `InvalidBundleError`."""
    with path.open("rb") as file:
        archive = BundleArchive(file)
        manifest = archive.manifest()
        archive.verify(manifest)
    return manifest


def _read_source(source: Path, instead: Mapping[str, str | None]) -> dict[str, Any]:
    path = source / MANIFEST_NAME
    try:
        content = read_yaml(path.read_bytes())
    except OSError as error:
        reason = f"'{path}' cannot be read: {error.strerror}"
        raise InvalidBundleError(reason, f"Name the folder that has the application's {MANIFEST_NAME}.") from error
    return content | {key: value for key, value in instead.items() if value is not None}


def _target(output: Path | None, manifest: Manifest) -> Path:
    name = f"{manifest.application}-{manifest.version}.zip"
    if output is None:
        return Path(name)
    return output / name if output.is_dir() else output


def _fill(
    archive: zipfile.ZipFile, source: Path, content: dict[str, Any], manifest: Manifest, allowed: Collection[str]
) -> None:
    """Write all artifacts, then the manifest with their names and digests."""
    for name, component in sorted(manifest.components.items()):
        place = _inside(source, component.artifact)
        if isinstance(component, FunctionArtifact):
            written = _add_function(archive, place, component, allowed)
        elif isinstance(component, ParametersArtifact):
            written = _add_parameters(archive, place, component, allowed)
        elif isinstance(component, StackArtifact):
            written = _add_template(archive, place, component)
        elif isinstance(component, ImageArtifact):
            folder, layout = add_image(archive, place, component.artifact)
            written = {"artifact": folder, "digest": f"sha256:{layout.digest}"}
        else:
            written = _add_site(archive, place, component, allowed)
        content["components"][name] |= written
    make_manifest(content)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    add(archive, MANIFEST_NAME, text.encode())


def _add_function(
    archive: zipfile.ZipFile, place: Path, component: FunctionArtifact, allowed: Collection[str]
) -> dict[str, str]:
    if place.is_file():
        with place.open("rb") as code:
            return _store(archive, component.artifact, code)
    _require_folder(place)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as code:
        zip_function(code, list_files(place, allowed=allowed))
        code.seek(0)
        return _store(archive, f"{component.artifact}.zip", code)


def _store(archive: zipfile.ZipFile, path: str, code: IO[bytes]) -> dict[str, str]:
    size = code.seek(0, 2)
    code.seek(0)
    sha256 = add_stored(archive, path, code, size)
    return {"artifact": path, "digest": f"sha256:{sha256}"}


def _add_site(
    archive: zipfile.ZipFile, place: Path, component: SiteArtifact, allowed: Collection[str]
) -> dict[str, str]:
    _require_folder(place)
    index = render_index(add_site(archive, component.artifact, list_files(place, allowed=allowed)))
    add(archive, component.index, index)
    return {"artifact": component.artifact, "digest": f"sha256:{hashlib.sha256(index).hexdigest()}"}


def _add_parameters(
    archive: zipfile.ZipFile, place: Path, component: ParametersArtifact, allowed: Collection[str]
) -> dict[str, str]:
    text = read_parameters(place, allowed)
    add(archive, component.artifact, text)
    return {"artifact": component.artifact, "digest": f"sha256:{hashlib.sha256(text).hexdigest()}"}


def _add_template(archive: zipfile.ZipFile, place: Path, component: StackArtifact) -> dict[str, str]:
    if not place.is_file():
        what = "is not a file" if place.exists() else "does not exist"
        raise InvalidBundleError(f"the artifact '{place}' {what}", "Name a CloudFormation template.")
    text = place.read_bytes()
    parse_template(text, component.artifact)
    add(archive, component.artifact, text)
    return {"artifact": component.artifact, "digest": f"sha256:{hashlib.sha256(text).hexdigest()}"}


def _inside(source: Path, artifact: str) -> Path:
    place = source / artifact
    if not place.resolve().is_relative_to(source.resolve()):
        reason = f"the artifact '{place}' is a link that leads out of '{source}'"
        raise InvalidBundleError(reason, "Copy what it leads to into the folder.")
    return place


def _require_folder(place: Path) -> None:
    if not place.is_dir():
        what = "is not a folder" if place.exists() else "does not exist"
        raise InvalidBundleError(
            f"the artifact '{place}' {what}", f"Build it, or correct `artifact` in {MANIFEST_NAME}."
        )


def _refuse_inside(target: Path, artifacts: Collection[Path]) -> None:
    """The bundle must not be written into what it is made of: the next one would contain it."""
    for artifact in artifacts:
        if target.resolve().is_relative_to(artifact.resolve()):
            raise InvalidBundleError(f"the bundle '{target}' would be inside '{artifact}'", "Name another output file.")
