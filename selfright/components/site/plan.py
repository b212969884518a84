"""A site's files, compared with those of the live revision only by the two indexes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from controller.aws.client.calls import DENIED
from controller.aws.components.site.files import SiteFiles, Stored
from controller.aws.components.site.routing import index_key
from controller.aws.components.site.sharing import is_shared_already
from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.site.index import INDEX_BYTES, FileEntry, SiteIndex, parse_index
from controller.domain.components.site.target import SiteTarget
from controller.errors import AwsError
from selfright.components.kind import Planning
from selfright.components.planned import ComponentPlan, Transfer, compare

NOT_LISTED = (
    "You may not list the site's bucket, so its shared files are compared with those of the live revision alone; the"
    " controller compares with all of them."
)


def plan_site(planning: Planning, target: SiteTarget, known: ComponentPlan, artifact: SiteArtifact) -> ComponentPlan:
    """Compare a site with the live revision in `known`; one call to S3, and listings of shared files.

    Whoever may not list the bucket compares with the live revision's shared files only, and is told so. Raises
    `InvalidBundleError` as staging would.
    """
    index, live = artifact.read_index(planning.bundle), known.live
    if live == artifact.revision(planning.bundle, target.fallback):
        return replace(known, change="unchanged")
    files = SiteFiles(planning.clients, target.bucket)
    former = _live(files, live)
    before, after = ({path: file.sha256 for path, file in found.items()} for found in (former, index.files))
    planned = replace(known, change="changed" if live else "new", items=compare(before, after, "files", listed=False))
    try:
        there = files.shared(artifact.sharing, index.files)
    except AwsError as error:
        if error.code not in DENIED:
            raise
        planned = replace(planned, remarks=(*planned.remarks, NOT_LISTED))
        there = {path: Stored(file.size, file.md5, datetime.now(UTC)) for path, file in former.items()}
    return replace(planned, transfer=_transfer(files, artifact, index, there))


def _live(files: SiteFiles, live: str) -> Mapping[str, FileEntry]:
    """The files of the live revision."""
    return parse_index(files.read(index_key(live), INDEX_BYTES)[0]).files if live else {}


def _transfer(files: SiteFiles, artifact: SiteArtifact, index: SiteIndex, there: Mapping[str, Stored]) -> Transfer:
    """What is not in the bucket; of a revision that was staged before, that may be less."""
    sharing = artifact.sharing
    missing = [
        file
        for path, file in index.files.items()
        if not (sharing.has(path) and is_shared_already(files, there, path, file))
    ]
    return Transfer("files", len(missing), len(index.files), sum(file.size for file in missing))
