"""A bucket behind CloudFront."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from selfright.cdk.components.component import Privileges, allow
from selfright.cdk.durations import checked
from selfright.cdk.names import Group


@dataclass(frozen=True)
class SiteComponent:
    """A site: files in a bucket behind CloudFront, whose routing function chooses the revision.

    Args:
        bucket: the bucket for the files of releases.
        routing_function: a function on viewer requests. Its code in the template must never change: begin with
            `PLACEHOLDER_ROUTING`.
        url: its address for visitors; without one, there are no checks from outside.
        fallback: the page for paths without a dot in their last part, as in a single-page application.
        distribution: CloudFront's distribution; every restore point has its configuration, and a release waits until it
            is deployed.
        arrives_within: how long a release waits until a publication has arrived at the edge locations, at most `30m`.
    """

    bucket: s3.IBucket
    routing_function: cloudfront.IFunction
    url: str | None = None
    fallback: str = "/index.html"
    distribution: cloudfront.IDistribution | None = None
    arrives_within: str = "5m"

    def declaration(self) -> dict[str, Any]:
        """The entry that `SiteTarget` reads."""
        return {
            "kind": "site",
            "bucket": self.bucket.bucket_name,
            "routing_function": self.routing_function.function_name,
            "url": self.url,
            "fallback": self.fallback,
            "arrives_within": checked("arrives_within", self.arrives_within),
            **({"distribution_id": self.distribution.distribution_id} if self.distribution else {}),
        }

    def privileges(self) -> Privileges:
        """The statements cover the whole bucket, because a bundle chooses which paths revisions share."""
        objects = [self.bucket.arn_for_objects("*")]
        listing = allow(["s3:ListBucket"], [self.bucket.bucket_arn])
        routing = [self.routing_function.function_arn]
        read_access = allow(["cloudfront:GetFunction"], routing)
        indexes = allow(["s3:GetObject"], [self.bucket.arn_for_objects("revisions/*")])  # they list the shared folders
        move = ["cloudfront:GetFunction", "cloudfront:UpdateFunction", "cloudfront:PublishFunction"]
        shift = [allow(move, routing), indexes]
        delete = [listing, read_access, indexes, allow(["s3:DeleteObject"], objects)]
        return {
            Group.STAGE: [listing, read_access, allow(["s3:GetObject", "s3:PutObject"], objects), *self._export()],
            Group.CHECK: [listing, allow(["s3:GetObject"], objects), read_access, *self._status()],
            Group.TRAFFIC: shift,
            Group.ON_ALARM: [*shift, listing],  # without the listing, S3 answers 403 for a revision that is gone
            Group.CLOSE: [*delete, *self._status()],
            Group.RECONCILE: delete,
        }

    def _export(self) -> list[iam.PolicyStatement]:
        return self._of_distribution("cloudfront:GetDistribution", "cloudfront:GetDistributionConfig")

    def _status(self) -> list[iam.PolicyStatement]:
        """Whether a publication has arrived is read of the distribution, too."""
        return self._of_distribution("cloudfront:GetDistribution")

    def _of_distribution(self, *actions: str) -> list[iam.PolicyStatement]:
        if self.distribution is None:
            return []
        arn = f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:distribution/{self.distribution.distribution_id}"
        return [allow(actions, [arn])]
