"""Recovery of a site: the files of its revision, then the routing function that leads to it."""

from collections.abc import Mapping
from typing import Any

from controller.aws.bundles import S3Bundles
from controller.aws.client.clients import Clients
from controller.aws.components.site.added import added_keys
from controller.aws.components.site.export import SiteExport
from controller.aws.components.site.files import SiteFiles, Stored
from controller.aws.components.site.routing import SiteTraffic, index_key
from controller.aws.components.site.staging import SiteStaging
from controller.aws.components.traffic import RECOVERED
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.site.hashes import Sharing
from controller.domain.components.site.index import FileEntry
from controller.domain.components.site.target import SiteTarget
from controller.errors import AwsError, NotFoundError
from selfright.components.recovered import PointEntry, RecoveryStep, cannot, do


class SiteRecovery:
    """Implements `recovered.Recovery`."""

    def __init__(
        self, clients: Clients, name: str, target: SiteTarget, entry: PointEntry, document: Mapping[str, Any]
    ) -> None:
        """`entry` and `document` are the restore point's."""
        self._clients, self._name, self._target = clients, name, target
        self._entry, self._document = entry, document
        self._files = SiteFiles(clients, target.bucket)
        self._traffic = SiteTraffic(clients, target, self._files)

    def plan(self) -> list[RecoveryStep]:
        """Restore the files first, so that no visitor is sent to an incomplete revision."""
        return [*self._uploading(), *self._routing(), *self._distribution()]

    def _uploading(self) -> list[RecoveryStep]:
        missing = self._missing() if self._entry.revision else []
        if not missing:
            return []
        what = f"{len(missing)} files of revision {self._entry.revision} are missing or changed"
        if self._entry.upload is None:
            return [cannot(self._name, f"{what}, and their bundle is unknown. Release it again.")]
        return [do(self._name, f"upload again from the bundle: {what}", self._upload)]

    def _missing(self) -> list[str]:
        """The keys that are missing in the bucket or have other contents, including the index."""
        revision, sharing = self._entry.revision, Sharing.below(self._document["folders"])
        files = self._document["index"]["files"]
        there = self._files.of_revision(revision, sharing, files)
        wanted = {sharing.key(path, revision): FileEntry(**file) for path, file in files.items()}
        missing = {key for key, file in wanted.items() if not self._has(there, key, file)}
        added = added_keys(self._files, revision, self._document["index"], sharing)
        return sorted(missing | ({index_key(revision), *added} - there.keys()))

    def _has(self, there: Mapping[str, Stored], key: str, file: FileEntry) -> bool:
        if key not in there or there[key].is_like(file):
            return key in there
        return self._files.sha256(key) == file.sha256  # With a KMS key, the ETag is not the MD5.

    def _upload(self) -> None:
        assert self._entry.upload  # noqa: S101 - otherwise there is no step
        page = self._document.get("application") or self._target.fallback
        with S3Bundles(self._clients.objects).open(self._entry.upload) as file:
            bundle = BundleArchive(file)
            for artifact in bundle.manifest().components.values():
                if isinstance(artifact, SiteArtifact) and artifact.revision(bundle, page) == self._entry.revision:
                    SiteStaging(self._files, artifact, bundle, page).run(again=True)
                    return
        raise AwsError(f"the bundle {self._entry.upload.key} has no site of revision {self._entry.revision}.")

    def _routing(self) -> list[RecoveryStep]:
        revision = self._entry.revision
        try:
            state = self._traffic.read()
        except NotFoundError:
            return [cannot(self._name, f"{self._traffic.name} no longer exists: deploy the application's stack first.")]
        if self._traffic.is_at(state, revision, revision, 0):
            return []
        text = f"send all visitors to revision {revision or '(none)'} (now: {self._traffic.describe(state)})"
        return [do(self._name, text, lambda: self._traffic.write(state, revision, revision, 0, RECOVERED))]

    def _distribution(self) -> list[RecoveryStep]:
        had = self._document.get("distribution")
        if not had or not self._target.distribution_id:
            return []
        try:
            has = SiteExport(self._clients, self._target).distribution() or {}
        except NotFoundError:
            text = f"the distribution {had['id']} no longer exists: deploy the application's stack first."
            return [cannot(self._name, text)]
        names = {**had["configuration"], **has["configuration"]}
        different = [name for name in sorted(names) if had["configuration"].get(name) != has["configuration"].get(name)]
        text = f"the distribution {had['id']} differs in {', '.join(different)}: deploy its template to restore that"
        return [RecoveryStep(self._name, text)] if different else []
