"""The sandbox's site, and a second distribution, on which facts about CloudFront are tried."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bootstrap_cdk.sandbox.naming import GLOBAL, PREFIX
from selfright.cdk import PLACEHOLDER_ROUTING

FIRST_ANSWER = """\
function handler(event) {
  if (event.request.uri.startsWith('/prove-kept/')) { return event.request; }
  return {statusCode: 200, body: 'publication 0'};
}
"""
"""What a fact publishes again and again, with another body each time; files below `/prove-kept/` are the bucket's."""


class SandboxSite(Construct):
    """Bucket, distribution and routing function of the releases; distribution and function of the facts."""

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
        self.distribution = self._distribution("Distribution", self.routing_function, "index.html")
        self.tried = self._distribution("Tried", self.answering)
        self.url = f"https://{self.distribution.distribution_domain_name}"

    def _distribution(
        self, construct_id: str, function: cloudfront.IFunction, root: str | None = None
    ) -> cloudfront.Distribution:
        associated = cloudfront.FunctionAssociation(
            function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
        )
        return cloudfront.Distribution(
            self,
            construct_id,
            comment=PREFIX,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                function_associations=[associated],
            ),
            default_root_object=root,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
        )

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
