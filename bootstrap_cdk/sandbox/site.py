"""The sandbox's site, and two more ways through its distribution, on which facts about CloudFront are tried."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bootstrap_cdk.sandbox.naming import GLOBAL, PREFIX
from selfright.cdk import PLACEHOLDER_ROUTING

ANSWERED = "/prove-answered/*"
"""Paths that a function answers by itself; a fact publishes it again and again."""
KEPT = "/prove-kept/*"
"""Paths that lead to the bucket without a function, for what CloudFront's cache keeps."""
FIRST_ANSWER = "function handler(event) { return {statusCode: 200, body: 'publication 0'}; }"


class SandboxSite(Construct):
    """Bucket, distribution, the routing function of the releases, and the function that a fact publishes."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.routing_function = self._function("Routing", f"{GLOBAL}-routing", PLACEHOLDER_ROUTING)
        self.answering = self._function("Answering", f"{GLOBAL}-answering", FIRST_ANSWER)
        origin = origins.S3BucketOrigin.with_origin_access_control(self.bucket)
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=PREFIX,
            default_behavior=_behavior(origin, self.routing_function),
            additional_behaviors={ANSWERED: _behavior(origin, self.answering), KEPT: _behavior(origin)},
            default_root_object="index.html",
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
        )
        self.url = f"https://{self.distribution.distribution_domain_name}"

    def _function(self, construct_id: str, name: str, code: str) -> cloudfront.Function:
        return cloudfront.Function(
            self,
            construct_id,
            function_name=name,
            comment=PREFIX,
            code=cloudfront.FunctionCode.from_inline(code),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            auto_publish=True,
        )


def _behavior(origin: cloudfront.IOrigin, function: cloudfront.IFunction | None = None) -> cloudfront.BehaviorOptions:
    associated = (
        cloudfront.FunctionAssociation(function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST)
        if function
        else None
    )
    return cloudfront.BehaviorOptions(
        origin=origin,
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
        function_associations=[associated] if associated else None,
    )
