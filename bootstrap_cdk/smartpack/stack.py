"""The stack of one environment of SmartPack."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, Stack
from constructs import Construct

from bootstrap_cdk.components import FunctionComponent, SiteComponent
from bootstrap_cdk.environment import Care, Environment, Guard
from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.api import ALIAS, Api
from bootstrap_cdk.smartpack.configuration import Configuration
from bootstrap_cdk.smartpack.dashboard import SmartPackDashboard
from bootstrap_cdk.smartpack.edge import Edge, EdgeWatching
from bootstrap_cdk.smartpack.measures import CLOUDFRONT_REGION, Measures
from bootstrap_cdk.smartpack.site import RoutedSite
from bootstrap_cdk.smartpack.watching import Watching


class SmartPackStack(Stack):
    """API, site, alarms, and the `Environment` that hands their releases to Selfright."""

    def __init__(
        self, scope: Construct, construct_id: str, settings: SmartPackSettings, edge: Edge | None = None
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"SmartPack {settings.environment}: packing lists",
            env=settings.place(),
            cross_region_references=settings.region is not None,
        )
        api = Api(self, "Api", settings)
        site = self.site = RoutedSite(self, "Site", api_domain=api.domain_name, settings=settings, edge=edge or Edge())
        configuration = Configuration(self, "Configuration", settings)
        configuration.readable_by(api.released.function)
        period = Duration.seconds(settings.alarm.period_seconds)
        measures = Measures({"api": api.released.function}, api.http, site.distribution, period)
        watching = Watching(self, "Watching", measures=measures, settings=settings, edge=self._watched_edge(settings))
        SmartPackDashboard(self, "Board", measures=measures, watching=watching, settings=settings)
        own_host = f"https://{settings.domain_name or site.distribution.distribution_domain_name}"
        urls = {"api": settings.api_url or api.http.api_endpoint, "site": settings.site_url or own_host}
        Environment(
            self,
            "Environment",
            application="smartpack",
            environment=settings.environment,
            components={
                "api": FunctionComponent(
                    api.released.function, ALIAS, urls["api"], _variables(settings, configuration), api=api.http
                ),
                "site": SiteComponent(site.bucket, site.routing_function, urls["site"], distribution=site.distribution),
                "settings": configuration.settings,
            },
            secrets={"config": configuration.secret},
            guard=Guard(watching.guards, watching.topic),
            care=_care(settings),
        )
        CfnOutput(self, "SiteUrl", value=urls["site"])
        CfnOutput(self, "ApiUrl", value=urls["api"])
        CfnOutput(self, "SiteBucket", value=site.bucket.bucket_name)
        CfnOutput(self, "DistributionId", value=site.distribution.distribution_id)
        CfnOutput(self, "DistributionDomain", value=site.distribution.distribution_domain_name)
        CfnOutput(self, "AlarmsTopicArn", value=watching.topic.topic_arn, description="Subscribe to hear the alarms")

    def _watched_edge(self, settings: SmartPackSettings) -> EdgeWatching | None:
        """CloudFront's alarms, if they can be here."""
        if settings.region != CLOUDFRONT_REGION:
            return None
        site = self.site
        return EdgeWatching(self, "Edge", settings, distribution=site.distribution, certificate=site.certificate)


def _variables(settings: SmartPackSettings, configuration: Configuration) -> Mapping[str, str]:
    """What the API is told by this environment, whatever the bundle says; what was chosen by hand wins."""
    cors = {"CORS_ORIGIN": settings.cors_origin} if settings.cors_origin else {}
    return {**configuration.variables, **cors, **settings.variables}


def _care(settings: SmartPackSettings) -> Care:
    return Care(
        type=settings.strategy,
        watch_seconds=settings.watch_seconds,
        judge=settings.judge,
        keep_revisions=settings.keep_revisions,
        allow_private_urls=settings.allow_private_urls,
    )
