"""The exported restore points in the controller's bucket, which is private, versioned and encrypted."""

import hashlib

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.restore_point import RestorePoint
from controller.ports.components import RestorePoints


class S3RestorePoints(RestorePoints):
    """Implements `ports.RestorePoints`."""

    def __init__(self, bucket: str, clients: Clients | None = None) -> None:
        """`bucket` is the controller's."""
        self._bucket, self._clients = bucket, clients or Clients()

    def keep(self, point: RestorePoint) -> str:
        """One call for each part. The manifest comes last, because it marks the restore point as complete."""
        data = b""
        for key, data in point.files().items():
            with calling("s3:PutObject", f"{self._bucket}/{key}"):
                self._clients.objects.put_object(
                    Bucket=self._bucket, Key=key, Body=data, ContentType="application/json"
                )
        return hashlib.sha256(data).hexdigest()
