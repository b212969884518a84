"""What a site does not have: 404, with the page of the visitor's own revision.

CloudFront's own pages for errors are the same for both revisions of a canary, and take the place of an API's errors as
well. So a second, small distribution stands behind the bucket: where the bucket has nothing, CloudFront asks it for the
same path, and its function answers with the revision's page. CloudFront needs no right to list the bucket for that.
"""

from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

_CODE = Path(__file__).with_name("missing_pages.js").read_text(encoding="utf-8")
_PAGES = "revisions/*/.404.html"
_NOTHING = [403, 404]
"""The statuses of S3 for an object that is not there: without and with the right to list the bucket."""


class MissingPages(Construct):
    """Answers for what a site does not have.

    `behind(origin)` is the origin for the site's behavior, where `origin` is that of the bucket. `distribution` is the
    second distribution, and `function` what runs in it.
    """

    def __init__(self, scope: Construct, construct_id: str, bucket: s3.IBucket, *, name: str | None = None) -> None:
        """Make the second distribution.

        Args:
            scope: the stack, or a construct in it.
            construct_id: its id there.
            bucket: the bucket that has the files of releases.
            name: begins the names of what is made, if they are to be given.
        """
        super().__init__(scope, construct_id)
        self.function = cloudfront.Function(
            self,
            "Function",
            function_name=name,
            comment="Answers for what the site does not have",
            code=cloudfront.FunctionCode.from_inline(_CODE),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        access = cloudfront.S3OriginAccessControl(self, "Access", origin_access_control_name=name)
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"{name or 'A site'}: what it does not have",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_bucket_defaults(
                    bucket, origin_access_control_id=access.origin_access_control_id
                ),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                function_associations=[
                    cloudfront.FunctionAssociation(function=self.function, event_type=event)
                    for event in (
                        cloudfront.FunctionEventType.VIEWER_REQUEST,
                        cloudfront.FunctionEventType.VIEWER_RESPONSE,
                    )
                ],
            ),
        )
        reader = {"StringEquals": {"AWS:SourceArn": self._arn()}}
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                actions=["s3:GetObject"],
                resources=[bucket.arn_for_objects(_PAGES)],
                conditions=reader,
            )
        )

    def behind(self, origin: cloudfront.IOrigin) -> cloudfront.IOrigin:
        """The bucket's origin with this behind it."""
        return origins.OriginGroup(
            primary_origin=origin,
            fallback_origin=origins.HttpOrigin(
                self.distribution.domain_name, protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY
            ),
            fallback_status_codes=_NOTHING,
        )

    def _arn(self) -> str:
        return Stack.of(self).format_arn(
            service="cloudfront", region="", resource="distribution", resource_name=self.distribution.distribution_id
        )
