"""Makes a release bundle from a source folder: the same folder always gives the same bytes.

The source folder has a `release.yaml` without digests, whose artifacts are folders and files. Each kind of component
packs its own artifacts (`selfright.components`). The manifest comes last, next to the zip's directory, so a reader of
the bundle gets both at once. Finally the bundle is opened and verified exactly as the controller will do it.

An artifact with a `build:` is built first, if its sources have changed.
"""

import tempfile
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.manifest import Manifest, make_manifest
from controller.domain.components.artifact import MANIFEST_NAME
from controller.domain.reading.strict_yaml import read_yaml, write_yaml
from controller.domain.reading.written import PlacedKeys
from controller.errors import InvalidBundleError
from selfright.bundling.build_spec import take_builds
from selfright.bundling.builder import BUILDER, Builder
from selfright.components.registry import kind_of
from selfright.packing.no_secrets import NOTHING, NoSecrets
from selfright.packing.packing import Packed, Packing, alike
from selfright.packing.secrets import refuse_secrets
from selfright.packing.zip import add


def make_bundle(  # noqa: PLR0913 - all but the first two have names
    source: Path,
    output: Path | None = None,
    *,
    application: str | None = None,
    version: str | None = None,
    allowed: NoSecrets = NOTHING,
    builder: Builder | None = BUILDER,
) -> Path:
    """Make a bundle from the folder `source` and return its path. Raises `InvalidBundleError`.

    `output`: the file to write, or a folder; by default `<application>-<version>.zip` in the current folder.
    `application` and `version` replace those of `release.yaml`. `allowed` takes what looks like a secret but is none,
    and must be needed. `builder` builds the artifacts whose sources have changed; None: they are taken as they are.
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
        allowed.refuse_idle()
        verify_bundle(draft)
        draft.replace(target)
    return target


def build_artifacts(source: Path, builder: Builder = BUILDER) -> None:
    """Build the artifacts of the folder `source` whose sources have changed; raises `InvalidBundleError`."""
    content, builds = take_builds(_read_source(source, {}))
    builder.build(source, make_manifest(content), builds)


def verify_bundle(path: Path) -> Manifest:
    """Check a bundle exactly as the controller does; returns its manifest. Raises `InvalidBundleError`."""
    with path.open("rb") as file:
        archive = BundleArchive(file)
        manifest = archive.manifest()
        archive.verify(manifest)
    return manifest


def _read_source(source: Path, replacements: Mapping[str, str | None]) -> PlacedKeys:
    path = source / MANIFEST_NAME
    try:
        content = read_yaml(path.read_bytes())
    except OSError as error:
        reason = f"'{path}' cannot be read: {error.strerror}{'' if path.exists() else alike(path)}"
        raise InvalidBundleError(reason, f"Name the folder that has the application's {MANIFEST_NAME}.") from error
    return content | {key: value for key, value in replacements.items() if value is not None}


def _target(output: Path | None, manifest: Manifest) -> Path:
    name = f"{manifest.application}-{manifest.version}.zip"
    if output is None:
        return Path(name)
    return output / name if output.is_dir() else output


def _fill(
    archive: zipfile.ZipFile, source: Path, content: dict[str, Any], manifest: Manifest, allowed: NoSecrets
) -> None:
    """Write all artifacts, then the manifest with their names and digests."""
    known: dict[str, Packed] = {}
    for name, component in sorted(manifest.components.items()):
        packing = Packing(archive, _inside(source, component.artifact), allowed)
        if (packed := known.get(component.artifact)) is None:  # several functions may be made of one artifact
            packed = known[component.artifact] = kind_of(component.kind).pack(packing, component)
        written = {"artifact": packed.artifact, "digest": f"sha256:{packed.sha256}", **packed.keys}
        content["components"][name] |= written
    make_manifest(content)
    add(archive, MANIFEST_NAME, write_yaml(content))


def _inside(source: Path, artifact: str) -> Path:
    place = source / artifact
    if not place.resolve().is_relative_to(source.resolve()):
        reason = f"the artifact '{place}' is a link that leads out of '{source}'"
        raise InvalidBundleError(reason, "Copy its target into the folder.")
    return place


def _refuse_inside(target: Path, artifacts: Collection[Path]) -> None:
    """Refuse to write the bundle into one of its artifacts: the next bundle would contain it."""
    for artifact in artifacts:
        if target.resolve().is_relative_to(artifact.resolve()):
            raise InvalidBundleError(f"the bundle '{target}' would be inside '{artifact}'", "Name another output file.")
