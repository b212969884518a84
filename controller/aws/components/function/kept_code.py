"""The code of functions, kept with the restore points under its digest, so that each code is kept once.

The code is copied within S3 from the staging area; code that no release brought is fetched from Lambda. Kept code is
copied onto itself once a month, so that S3's lifecycle never deletes what a restore point needs.
"""

import base64
import hashlib
import tempfile
from datetime import datetime, timedelta
from typing import IO
from urllib.parse import urlsplit

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from controller import clock
from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.restore_point import CODE
from controller.errors import AwsError, NotFoundError, TransientError

FRESH = timedelta(days=30)
LARGEST = 300 * 1024 * 1024
CHUNK = 1024 * 1024
SECONDS = Timeout(connect=3, read=30)
OK = 200


class KeptCode:
    """The kept code under `restore-points/code/`."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        """`bucket` is the controller's."""
        self._clients, self._bucket = clients, bucket

    def keep(self, sha256: str, location: str) -> str:
        """Keep the code with this digest (hex), wherever it is now; returns its key.

        `location` is where Lambda offers the code for some minutes. Raises `AwsError` when other code is there.
        """
        key = f"{CODE}{sha256}.zip"
        kept = self._written(key)
        if kept and kept > clock.now() - FRESH:
            return key
        source = key if kept else f"staging/{sha256}.zip"
        try:
            self._copy(source, key)
        except NotFoundError:
            self._fetch(location, sha256, key)
        return key

    def _written(self, key: str) -> datetime | None:
        try:
            with calling("s3:GetObject", f"{self._bucket}/{key}"):
                return self._clients.artifacts.head_object(Bucket=self._bucket, Key=key)["LastModified"]
        except NotFoundError:
            return None

    def _copy(self, source: str, key: str) -> None:
        with calling("s3:PutObject", f"{self._bucket}/{key}"):
            self._clients.artifacts.copy_object(
                Bucket=self._bucket,
                Key=key,
                CopySource={"Bucket": self._bucket, "Key": source},
                MetadataDirective="REPLACE",  # without it, S3 refuses a copy onto itself
            )

    def _fetch(self, location: str, sha256: str, key: str) -> None:
        with tempfile.TemporaryFile() as body:
            if _download(location, body) != sha256:
                raise AwsError(f"the code that Lambda offers does not have the digest {sha256}: it was not kept.")
            body.seek(0)
            digest = base64.b64encode(bytes.fromhex(sha256)).decode()
            with calling("s3:PutObject", f"{self._bucket}/{key}"):
                self._clients.artifacts.put_object(Bucket=self._bucket, Key=key, Body=body, ChecksumSHA256=digest)


def _download(location: str, body: IO[bytes]) -> str:
    """Write the code to `body`; returns its SHA-256 (hex). The address is signed, so no error may quote it."""
    where = f"the code at {urlsplit(location).hostname or 'no address'}"
    digest, size = hashlib.sha256(), 0
    try:
        with PoolManager(timeout=SECONDS, retries=2) as pool:
            answer = pool.request("GET", location, preload_content=False)
            if answer.status != OK:
                raise AwsError(f"{where} cannot be read: HTTP {answer.status}.")
            for chunk in answer.stream(CHUNK):
                size += len(chunk)
                if size > LARGEST:
                    raise AwsError(f"{where} has more than {LARGEST:,} bytes.")
                digest.update(chunk)
                body.write(chunk)
    except (HTTPError, ValueError) as error:
        raise TransientError(f"{where} cannot be read: {type(error).__name__}.") from error
    return digest.hexdigest()
