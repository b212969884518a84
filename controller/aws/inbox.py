"""The uploads below `incoming/` in the controller's bucket, and the execution that each of them starts."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.domain.deployment import Upload
from controller.domain.identity import INCOMING
from controller.ports.components import Inbox

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient


class S3Inbox(Inbox):
    """Implements `ports.Inbox`."""

    def __init__(
        self,
        bucket: str,
        deploy_machine_arn: str,
        s3: "S3Client | None" = None,
        stepfunctions: "SFNClient | None" = None,
    ) -> None:
        """The controller's bucket and its deploy machine; the clients are those to use (default: the process's own)."""
        self._bucket, self._machine = bucket, deploy_machine_arn
        self._s3, self._stepfunctions = s3 or client("s3"), stepfunctions or client("stepfunctions")

    def uploaded(self, since: datetime, until: datetime) -> Iterable[Upload]:
        """The uploads of this time; one call for a thousand objects, of any time."""
        pages = self._s3.get_paginator("list_object_versions")
        with calling("s3:ListBucketVersions", self._bucket):
            for page in pages.paginate(Bucket=self._bucket, Prefix=INCOMING):
                for one in page.get("Versions", []):
                    if since <= one["LastModified"] < until:
                        yield Upload(self._bucket, one["Key"], one["VersionId"], one["Size"], one["LastModified"])

    def start(self, upload: Upload, name: str) -> bool:
        """Start the deploy machine with what the event of the upload would have said."""
        uploaded = {"key": upload.key, "version-id": upload.version_id, "size": upload.size}
        document = {"bucket": {"name": upload.bucket}, "object": uploaded}
        with calling("states:StartExecution", self._machine):
            try:
                self._stepfunctions.start_execution(
                    stateMachineArn=self._machine, name=name, input=json.dumps(document)
                )
            except self._stepfunctions.exceptions.ExecutionAlreadyExists:
                return False
        return True
