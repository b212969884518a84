"""The domain: its zone in Route 53, and the records that lead visitors to CloudFront."""

from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings


def lead_to(distribution: cloudfront.IDistribution, settings: SmartPackSettings, scope: Construct) -> None:
    """Create the domain's records for IPv4 and IPv6."""
    zone = hosted_zone(scope, settings)
    target = route53.RecordTarget.from_alias(targets.CloudFrontTarget(distribution))
    for kind in (route53.ARecord, route53.AaaaRecord):
        kind(scope, kind.__name__, zone=zone, record_name=f"{settings.domain_name}.", target=target)


def hosted_zone(scope: Construct, settings: SmartPackSettings) -> route53.IHostedZone:
    """The existing zone of the domain."""
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, "Zone", hosted_zone_id=settings.hosted_zone_id or "", zone_name=settings.hosted_zone_name or ""
    )
