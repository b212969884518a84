"""Puts a site into a bundle: its files and an index of them."""

import hashlib
import unicodedata
from collections.abc import Collection
from pathlib import PurePosixPath

from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.site.index import FileEntry, render_index
from controller.errors import InvalidBundleError
from selfright.components.site.public import LeftOut, secret_of
from selfright.packing.folder import Secret, refuse_secret_files
from selfright.packing.globs import matches
from selfright.packing.packing import Packed, Packing


def pack_site(packing: Packing, artifact: SiteArtifact) -> Packed:
    """Add the files and the index, whose digest covers all of them; raises `InvalidBundleError`.

    Some systems decompose accents in the names of files. Links have them composed, so the names are composed here.
    """
    index: dict[str, FileEntry] = {}
    left_out = LeftOut(artifact.exclude)
    secrets: list[Secret] = []
    for file in packing.folder(left_out):
        if isinstance(file, Secret):
            secrets.append(file)
            continue
        data = file.source.read_bytes()
        if secret := secret_of(file, data, packing.allowed):
            secrets.append(secret)
            continue
        path = unicodedata.normalize("NFC", file.path)
        if path in index:
            reason = f"the name of '{file.source}' is that of another file, but for how its accents are written"
            raise InvalidBundleError(reason, "Delete or rename one of them.")
        packing.add(f"{artifact.artifact}/{path}", data)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        index[path] = FileEntry(hashlib.sha256(data).hexdigest(), md5, len(data))
    _refuse_longer_paths(artifact, left_out, index)
    refuse_secret_files(secrets, public=True)
    sha256 = packing.add(artifact.index, render_index(index, artifact.not_found_handling, artifact.hashed)).sha256
    return Packed(artifact.artifact, sha256, {"left_out": left_out.counts} if left_out.counts else {})


def _refuse_longer_paths(artifact: SiteArtifact, left_out: LeftOut, paths: Collection[str]) -> None:
    """Refuse a pattern that would take something if it did not begin with the site's folder: that would be public."""
    name = PurePosixPath(artifact.artifact).name
    for pattern in (pattern for pattern, count in left_out.counts.items() if not count):
        bare = pattern.removeprefix("/")
        for folder in (f"{artifact.artifact}/", f"{name}/"):
            meant = bare.removeprefix(folder)
            if meant not in {bare, ""} and any(_takes(meant, path) for path in paths):
                why = f"paths begin in the site's folder, '{artifact.artifact}'"
                reason = f"'{pattern}' under `exclude` matches nothing: {why}"
                raise InvalidBundleError(reason, f"Write '{meant}', or leave it out if the files are to be public.")


def _takes(pattern: str, path: str) -> bool:
    """Whether a pattern matches a file or a folder that it is in."""
    folders = [str(folder) for folder in PurePosixPath(path).parents][:-1]
    return matches(pattern, path, is_folder=False) or any(matches(pattern, one, is_folder=True) for one in folders)
