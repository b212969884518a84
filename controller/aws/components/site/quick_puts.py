"""Writes many small objects into one bucket, at a third of the cost of botocore's calls.

For a small object botocore works three times as long on the call (validating, resolving, parsing) as S3 does on the
object, and Python does that work for one request at a time. So here the client only signs, and everything else is a
plain PUT on an open connection. This is only a shortcut: after any difficulty the ordinary call takes over, which
retries and explains.
"""

import base64
import socket
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.hooks import first_non_none_response
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies, percent_encode

from controller.aws.client.clients import CONNECT_SECONDS, CONNECTIONS, READ_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OPERATION = "PutObject"
NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class QuickPuts:
    """Writes objects into one bucket until the first difficulty."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._events: Any = s3.meta.events
        self._base = f"{s3.meta.endpoint_url}/{bucket}/"
        self._http = URLLib3Session(
            # The types in botocore's stubs are narrower than what it accepts.
            proxies=get_environ_proxies(self._base),
            timeout=(CONNECT_SECONDS, READ_SECONDS),  # type: ignore[arg-type]
            max_pool_connections=CONNECTIONS,
            socket_options=[NO_DELAY],  # type: ignore[list-item]
        )
        self._usable = True

    def put(self, key: str, body: bytes, sha256: str, headers: Mapping[str, str]) -> bool:
        """Write an object; S3 verifies its SHA-256 (hex). False when it was not written and needs the ordinary call.

        After the first False every result is False.
        """
        if self._usable:
            digest = base64.b64encode(bytes.fromhex(sha256)).decode()
            checksum = {"x-amz-sdk-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": digest}
            self._usable = self._send(key, body, {**headers, **checksum}) == HTTPStatus.OK
        return self._usable

    def _send(self, key: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer; 0 when there was none."""
        request = AWSRequest("PUT", f"{self._base}{percent_encode(key, safe='/~')}", dict(headers), body)
        # Through these events botocore signs its requests, and lets others (tests, tracing) see and answer them.
        self._events.emit(f"request-created.s3.{OPERATION}", request=request, operation_name=OPERATION)
        prepared = request.prepare()
        answers = self._events.emit(f"before-send.s3.{OPERATION}", request=prepared)
        try:
            return int((first_non_none_response(answers) or self._http.send(prepared)).status_code)
        except BotoCoreError:
            return 0
