"""Writes many small objects into one bucket, at a tenth of the cost of botocore's calls.

For a small object botocore works much longer on the call (validating, resolving, signing, parsing) than S3 does on the
object, and Python does that work for one request at a time. So here is a plain PUT on an open connection. This is only
a shortcut: after any difficulty the ordinary call takes over, which retries and explains.
"""

import base64
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.hooks import first_non_none_response
from botocore.utils import percent_encode

from controller.aws.client.clients import CONNECT_SECONDS, READ_SECONDS, Clients
from controller.aws.client.signing import Signer
from controller.aws.client.wire import Wire, WireError
from controller.errors import AwsError

BEFORE_SEND = "before-send.s3.PutObject"


class QuickPuts:
    """Writes objects into one bucket until the first difficulty."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients, self._bucket = clients, bucket
        self._s3 = clients.objects
        self._endpoint = self._s3.meta.endpoint_url
        self._usable = True

    def put(self, key: str, body: bytes, sha256: str, headers: Mapping[str, str]) -> bool:
        """Write an object; S3 verifies its SHA-256 (hex). False when it was not written and needs the ordinary call.

        Names of headers are in lower case. After the first False every result is False.
        """
        if self._usable:
            digest = base64.b64encode(bytes.fromhex(sha256)).decode()
            checksum = {"x-amz-sdk-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": digest}
            path = f"/{self._bucket}/{percent_encode(key, safe='/~')}"
            self._usable = self._send(path, {**headers, **checksum}, body, sha256) == HTTPStatus.OK
        return self._usable

    def _send(self, path: str, headers: dict[str, str], body: bytes, sha256: str) -> int:
        """The status of the answer; 0 when there was none."""
        # By this event botocore lets others (tests, tracing) see and answer its requests, so they see these too.
        sent: Any = headers  # botocore has a class of its own for them, which only it needs
        seen = AWSPreparedRequest("PUT", self._endpoint + path, sent, body, False)
        if answer := first_non_none_response(self._s3.meta.events.emit(BEFORE_SEND, request=seen)):
            return int(answer.status_code)
        try:
            signed = self._signer.signed("PUT", path, "", {"host": self._wire.host, **headers}, sha256)
            return self._wire.send("PUT", path, signed, body)
        except (WireError, AwsError):
            return 0

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    @cached_property
    def _wire(self) -> Wire:
        return Wire(self._endpoint, CONNECT_SECONDS, READ_SECONDS)

    @cached_property
    def _signer(self) -> Signer:
        return Signer(self._clients.keys, "s3", self._s3.meta.region_name)
