"""Many small objects into one bucket, with a third of what a call of botocore costs.

For a small object botocore works three times as long on the call (validating, resolving, parsing) as S3 does on the
object, and Python does that work for one request at a time. So here the client only signs, and everything else is a
plain PUT on an open connection. It is a shortcut and no more: whatever does not go smoothly is left to the ordinary
call, which retries and explains.
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
    """Puts objects into one bucket for as long as all goes well."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._events: Any = s3.meta.events
        self._base = f"{s3.meta.endpoint_url}/{bucket}/"
        self._http = URLLib3Session(
            # The types of botocore's stubs are narrower than what it takes.
            proxies=get_environ_proxies(self._base),
            timeout=(CONNECT_SECONDS, READ_SECONDS),  # type: ignore[arg-type]
            max_pool_connections=CONNECTIONS,
            socket_options=[NO_DELAY],  # type: ignore[list-item]
        )
        self._well = True

    def put(self, key: str, body: bytes, sha256: str, headers: Mapping[str, str]) -> bool:
        """Write an object whose SHA-256 (hex) S3 compares; False when it was not written, and has to be put otherwise.

        After the first False there is nothing but False.
        """
        if self._well:
            digest = base64.b64encode(bytes.fromhex(sha256)).decode()
            checksum = {"x-amz-sdk-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": digest}
            self._well = self._send(key, body, {**headers, **checksum}) == HTTPStatus.OK
        return self._well

    def _send(self, key: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer; 0 when there was none."""
        request = AWSRequest("PUT", f"{self._base}{percent_encode(key, safe='/~')}", dict(headers), body)
        # By these events botocore signs its own requests, and lets others (tests, tracing) see and answer them.
        self._events.emit(f"request-created.s3.{OPERATION}", request=request, operation_name=OPERATION)
        prepared = request.prepare()
        answers = self._events.emit(f"before-send.s3.{OPERATION}", request=prepared)
        try:
            return int((first_non_none_response(answers) or self._http.send(prepared)).status_code)
        except BotoCoreError:
            return 0
