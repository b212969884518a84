"""Examines the certificate of a distribution."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from controller.aws.client.calls import calling
from controller.aws.client.clients import client_in
from selfright.components.examined import Finding, note, ok, problem

if TYPE_CHECKING:
    from mypy_boto3_acm import ACMClient

SOON = timedelta(days=30)
"""ACM renews 60 days before the end; it then has failed for a month."""
ISSUED = "ISSUED"


def _acm(region: str) -> "ACMClient":
    return cast("ACMClient", client_in("acm", region))


def examine_certificate(arn: str, now: datetime, acm_in: Callable[[str], "ACMClient"] = _acm) -> Iterator[Finding]:
    """Whether it is issued, and how long it is valid; `acm_in` gives the client of a region.

    CloudFront takes certificates of us-east-1 alone.
    """
    acm = acm_in(arn.split(":")[3])
    with calling("acm:DescribeCertificate", arn):
        found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    ends, name = found.get("NotAfter"), found.get("DomainName", arn)
    expired = ends is not None and ends <= now
    if found.get("Status") != ISSUED or expired:
        state = "EXPIRED" if expired else found.get("Status")
        means = "Browsers refuse the site, and so do the checks of a release."
        yield problem(f"its certificate for {name} is {state}", means, "Complete its validation in ACM, or replace it.")
    elif ends is not None and ends - now < SOON:
        means = "ACM should have renewed it by now; when it ends, browsers and checks refuse the site."
        step = "See in ACM why it was not renewed: mostly, a DNS record for its validation is missing."
        yield note(f"its certificate for {name} ends on {ends:%Y-%m-%d}", means, step)
    else:
        yield ok(f"its certificate for {name} is issued{f', until {ends:%Y-%m-%d}' if ends else ''}")
