"""A restore point outside the ledger: what a person, or another controller, needs to restore the environment.

It is one manifest and a part for each component, in the artifacts bucket. The manifest has the environment's
configuration, the live revisions, the bundles that they came from, and the digest of every part; so a part that was
changed, or is from another restore point, is found. The manifest is written last: with it, the restore point is
complete.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from controller.domain.deployment import Revision, Upload

PREFIX = "restore-points/"
CODE = f"{PREFIX}code/"
"""The folder for the code of functions, by its digest."""
MANIFEST = "_manifest.json"
"""The manifest's file name. No component's name begins with `_`."""
FORMAT = 1
LEFT_OUT = "(left out)"
"""The text in place of a value that may be secret."""


def folder(application: str, environment: str, deployment_id: str) -> str:
    """The folder in the bucket that holds a deployment's restore point."""
    return f"{PREFIX}{application}/{environment}/{deployment_id}/"


@dataclass(frozen=True)
class Part:
    """The export of one component. `upload` is the bundle that its revision came from, if it is known."""

    kind: str
    revision: Revision
    document: Mapping[str, Any]
    upload: Upload | None = None


@dataclass(frozen=True)
class RestorePoint:
    """Everything that was live before a deployment.

    `live` is the deployment whose release was live; `configuration` is the environment's, as JSON; `snapshots` are
    those of its databases, by component.
    """

    deployment_id: str
    application: str
    environment: str
    recorded_at: datetime
    configuration: Mapping[str, Any]
    parts: Mapping[str, Part]
    live: str = ""
    snapshots: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Its folder in the bucket."""
        return folder(self.application, self.environment, self.deployment_id)

    def files(self) -> dict[str, bytes]:
        """Key → contents, the manifest last."""
        parts = {f"{self.folder}{name}.json": _json(part.document) for name, part in self.parts.items()}
        return {**parts, f"{self.folder}{MANIFEST}": _json(self._manifest(parts))}

    def _manifest(self, files: Mapping[str, bytes]) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "deployment_id": self.deployment_id,
            "application": self.application,
            "environment": self.environment,
            "recorded_at": self.recorded_at.isoformat(),
            "live": self.live,
            "configuration": self.configuration,
            "snapshots": dict(self.snapshots),
            "components": {
                name: _entry(part, f"{self.folder}{name}.json", files[f"{self.folder}{name}.json"])
                for name, part in self.parts.items()
            },
        }


SnapshotState = Literal["pending", "available", "failed"]


@dataclass(frozen=True)
class Snapshot:
    """A database's snapshot and its state; `detail` is the state in RDS's words."""

    id: str
    state: SnapshotState
    detail: str = ""


def snapshot_id(database: str, deployment_id: str) -> str:
    """The snapshot's name, the same for the same deployment: letters, digits and single hyphens, as RDS requires."""
    fingerprint = hashlib.sha256(deployment_id.encode()).hexdigest()[:16]
    return f"{snapshot_prefix(database)}{fingerprint}"


def snapshot_prefix(database: str) -> str:
    """The beginning of the names of all snapshots that Selfright takes of this database."""
    return f"selfright-{database.lower()}-"


def _entry(part: Part, key: str, data: bytes) -> dict[str, Any]:
    upload = part.upload and {
        "bucket": part.upload.bucket,
        "key": part.upload.key,
        "version_id": part.upload.version_id,
        "size": part.upload.size,
        "uploaded_at": part.upload.uploaded_at.isoformat(),
    }
    return {
        "kind": part.kind,
        "revision": part.revision.id,
        "digest": part.revision.digest,
        "part": key,
        "sha256": hashlib.sha256(data).hexdigest(),
        "upload": upload,
    }


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, default=str).encode()
