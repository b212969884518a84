"""Answers that AWS, or the network, might give when it is in trouble."""

import json

from selfright.local.gateway.wire import AwsCall, response

FRAMING = (b"content-length:", b"transfer-encoding:")
XML, JSON = "text/xml", "application/x-amz-json-1.1"


def torn(answer: bytes) -> bytes:
    """The head and half of the body, in chunks of which the last one is missing.

    In chunks, because botocore takes a body that is shorter than its Content-Length for the whole answer.
    """
    head, _, body = answer.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(FRAMING)]
    half = body[: len(body) // 2]
    return b"\r\n".join([*kept, b"Transfer-Encoding: chunked", b"", b"%x" % (len(half) + 1), half])


def unavailable() -> bytes:
    """A 503 as it comes from a load balancer, whatever the protocol."""
    return response(503, "text/html", b"<html><body>503 Service Unavailable</body></html>")


def throttled(request: AwsCall) -> bytes:
    """What the service answers when it is asked too often, in its own protocol."""
    service = request.service
    if "x-amz-target" in request.headers:
        code = "ProvisionedThroughputExceededException" if service == "dynamodb" else "ThrottlingException"
        return response(400, JSON, json.dumps({"__type": code, "message": "Rate exceeded"}).encode())
    if service == "lambda":
        code = "TooManyRequestsException"
        return response(429, JSON, b'{"message": "Rate Exceeded."}', {"x-amzn-errortype": code})
    if service == "s3":
        return response(503, XML, b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>")
    if service in {"cloudfront", "sns", "sts"}:
        error = b"<Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
        return response(400, XML, b"<ErrorResponse>" + error + b"</ErrorResponse>")
    return unavailable()
