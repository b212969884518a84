from datetime import timedelta
from typing import Any

import pytest

from controller.aws.client.clients import Clients, client, client_in
from controller.aws.components.site.routing import index_key
from controller.domain.components.site.routing import RoutingTable, render
from controller.errors import NotFoundError
from selfright.components.site.certificate import examine_certificate
from tests.examining import NOW, ExaminedCloudFront, examined, severities

TARGET = {"kind": "site", "bucket": "some-bucket", "routing_function": "routing", "distribution_id": "E1"}
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/1"


@pytest.fixture
def edge(account: None) -> ExaminedCloudFront:
    """A distribution before a bucket, on revision `bbbb`."""
    client("s3").create_bucket(Bucket="some-bucket")
    client("s3").put_object(Bucket="some-bucket", Key=index_key("bbbb"), Body=b"{}")
    return ExaminedCloudFront(RoutingTable("bbbb"))


def look(edge: ExaminedCloudFront, subject: str, **target: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Severity and words of what is found."""
    clients = Clients()
    clients.routing = edge  # type: ignore[assignment]
    return [(one.severity, one.found) for one in examined({**TARGET, **target}, clients, subject)]


def test_a_site_as_a_release_needs_it_is_well(edge: ExaminedCloudFront) -> None:
    """Bucket, routing function, distribution."""
    assert look(edge, "the bucket") == [("ok", "it has revision bbbb, which is live, and it can be read")]
    assert look(edge, "the routing function") == [("ok", "Selfright's own code, on revision bbbb")]
    assert look(edge, "the distribution") == [
        ("ok", "enabled and deployed"),
        ("ok", "routing chooses the revision of each request"),
    ]


def test_a_bucket_without_the_live_revision_is_a_problem(edge: ExaminedCloudFront) -> None:
    """Somebody has deleted its files."""
    client("s3").delete_object(Bucket="some-bucket", Key=index_key("bbbb"))
    assert look(edge, "the bucket") == [("problem", "the files of revision bbbb, which is live, are gone")]


def test_a_bucket_that_does_not_exist_is_named(edge: ExaminedCloudFront) -> None:
    """A problem in the adapter's words."""
    with pytest.raises(NotFoundError, match="other-bucket"):
        look(edge, "the bucket", bucket="other-bucket")


def test_before_the_first_release_the_placeholder_is_well(edge: ExaminedCloudFront) -> None:
    """It answers 503, and the bucket is empty."""
    for stage in ("LIVE", "DEVELOPMENT"):
        edge.edit(stage, render(RoutingTable()))
    assert look(edge, "the bucket") == [("ok", "it exists")]
    assert look(edge, "the routing function")[0][0] == "ok"


@pytest.mark.parametrize("stage", ["LIVE", "DEVELOPMENT"])
def test_code_that_somebody_wrote_is_a_problem(edge: ExaminedCloudFront, stage: str) -> None:
    """Published or not: the next release would be refused."""
    edge.edit(stage, b"function handler(event) { return event.request; }")
    assert [severity for severity, _ in look(edge, "the routing function")] == ["problem"]


def test_a_divided_routing_function_is_a_problem(edge: ExaminedCloudFront) -> None:
    """No release begins meanwhile."""
    edge.edit("LIVE", render(RoutingTable("bbbb", "cccc", 10)))
    assert look(edge, "the routing function") == [("problem", "revision bbbb with 10 % on cccc")]


def test_a_disabled_distribution_is_a_problem(edge: ExaminedCloudFront) -> None:
    """One that is being deployed is only a reason to wait."""
    edge.settings["Enabled"] = False
    assert ("problem", "it is disabled") in look(edge, "the distribution")
    edge.settings["Enabled"] = True
    edge.status = "InProgress"
    assert ("note", "a change of it is being deployed") in look(edge, "the distribution")


@pytest.mark.parametrize("event", ["viewer-response", "none"])
def test_a_distribution_without_the_routing_function_is_a_problem(edge: ExaminedCloudFront, event: str) -> None:
    """Then every release changes a function that no visitor meets."""
    edge.association = [] if event == "none" else [{**edge.association[0], "EventType": event}]
    assert ("problem", "its default behavior has no function on viewer-request") in look(edge, "the distribution")


def test_a_function_that_sees_no_answers_is_a_note(edge: ExaminedCloudFront) -> None:
    """Every page is served, but no headers of the site's own."""
    del edge.association[1]
    assert ("note", "routing is not on viewer-response") in look(edge, "the distribution")


def test_a_distribution_with_nothing_behind_the_bucket_is_a_note(edge: ExaminedCloudFront) -> None:
    """Visitors see S3's own error for what is missing."""
    edge.settings["OriginGroups"] = {}
    assert ("note", "nothing answers for what is missing") in look(edge, "the distribution")


def test_another_function_on_the_request_is_named(edge: ExaminedCloudFront) -> None:
    """Only one can be there."""
    edge.association[0]["FunctionARN"] = "arn:aws:cloudfront::123456789012:function/redirects"
    assert ("problem", "its default behavior has redirects on viewer-request") in look(edge, "the distribution")


def test_a_distribution_of_another_bucket_is_a_problem(edge: ExaminedCloudFront) -> None:
    """Releases would be uploaded where nobody reads."""
    edge.settings["Origins"] = {"Items": [{"DomainName": "other.s3.amazonaws.com"}]}
    assert ("problem", "the bucket some-bucket is none of its origins") in look(edge, "the distribution")


def test_an_unknown_distribution_is_a_note(edge: ExaminedCloudFront) -> None:
    """The environment does not have to name it."""
    assert look(edge, "the distribution", distribution_id=None) == [("note", "the environment does not name it")]


class FakeCertificates:
    """ACM with one certificate."""

    def __init__(self, **certificate: object) -> None:
        self.certificate = {"DomainName": "shop.example", "Status": "ISSUED", **certificate}

    def describe_certificate(self, CertificateArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """The certificate."""
        assert CertificateArn == ARN
        return {"Certificate": self.certificate}


@pytest.mark.parametrize(
    ("certificate", "severity"),
    [
        ({"NotAfter": NOW + timedelta(days=200)}, "ok"),
        ({}, "ok"),
        ({"NotAfter": NOW + timedelta(days=20)}, "note"),
        ({"NotAfter": NOW - timedelta(days=1)}, "problem"),
        ({"Status": "PENDING_VALIDATION"}, "problem"),
    ],
)
def test_a_certificate_must_be_issued_and_not_near_its_end(certificate: dict[str, object], severity: str) -> None:
    """ACM renews it long before, if it can."""
    acm: Any = FakeCertificates(**certificate)
    assert severities(examine_certificate(ARN, NOW, lambda _: acm)) == [severity]


def test_the_certificate_of_the_distribution_is_looked_up_where_it_is(edge: ExaminedCloudFront) -> None:
    """In us-east-1, whatever the region of the rest."""
    acm: Any = client_in("acm", "us-east-1")
    arn = acm.request_certificate(DomainName="shop.example")["CertificateArn"]
    edge.settings["ViewerCertificate"] = {"ACMCertificateArn": arn}
    *_, found = look(edge, "the distribution")
    assert "its certificate for shop.example" in found[1]
