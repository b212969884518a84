"""Puts a site into a bundle: its files and an index of them."""

import hashlib

from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.site.index import FileEntry, render_index
from selfright.packing.packing import Packed, Packing


def pack_site(packing: Packing, artifact: SiteArtifact) -> Packed:
    """Add the files and the index, whose digest covers all of them; raises `InvalidBundleError`."""
    index: dict[str, FileEntry] = {}
    for file in packing.folder():
        data = file.source.read_bytes()
        packing.add(f"{artifact.artifact}/{file.path}", data)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        index[file.path] = FileEntry(hashlib.sha256(data).hexdigest(), md5, len(data))
    return Packed(artifact.artifact, packing.add(artifact.index, render_index(index)).sha256)
