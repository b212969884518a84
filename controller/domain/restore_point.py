"""A restore point as it is kept outside the ledger: what a person, or another controller, would need to go back.

It is one manifest and a part for each component, in the artifacts bucket. The manifest says where the environment was,
which revisions were live and which bundle they came from, and has the digest of every part; so a part that was changed,
or belongs to another time, is seen. It is written last: a restore point is whole when its manifest is there.
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
"""Where the code of functions is kept, by its digest."""
MANIFEST = "_manifest.json"
"""No component has a name that begins so."""
FORMAT = 1
LEFT_OUT = "(left out)"
"""What stands in it for a value that may be secret."""


def folder(application: str, environment: str, deployment_id: str) -> str:
    """Where in the bucket the restore point of a deployment lies."""
    return f"{PREFIX}{application}/{environment}/{deployment_id}/"


@dataclass(frozen=True)
class Part:
    """What was exported of one component. `upload` is the bundle that its revision came with, if any is known."""

    kind: str
    revision: Revision
    document: Mapping[str, Any]
    upload: Upload | None = None


@dataclass(frozen=True)
class RestorePoint:
    """Everything that was live before a deployment.

    `live` is the deployment whose release that was; `configuration` is the environment's, as JSON; `snapshots` are
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
        """Where in the bucket it lies."""
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
    """A database's snapshot and how it stands; `detail` says it in RDS's words."""

    id: str
    state: SnapshotState
    detail: str = ""


def snapshot_id(database: str, deployment_id: str) -> str:
    """The snapshot's name, the same for the same deployment: letters, digits and single hyphens, as RDS wants it."""
    fingerprint = hashlib.sha256(deployment_id.encode()).hexdigest()[:16]
    return f"{snapshot_prefix(database)}{fingerprint}"


def snapshot_prefix(database: str) -> str:
    """How the name of every snapshot of ours of this database begins."""
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
