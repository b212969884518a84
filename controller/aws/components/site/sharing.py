"""What of the shared files is in a site's bucket already; the same for staging and for `selfright plan`."""

from collections.abc import Mapping

from controller.aws.components.site.files import SiteFiles, Stored
from controller.domain.components.site.index import FileEntry
from controller.errors import InvalidBundleError


def is_shared_already(files: SiteFiles, there: Mapping[str, Stored], path: str, file: FileEntry) -> bool:
    """Whether a shared file is there; raises `InvalidBundleError` when its name would change its contents."""
    if path not in there or there[path].is_like(file):
        return path in there
    if there[path].size == file.size and files.sha256(path) == file.sha256:
        return True  # It is encrypted with a KMS key, so its ETag is not its MD5.
    raise InvalidBundleError(
        f"'{path}' is in the site's bucket with other contents, so its name is not made from its contents",
        "Let the build put the contents' hash into the name. If its name only looks as if it had one, name the folders"
        " whose files have one under `hashed` in release.yaml, like `assets/**`, and leave out its own.",
    )
