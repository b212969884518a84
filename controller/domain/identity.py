"""Names: the environment that an upload is for, and the id of its deployment."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from controller.domain.deployment import Upload
from controller.domain.printable import printable
from controller.errors import InvalidBundleError

_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,30}$")
_NAME_RULE = "1 to 31 lower-case letters, digits and '-', not beginning with '-'"
INCOMING = "incoming/"
"""The prefix of all uploads."""
_FORM = f"{INCOMING}<application>/<environment>/<anything>.zip"
_PARTS = 4
UNKNOWN = "unknown"
_MOMENT = "%Y%m%dT%H%M%S"
_ID = re.compile(r"[a-z0-9-]+-(\d{8}T\d{6})-[0-9a-f]{6}")
_NAME_IN_ID = 20
"""Ids cut longer names: the id becomes part of an execution's name, which has at most 80 characters."""


@dataclass(frozen=True)
class UploadTarget:
    """The application and environment that an upload is for."""

    application: str
    environment: str


def parse_key(key: str) -> UploadTarget:
    """The application and environment that an upload key names; raises `InvalidBundleError`.

    The key is as in S3, not URL-encoded.
    """
    parts = key.split("/")
    if not key.startswith(INCOMING):
        raise _refused(key, "it does not begin with 'incoming/'")
    if len(parts) != _PARTS:
        raise _refused(key, f"it has {len(parts)} parts between slashes instead of {_PARTS}")
    _, application, environment, file_name = parts
    for what, name in (("application", application), ("environment", environment)):
        if not _NAME.fullmatch(name):
            raise _refused(key, f"{what} names have {_NAME_RULE}, unlike {name!r}")
    if not file_name.endswith(".zip") or file_name == ".zip":
        raise _refused(key, "its last part is not the name of a .zip file")
    return UploadTarget(application, environment)


def is_folder(key: str) -> bool:
    """Whether the object is what consoles and tools make to show a folder: nobody has released anything by it."""
    return key.endswith("/")


def target_of(key: str) -> tuple[str, str]:
    """The application and environment of an upload key; both are `unknown` when it names none."""
    try:
        target = parse_key(key)
    except InvalidBundleError:
        return UNKNOWN, UNKNOWN
    return target.application, target.environment


def deployment_id(application: str, environment: str, upload: Upload) -> str:
    """The deployment's id: the same for the same upload, however often S3 delivers its event.

    It has at most 64 characters that execution names allow, and sorts by time within an environment.
    """
    source = f"{upload.bucket}/{upload.key}/{upload.version_id}"
    fingerprint = hashlib.sha256(source.encode()).hexdigest()[:6]
    names = f"{_short(application)}-{_short(environment)}"
    return f"{names}-{upload.uploaded_at:{_MOMENT}}-{fingerprint}"


def uploaded_at(deployment_id: str) -> datetime | None:
    """When the upload of a deployment was made, as its id says; None for what is no such id."""
    found = _ID.fullmatch(deployment_id)
    try:
        return datetime.strptime(found[1], _MOMENT).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def _short(name: str) -> str:
    return name[:_NAME_IN_ID].rstrip("-")


def _refused(key: str, why: str) -> InvalidBundleError:
    return InvalidBundleError(
        f"the upload key '{printable(key)}' names no environment: {why}", f"Upload the bundle to {_FORM}."
    )
