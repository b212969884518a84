import hashlib
from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from controller.aws.client.signing import Signer

NOW = datetime(2026, 11, 30, 12, 0, 5, tzinfo=UTC)
BODY = b"<!doctype html>"
SHA256 = hashlib.sha256(BODY).hexdigest()


class Auth(S3SigV4Auth):
    """Botocore's own signing, at a moment of ours."""

    def add_auth(self, request: AWSRequest) -> None:
        """Sign as of `NOW`."""
        request.context["timestamp"] = NOW.strftime("%Y%m%dT%H%M%SZ")
        self._modify_request_before_signing(request)
        text = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(text, request))


@pytest.mark.parametrize("token", [None, "session/token+="])
@pytest.mark.parametrize("path", ["/bucket/index.html", "/bucket/a%20b/%C3%BC%2B.html", "/bucket/~a(1)'*!.js"])
def test_a_signature_is_the_one_that_botocore_makes(path: str, token: str | None) -> None:
    """S3 takes the one as it takes the other."""
    keys = ReadOnlyCredentials("AKID", "secret", token)
    headers = {
        "host": "s3.eu-central-1.amazonaws.com",
        "x-amz-meta-says": '{"status":  404}',
        "content-type": "text/html",
    }
    theirs = AWSRequest("PUT", f"https://s3.eu-central-1.amazonaws.com{path}", headers=headers, data=BODY)
    Auth(keys, "s3", "eu-central-1").add_auth(theirs)
    ours = Signer(lambda: keys, "s3", "eu-central-1").signed("PUT", path, "", headers, SHA256, NOW)
    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]


def test_keys_may_change_between_two_requests() -> None:
    """Those of a role are renewed."""
    keys = [ReadOnlyCredentials("A", "one", "t1"), ReadOnlyCredentials("B", "two", "t2")]
    signer = Signer(lambda: keys.pop(0), "s3", "us-east-1")
    first, second = (signer.signed("PUT", "/b/k", "", {"host": "h"}, SHA256, NOW) for _ in range(2))
    fresh = Signer(lambda: ReadOnlyCredentials("B", "two", "t2"), "s3", "us-east-1")
    assert second == fresh.signed("PUT", "/b/k", "", {"host": "h"}, SHA256, NOW)
    assert first["authorization"] != second["authorization"]
