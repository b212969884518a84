"""The objects that staging adds to a site's files, as the revision in the bucket says them."""

from collections.abc import Mapping
from typing import Any

from controller.aws.components.site.files import SiteFiles
from controller.domain.components.site.addresses import addresses_of
from controller.domain.components.site.artifact import RULES_BYTES
from controller.domain.components.site.hashes import REVISIONS, Sharing
from controller.domain.components.site.names import REDIRECTS_NAME
from controller.domain.components.site.redirects import parse_redirects
from controller.errors import NotFoundError


def added_keys(files: SiteFiles, revision: str, index: Mapping[str, Any], sharing: Sharing) -> list[str]:
    """The keys of what staging added to the files of an index; one call if the site has redirects of its own.

    `sharing` is the revision's.
    """
    folder, data = f"{REVISIONS}{revision}/", b""
    if REDIRECTS_NAME in index["files"]:
        try:
            data, _ = files.read(f"{folder}{REDIRECTS_NAME}", RULES_BYTES)
        except NotFoundError:
            data = b""  # it is one of the missing files
    redirects = parse_redirects(data)
    found = addresses_of(index["files"], index.get("not_found_handling"), redirects=redirects, is_shared=sharing.has)
    return [f"{folder}{name}" for name in (*found.copies, *found.redirects)]
