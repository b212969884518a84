"""Reads a restore point from the artifacts bucket and checks every digest."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.environment import Environment
from controller.domain.restore_point import FORMAT, MANIFEST, folder
from controller.errors import NotFoundError
from selfright.components.recovered import PointEntry
from selfright.errors import AdviceError

LARGEST = 64 * 1024 * 1024
NO_EXPORT = "The timeline in `selfright show` says why; `selfright rollback` works without an export."


class PointManifest(BaseModel):
    """The manifest of a restore point."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: int
    deployment_id: str
    application: str
    environment: str
    recorded_at: datetime
    live: str
    configuration: dict[str, Any]
    components: dict[str, PointEntry]
    snapshots: dict[str, str] = {}

    @property
    def environment_key(self) -> str:
        """`application/environment`."""
        return f"{self.application}/{self.environment}"


class KeptPoint:
    """A restore point in a bucket."""

    def __init__(self, bucket: str, root: str, sha256: str = "", clients: Clients | None = None) -> None:
        """`root` is its folder; `sha256` is the manifest's digest, if the ledger has it."""
        self.bucket, self._root, self._sha256 = bucket, root, sha256
        self._clients = clients or Clients()

    @cached_property
    def manifest(self) -> PointManifest:
        """The manifest; raises `AdviceError` if there is none, or if its digest is not that of the ledger."""
        try:
            data = self._read(f"{self._root}{MANIFEST}", self._sha256)
        except NotFoundError as error:
            raise AdviceError(f"There is no restore point under {self._root} in {self.bucket}.", NO_EXPORT) from error
        try:
            manifest = PointManifest.model_validate_json(data)
        except ValidationError as error:
            raise AdviceError(f"The manifest under {self._root} cannot be read.", "Is it a restore point?") from error
        if manifest.format != FORMAT:
            step = "Use the version of Selfright that the controller had then."
            raise AdviceError(f"The restore point is of format {manifest.format}, not {FORMAT}.", step)
        return manifest

    @cached_property
    def environment(self) -> Environment:
        """The environment as it was then; raises `AdviceError` if this version of Selfright cannot read it."""
        try:
            return Environment.model_validate(self.manifest.configuration)
        except ValidationError as error:
            step = "Use the version of Selfright that the controller had then."
            raise AdviceError("The environment in the restore point cannot be read.", step) from error

    def document(self, name: str) -> Mapping[str, Any]:
        """The export of a component."""
        entry = self.manifest.components[name]
        document: Mapping[str, Any] = json.loads(self._read(entry.part, entry.sha256))
        return document

    def _read(self, key: str, sha256: str) -> bytes:
        with calling("s3:GetObject", f"{self.bucket}/{key}"):
            data = self._clients.objects.get_object(Bucket=self.bucket, Key=key)["Body"].read(LARGEST)
        if sha256 and hashlib.sha256(data).hexdigest() != sha256:
            step = "The bucket keeps former versions: find out who changed it, and restore the right one."
            raise AdviceError(f"{key} in {self.bucket} is not what was exported: it was changed.", step)
        return data


def find_root(bucket: str, deployment_id: str, clients: Clients) -> str:
    """Find the folder of a deployment's restore point without the ledger; raises `AdviceError` if there is none.

    The id begins with the names of application and environment, but does not show where the first one ends.
    """
    parts = deployment_id.split("-")
    for end in range(1, len(parts) - 1):
        for last in range(end + 1, len(parts)):
            root = folder("-".join(parts[:end]), "-".join(parts[end:last]), deployment_id)
            with calling("s3:ListBucket", f"{bucket}/{root}"):
                found = clients.objects.list_objects_v2(Bucket=bucket, Prefix=f"{root}{MANIFEST}", MaxKeys=1)
            if found.get("KeyCount") or found.get("Contents"):
                return root
    step = "Name the bucket that has it; its keys are restore-points/APPLICATION/ENVIRONMENT/DEPLOYMENT/."
    raise AdviceError(f"{bucket} has no restore point of {deployment_id}.", step)
