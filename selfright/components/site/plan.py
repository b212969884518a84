"""A site's files, compared with those of the live revision only by the two indexes."""

from dataclasses import replace

from controller.aws.client.clients import Clients
from controller.aws.components.site.files import SiteFiles
from controller.aws.components.site.routing import folders_in, index_key
from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.site.index import INDEX_BYTES, FileEntry, SiteIndex, is_hashed, parse_index
from controller.domain.components.site.target import SiteTarget
from selfright.components.kind import Planning
from selfright.components.planned import ComponentPlan, Transfer, compare


def plan_site(planning: Planning, target: SiteTarget, known: ComponentPlan, artifact: SiteArtifact) -> ComponentPlan:
    """Compare a site with the live revision in `known`; one call to S3."""
    index, live = artifact.read_index(planning.bundle), known.live
    if live == index.revision:
        return replace(known, change="unchanged")
    live_files, shared = _live(planning.clients, target, live)
    before, after = ({path: file.sha256 for path, file in files.items()} for files in (live_files, index.files))
    return replace(
        known,
        change="changed" if live else "new",
        items=compare(before, after, "files", listed=False),
        transfer=_transfer(artifact, index, shared),
    )


def _live(clients: Clients, target: SiteTarget, live: str) -> tuple[dict[str, FileEntry], set[str]]:
    """The files of the live revision, and the paths among them in shared folders, which are not uploaded again."""
    if not live:
        return {}, set()
    data, metadata = SiteFiles(clients, target.bucket).read(index_key(live), INDEX_BYTES)
    files, folders = dict(parse_index(data).files), [f"{folder}**" for folder in folders_in(metadata)]
    return files, {path for path in files if is_hashed(path, folders)}


def _transfer(artifact: SiteArtifact, index: SiteIndex, shared: set[str]) -> Transfer:
    """An upper bound: files that an older revision left in the shared folders are not uploaded either."""
    missing = [file for path, file in index.files.items() if not (is_hashed(path, artifact.hashed) and path in shared)]
    return Transfer("files", len(missing), len(index.files), sum(file.size for file in missing))
