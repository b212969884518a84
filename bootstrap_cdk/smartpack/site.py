"""SmartPack's site: a private bucket, CloudFront in front of it, and the function that chooses the revision."""

from aws_cdk import Duration
from aws_cdk import aws_certificatemanager as certificates
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.api import AI_ROUTES, ROUTES
from bootstrap_cdk.smartpack.edge import Edge
from bootstrap_cdk.smartpack.exceptions import accept
from selfright.cdk import PLACEHOLDER_ROUTING, MissingPages

_ONE_YEAR = Duration.days(365)
_TLS_1_2 = cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021


class RoutedSite(Construct):
    """The site and the API under one host name.

    The routing function's code belongs to the releases: its table says which revision visitors get. CloudFormation
    would overwrite it as soon as the code in the template changes. So the template has a small constant file that only
    answers "not released yet", and not the router that the controller publishes, which may change.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, api_domain: str, settings: SmartPackSettings, edge: Edge
    ) -> None:
        super().__init__(scope, construct_id)
        self.certificate = edge.certificate or self._certificate(settings.certificate_arn)
        web_acl = edge.web_acl_arn or settings.web_acl_arn
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        )
        self.bucket.add_to_resource_policy(_tls_only(self.bucket))
        self.routing_function = cloudfront.Function(
            self,
            "Routing",
            function_name=settings.global_name("routing"),
            comment="Chooses the revision; published by Selfright",
            code=cloudfront.FunctionCode.from_inline(PLACEHOLDER_ROUTING),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            auto_publish=True,
        )
        paths = [*ROUTES, *(AI_ROUTES if settings.ai_image else ())]
        headers = SecurityHeaders(self, "Headers", name=settings.global_name("headers")).policy
        access = cloudfront.S3OriginAccessControl(
            self, "Access", origin_access_control_name=settings.global_name("access")
        )
        self.missing = MissingPages(self, "Missing", self.bucket, name=settings.global_name("missing"))
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=settings.prefix,
            default_behavior=self._site(headers, access),
            additional_behaviors={path: _api(api_domain, headers) for path in paths},
            default_root_object="index.html",
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=_TLS_1_2 if self.certificate else None,
            web_acl_id=web_acl,
            domain_names=[settings.domain_name] if settings.domain_name else None,
            certificate=self.certificate,
        )
        self._accept(has_firewall=bool(web_acl))

    def _site(
        self, headers: cloudfront.ResponseHeadersPolicy, access: cloudfront.S3OriginAccessControl
    ) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            # CloudFront may not list the bucket: then S3 answers 403 for what does not exist, and that becomes a 404
            # with the page of the visitor's revision.
            origin=self.missing.behind(
                origins.S3BucketOrigin.with_origin_access_control(self.bucket, origin_access_control=access)
            ),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            response_headers_policy=headers,
            compress=True,
            function_associations=[
                cloudfront.FunctionAssociation(function=self.routing_function, event_type=event)
                for event in (
                    cloudfront.FunctionEventType.VIEWER_REQUEST,
                    cloudfront.FunctionEventType.VIEWER_RESPONSE,
                )
            ],
        )

    def _certificate(self, arn: str | None) -> certificates.ICertificate | None:
        return certificates.Certificate.from_certificate_arn(self, "Certificate", arn) if arn else None

    def _accept(self, *, has_firewall: bool) -> None:
        accept(
            self.bucket, "Only CloudFront reads it and only Selfright writes it, into its ledger.", "AwsSolutions-S1"
        )
        for distribution in (self.distribution, self.missing.distribution):
            accept(distribution, "Packing lists are for travellers from everywhere.", "AwsSolutions-CFR1")
            accept(
                distribution,
                "Access logs would keep the addresses of visitors; metrics and alarms need none.",
                "AwsSolutions-CFR3",
            )
        accept(self.missing.distribution, "It answers with one page for what is missing.", "AwsSolutions-CFR2")
        accept(
            self.missing.distribution,
            "Only the site's distribution asks it, by CloudFront's own name and certificate.",
            "AwsSolutions-CFR4",
        )
        if not has_firewall:
            accept(
                self.distribution,
                "Static files and a throttled API; the setting `waf` adds a firewall.",
                "AwsSolutions-CFR2",
            )
        if not self.certificate:
            accept(
                self.distribution,
                "CloudFront's own certificate has a fixed TLS policy; with `domain_name` it is TLS 1.2.",
                "AwsSolutions-CFR4",
            )


def _tls_only(bucket: s3.IBucket) -> iam.PolicyStatement:
    """Deny requests without TLS like `enforce_ssl`, but exempt CloudFront.

    Another statement allows CloudFront only by its distribution's ARN, and CloudFront uses HTTPS because visitors must.
    The emulator fetches inside its own process, without TLS.
    """
    return iam.PolicyStatement(
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["s3:*"],
        resources=[bucket.bucket_arn, bucket.arn_for_objects("*")],
        conditions={"Bool": {"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}},
    )


class SecurityHeaders(Construct):
    """The security headers of every answer."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str) -> None:
        super().__init__(scope, construct_id)
        self.policy = cloudfront.ResponseHeadersPolicy(
            self,
            "Policy",
            response_headers_policy_name=name,
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy="default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
                    override=True,
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.SAME_ORIGIN, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=_ONE_YEAR, include_subdomains=True, override=True
                ),
            ),
        )


def _api(domain: str, headers: cloudfront.ResponseHeadersPolicy) -> cloudfront.BehaviorOptions:
    """The API as a part of the site, so that browsers need no CORS; never cached."""
    return cloudfront.BehaviorOptions(
        origin=origins.HttpOrigin(domain, protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY),
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
        cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
        origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        response_headers_policy=headers,
    )
