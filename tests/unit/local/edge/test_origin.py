"""The bucket behind the local edge, and the distribution behind the bucket."""

import io
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selfright.local.edge.events import request_event
from selfright.local.edge.http import EdgeResponse
from selfright.local.edge.origin import S3Origin
from selfright.local.edge.targets import Targets

TARGETS = Targets("f", "live", "site.cloudfront.net")
CODE = Path("selfright/cdk/components/missing_pages.js").read_text(encoding="utf-8")
CLOUDFRONT = {"Service": "cloudfront.amazonaws.com"}


def association(event: str, name: str) -> dict[str, str]:
    """A function of a behavior."""
    return {"EventType": event, "FunctionARN": f"arn:aws:cloudfront::1:function/{name}"}


def distribution(target: str, *functions: dict[str, str], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The configuration of a distribution in front of the bucket."""
    bucket = {"Id": "bucket", "DomainName": "files.s3.us-east-1.amazonaws.com"}
    behavior = {"TargetOriginId": target, "FunctionAssociations": {"Items": list(functions)}}
    behind = {"Id": "behind", "DomainName": "missing.cloudfront.net"}
    return {"Origins": {"Items": [bucket, behind]}, "DefaultCacheBehavior": behavior, **more}


GROUP = {
    "Id": "group",
    "Members": {"Items": [{"OriginId": "bucket"}, {"OriginId": "behind"}]},
    "FailoverCriteria": {"StatusCodes": {"Items": [403, 404]}},
}
SITE = distribution(
    "group",
    association("viewer-request", "routing"),
    association("viewer-response", "routing"),
    OriginGroups={"Items": [GROUP]},
)
ALONE = distribution("bucket", association("viewer-request", "routing"))
MISSING = distribution("bucket", association("viewer-request", "missing"), association("viewer-response", "missing"))


class FakeAws:
    """CloudFront and S3, as far as the edge asks them."""

    def __init__(self, site: dict[str, Any]) -> None:
        self.configs = {"site": site, "missing": MISSING}
        self.objects: dict[str, bytes] = {}

    def list_distributions(self) -> dict[str, Any]:
        """Both distributions."""
        return {
            "DistributionList": {"Items": [{"Id": one, "DomainName": f"{one}.cloudfront.net"} for one in self.configs]}
        }

    def get_distribution_config(self, Id: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """One of them."""
        return {"DistributionConfig": self.configs[Id]}

    def get_function(self, Name: str, Stage: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """The code that answers for what is missing."""
        assert (Name, Stage) == ("missing", "LIVE")
        return {"FunctionCode": io.BytesIO(CODE.encode())}

    def get_bucket_policy(self, Bucket: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """CloudFront may not list the bucket."""
        raise ClientError({"ResponseMetadata": {"HTTPStatusCode": 404}}, Bucket)

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """An object, or S3's 404."""
        if Key not in self.objects:
            raise ClientError({"ResponseMetadata": {"HTTPStatusCode": 404}}, Bucket)
        metadata = {"selfright": '{"status": 404}', "revision": "r"}
        return {"Body": io.BytesIO(self.objects[Key]), "ContentType": "text/html", "Metadata": metadata}


def fetched(uri: str, site: dict[str, Any] = SITE, **objects: bytes) -> EdgeResponse:
    """What the bucket with these objects, and what is behind it, answer."""
    aws = FakeAws(site)
    aws.objects = {name.replace("__", "/"): body for name, body in objects.items()}
    with closing(S3Origin(lambda _: aws, 0.0, lambda: 0.0)) as origin:
        return origin.fetch(TARGETS, uri)


@pytest.mark.parametrize("revision", ["one", "two"])
def test_what_is_missing_has_the_page_of_its_revision(revision: str) -> None:
    """With status 404, and without what the page's object says to functions."""
    pages = {"revisions__one__.404.html": b"ONE", "revisions__two__.404.html": b"TWO"}
    answer = fetched(f"/revisions/{revision}/docs/nothing", **pages)
    assert (answer.status, answer.body) == (404, revision.upper().encode())
    assert dict(answer.headers) == {"content-type": "text/html", "x-amz-meta-revision": "r"}


def test_a_part_of_what_is_missing_is_a_404_too() -> None:
    """A browser that continues a download asks for a range, or whether its copy is as it was."""
    conditions = {"range": "bytes=5-", "if-none-match": "x", "if-modified-since": "x", "if-range": "x", "accept": "*/*"}
    with closing(S3Origin(lambda _: FakeAws(SITE), 0.0, lambda: 0.0)) as origin:
        asked = request_event("GET", "/revisions/one/film.mp4", "", "10.0.0.1", conditions)
        found = origin.run(CODE, asked)
    assert (found["uri"], list(found["headers"])) == ("/revisions/one/.404.html", ["accept"])


def test_what_is_missing_outside_of_revisions_is_a_404() -> None:
    """A shared file has no revision, and nobody looks at its page."""
    answer = fetched("/assets/app-1.js")
    assert (answer.status, answer.body) == (404, b"Not Found")


def test_a_site_without_a_second_origin_answers_as_s3_does() -> None:
    """403 for what is missing, if CloudFront may not list the bucket."""
    assert fetched("/revisions/one/x", ALONE).status == 403


def test_s3_reads_a_plus_as_a_space() -> None:
    """So the routing function must encode it."""
    assert fetched("/a%2Bb", **{"a+b": b"PLUS"}).body == b"PLUS"
    assert fetched("/a+b", **{"a b": b"SPACE"}).body == b"SPACE"
