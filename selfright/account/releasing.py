"""Sending a release: bundle the folder, upload the bundle, and compute the id of its deployment."""

import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from email.header import Header
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3transfer.manager import TransferConfig, TransferManager
from s3transfer.subscribers import BaseSubscriber

from controller.aws.bundles import STATED, S3Bundles
from controller.aws.client.calls import calling
from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.remarks import remarks_on
from controller.domain.deployment import Upload
from controller.domain.identity import INCOMING, deployment_id
from controller.domain.printable import NAME_BYTES, bounded
from controller.errors import InvalidBundleError
from selfright.account.account import Account
from selfright.bundling.builder import BUILDER, Builder
from selfright.bundling.bundle import make_bundle
from selfright.errors import AdviceError
from selfright.packing.no_secrets import NOTHING, NoSecrets

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from s3transfer.futures import TransferFuture

PART_BYTES = 16 * 1024 * 1024
SIDE_BY_SIDE = 4
UPLOADS = ("after-call.s3.PutObject", "after-call.s3.CompleteMultipartUpload")


@dataclass(frozen=True)
class Bundle:
    """A bundle on this machine, with its size in bytes, application, version, and what to know of its contents.

    `application` and `version` are "" if it cannot be read; the controller then reports why.
    """

    path: Path
    size: int
    application: str = ""
    version: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def object_name(self) -> str:
        """The last part of the upload key."""
        name = f"{self.application}-{self.version}" if self.version else self.path.stem
        return f"{re.sub(r'[^A-Za-z0-9.+_-]+', '-', name)}.zip"


@dataclass(frozen=True)
class Sent:
    """A bundle that was uploaded, and the id of the deployment that it becomes."""

    deployment_id: str
    upload: Upload


def read_bundle(path: Path) -> Bundle:
    """The bundle with its application and version, if they can be read."""
    size = path.stat().st_size
    bundle = Bundle(path, size)
    with suppress(InvalidBundleError), path.open("rb") as file:
        archive = BundleArchive(file)
        manifest = archive.manifest()
        bundle = replace(bundle, application=manifest.application, version=manifest.version)
        bundle = replace(bundle, remarks=remarks_on(manifest, archive))
    return bundle


def bundled(source: Path, folder: Path, allowed: NoSecrets = NOTHING, builder: Builder | None = BUILDER) -> Bundle:
    """The bundle of a release folder, made in `folder`; a bundle is used unchanged.

    `allowed` and `builder`: see `make_bundle`. Raises `InvalidBundleError`; `AdviceError` if something is to be allowed
    in a bundle.
    """
    if source.is_dir():
        return read_bundle(make_bundle(source, folder, allowed=allowed, builder=builder))
    if allowed.patterns:
        message = f"--allow has no effect on '{source}': it is a bundle, and what is in a bundle was allowed already."
        raise AdviceError(message, "Leave it out, or name the release folder.")
    return read_bundle(source)


def send(
    account: Account,
    bundle: Bundle,
    environment_key: str,
    uploaded: Callable[[int], None],
    hotfix: str = "",
) -> Sent:
    """Upload the bundle for a registered environment; `uploaded` is called with how many more bytes were sent.

    `hotfix` is the reason why it may be released although an alarm is firing; the caller's name is stored with it.
    Raises `AdviceError` for an unknown environment and for that of another application, `AwsError` when the upload
    fails.
    """
    application, _, environment = environment_key.partition("/")
    account.environment(environment_key)
    _require_of(account, bundle, application, environment_key)
    key = f"{INCOMING}{environment_key}/{bundle.object_name}"
    said = stated(account, hotfix=hotfix) if hotfix else {}
    version = _put(account.s3, bundle.path, account.resources.bucket, key, uploaded, said)
    upload = S3Bundles(account.s3).pin(account.resources.bucket, key, version)
    return Sent(deployment_id(application, environment, upload), upload)


def _require_of(account: Account, bundle: Bundle, application: str, environment_key: str) -> None:
    """Raise `AdviceError` for a bundle of another application: the controller would reject it after the upload."""
    if bundle.application in {"", application}:
        return
    message = f"The bundle is a release of '{bundle.application}', and {environment_key} belongs to '{application}'."
    own = [key for key in account.environments() if key.startswith(f"{bundle.application}/")]
    step = f"Its environments are: {', '.join(own)}." if own else f"'{bundle.application}' has no environment here yet."
    raise AdviceError(message, step)


def release(
    account: Account,
    source: Path,
    environment_key: str,
    uploaded: Callable[[int], None] = lambda _: None,
) -> Sent:
    """Bundle (if it is a folder) and upload a release; watch it with `DeploymentWatcher(account.ledger).watch`."""
    with tempfile.TemporaryDirectory(prefix="selfright-") as folder:
        return send(account, bundled(source, Path(folder)), environment_key, uploaded)


def stated(account: Account, **why: str) -> dict[str, str]:
    """The object's metadata: these fields of the upload, and who uploads it.

    They are HTTP headers, so RFC 2047 encodes what is not ASCII; S3 takes 2 KB of them.
    """
    texts = {name: bounded(value, NAME_BYTES) for name, value in {**why, "by": account.principal()}.items() if value}
    return {
        STATED[name]: text if text.isascii() else Header(text, "utf-8").encode(maxlinelen=0)
        for name, text in texts.items()
    }


def _put(  # noqa: PLR0913, PLR0917 - source, destination, progress and metadata
    s3: "S3Client", path: Path, bucket: str, key: str, uploaded: Callable[[int], None], stated: Mapping[str, str]
) -> str | None:
    """Upload in parts when it is large; returns exactly the version that was written, if the bucket has versions."""
    versions: list[str] = []

    def note(parsed: dict[str, Any], **_: object) -> None:
        versions.append(parsed.get("VersionId", ""))

    config = TransferConfig(PART_BYTES, PART_BYTES, max_request_concurrency=SIDE_BY_SIDE)
    for event in UPLOADS:
        s3.meta.events.register(event, note)
    try:
        with calling("s3:PutObject", f"{bucket}/{key}"), TransferManager(s3, config) as transfer:
            extra = {"Metadata": dict(stated)} if stated else {}
            transfer.upload(str(path), bucket, key, extra, subscribers=[_Progress(uploaded)]).result()
    finally:
        for event in UPLOADS:
            s3.meta.events.unregister(event, note)
    return next((version for version in reversed(versions) if version), None)


class _Progress(BaseSubscriber):
    """Reports how many more bytes were sent; called from the transfer's threads."""

    def __init__(self, uploaded: Callable[[int], None]) -> None:
        self._uploaded = uploaded

    def on_progress(self, future: "TransferFuture", bytes_transferred: int, **_: object) -> None:  # noqa: ARG002
        self._uploaded(bytes_transferred)
