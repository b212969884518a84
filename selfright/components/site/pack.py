"""Puts a site into a bundle: its files and an index of them."""

import hashlib
import unicodedata

from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.site.index import FileEntry, render_index
from controller.errors import InvalidBundleError
from selfright.components.site.public import LeftOut, secret_of
from selfright.packing.folder import Secret, refuse_secret_files
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
    refuse_secret_files(secrets, public=True)
    sha256 = packing.add(artifact.index, render_index(index, artifact.not_found_handling, artifact.hashed)).sha256
    return Packed(artifact.artifact, sha256, {"left_out": left_out.counts} if left_out.counts else {})
