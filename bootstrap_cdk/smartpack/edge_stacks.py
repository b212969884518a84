"""The stacks of the edge, both in us-east-1: one before SmartPack's own stack and one after it."""

from aws_cdk import Stack
from aws_cdk import aws_certificatemanager as certificates
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.domain import hosted_zone
from bootstrap_cdk.smartpack.edge import Edge, EdgeAlarms
from bootstrap_cdk.smartpack.firewall import Firewall
from bootstrap_cdk.smartpack.measures import CLOUDFRONT_REGION
from selfright.cdk import AlarmTopic, EncryptedTopic


class EdgeStack(Stack):
    """Before SmartPack's own stack: the certificate, if a hosted zone is given, and the firewall."""

    def __init__(self, scope: Construct, construct_id: str, settings: SmartPackSettings) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"SmartPack {settings.environment}: what CloudFront needs in us-east-1",
            env=settings.place(CLOUDFRONT_REGION),
            cross_region_references=True,
        )
        firewall = Firewall(self, "Firewall", settings=settings) if settings.waf else None
        self.edge = Edge(
            certificate=self._certificate(settings) if settings.makes_certificate else None,
            web_acl_arn=firewall.arn if firewall else None,
        )

    def _certificate(self, settings: SmartPackSettings) -> certificates.Certificate:
        """A certificate that a record in the hosted zone validates and renews."""
        zone = hosted_zone(self, settings)
        validation = certificates.CertificateValidation.from_dns(zone)
        name = settings.domain_name or ""
        return certificates.Certificate(self, "Certificate", domain_name=name, validation=validation)


class EdgeAlarmsStack(Stack):
    """After SmartPack's own stack in another region: the alarms, and the topic by which they notify people."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: SmartPackSettings,
        *,
        distribution: cloudfront.IDistribution,
        certificate: certificates.ICertificate | None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"SmartPack {settings.environment}: alarms of CloudFront",
            env=settings.place(CLOUDFRONT_REGION),
            cross_region_references=True,
        )
        kind = EncryptedTopic if settings.topic_key else AlarmTopic
        topic = kind(self, "Alarms", display_name=f"{settings.prefix} edge alarms").topic
        watched = EdgeAlarms(self, "Watching", settings, distribution=distribution, certificate=certificate)
        watched.notify(topic, watched.all)
