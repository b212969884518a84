"""The shortcut for writing many objects."""

import hashlib

from controller.aws.components.site.quick_puts import QuickPuts
from tests.unit.aws.conftest import SITE, World

BODY = b"<!doctype html>"
SHA256 = hashlib.sha256(BODY).hexdigest()


def test_an_object_is_written_as_by_the_ordinary_call(world: World) -> None:
    """Contents, headers and metadata arrive, even under a name that a URL has to encode."""
    headers = {"content-type": "text/html", "cache-control": "no-cache", "x-amz-meta-revision": "1f"}
    assert QuickPuts(world.clients, SITE).put("a b/ü+.html", BODY, SHA256, headers)
    found = world.s3.get_object(Bucket=SITE, Key="a b/ü+.html")
    assert found["Body"].read() == BODY
    assert (found["ContentType"], found["CacheControl"]) == ("text/html", "no-cache")
    assert found["Metadata"] == {"revision": "1f"}


def test_the_shortcut_ends_after_the_first_difficulty(world: World) -> None:
    """It writes nothing that S3 refuses, and nothing after that: the ordinary call explains the fault."""
    nowhere = QuickPuts(world.clients, "no-such-bucket")
    world.s3_calls.clear()
    assert not nowhere.put("a.html", BODY, SHA256, {})
    assert not nowhere.put("b.html", BODY, SHA256, {})
    assert world.s3_calls == {"PutObject": 1}
