"""The stack of one environment of SmartPack."""
# ruff: noqa: PLC0415 - CDK's modules take long to import: each is imported only where it is needed

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.alarms import SmartPackAlarms
from bootstrap_cdk.smartpack.api import ALIAS, Api
from bootstrap_cdk.smartpack.configuration import Configuration
from bootstrap_cdk.smartpack.dashboard import SmartPackDashboard
from bootstrap_cdk.smartpack.edge import Edge, EdgeAlarms
from bootstrap_cdk.smartpack.measures import CLOUDFRONT_REGION, Measures
from bootstrap_cdk.smartpack.site import RoutedSite
from selfright.cdk import (
    DatabaseComponent,
    DeploymentPreference,
    Environment,
    FunctionComponent,
    ImageComponent,
    SiteComponent,
)


class SmartPackStack(Stack):
    """API, site, alarms, and the `Environment` that registers them with Selfright."""

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
        if settings.hosted_zone_id:
            from bootstrap_cdk.smartpack.domain import lead_to

            lead_to(site.distribution, settings, site)
        configuration = Configuration(self, "Configuration", settings)
        configuration.readable_by(api.released.function)
        own_host = f"https://{settings.domain_name or site.distribution.distribution_domain_name}"
        urls = {"api": settings.api_url or api.http.api_endpoint, "site": settings.site_url or own_host}
        released = FunctionComponent(
            api.released.function,
            ALIAS,
            urls["api"],
            _variables(settings, configuration),
            api=api.http,
            provisioned_concurrency=settings.provisioned_concurrency,
        )
        ai = self._ai(api, settings, urls["api"])
        functions = {"api": released.function, **{name: one.function for name, one in ai.items()}}
        alarms = self._watch(api, settings, functions)
        Environment(
            self,
            "Environment",
            application="smartpack",
            environment=settings.environment,
            components={
                "api": released,
                **ai,
                "site": SiteComponent(site.bucket, site.routing_function, urls["site"], distribution=site.distribution),
                "settings": configuration.settings,
                **self._database(settings),
            },
            secrets={"config": configuration.secret},
            deployment_preference=DeploymentPreference(type=settings.strategy, alarms=alarms.guards),
            topic=alarms.topic,
            final_bake=settings.final_bake,
            judge=settings.judge,
            keep_revisions=settings.keep_revisions,
            allow_private_urls=settings.allow_private_urls,
        )
        CfnOutput(self, "SiteUrl", value=urls["site"])
        CfnOutput(self, "ApiUrl", value=urls["api"])
        CfnOutput(self, "SiteBucket", value=site.bucket.bucket_name)
        CfnOutput(self, "DistributionId", value=site.distribution.distribution_id)
        CfnOutput(self, "DistributionDomain", value=site.distribution.distribution_domain_name)
        CfnOutput(self, "AlarmsTopicArn", value=alarms.topic.topic_arn, description="Subscribe to the alarms")

    def _ai(self, api: Api, settings: SmartPackSettings, url: str) -> Mapping[str, ImageComponent]:
        """Create the AI's repository, and its function if a first image exists."""
        if not settings.ai:
            return {}
        from bootstrap_cdk.smartpack.ai import AiFunction, AiRepository, ai_variables

        repository = AiRepository(self, "AiRepository", settings).repository
        CfnOutput(self, "AiRepositoryUri", value=repository.repository_uri, description="Push a first image here")
        if not settings.ai_image:
            return {}
        ai = AiFunction(self, "Ai", repository=repository, settings=settings)
        api.add_ai(ai.alias)
        return {"ai": ImageComponent(ai.function, repository, ALIAS, url, ai_variables(settings))}

    def _database(self, settings: SmartPackSettings) -> Mapping[str, DatabaseComponent]:
        """An existing database: releases take a snapshot of it first."""
        if not settings.database_instance:
            return {}
        from aws_cdk import aws_rds as rds

        instance = rds.DatabaseInstance.from_database_instance_attributes(
            self,
            "Database",
            instance_identifier=settings.database_instance,
            instance_endpoint_address="unused",  # a snapshot needs only the name
            port=0,
            security_groups=[],
        )
        return {"database": DatabaseComponent(instance)}

    def _watch(
        self, api: Api, settings: SmartPackSettings, functions: Mapping[str, lambda_.IFunction]
    ) -> SmartPackAlarms:
        """Create the alarms and the dashboard."""
        period = Duration.parse(f"PT{settings.alarm.period.upper()}")
        measures = Measures(functions, api.http, self.site.distribution, period)
        edge = self._watched_edge(settings)
        alarms = SmartPackAlarms(self, "Watching", measures=measures, settings=settings, edge=edge)
        SmartPackDashboard(self, "Board", measures=measures, alarms=alarms, settings=settings)
        return alarms

    def _watched_edge(self, settings: SmartPackSettings) -> EdgeAlarms | None:
        """CloudFront's alarms, if this stack is in their region."""
        if settings.region != CLOUDFRONT_REGION:
            return None
        site = self.site
        return EdgeAlarms(self, "Edge", settings, distribution=site.distribution, certificate=site.certificate)


def _variables(settings: SmartPackSettings, configuration: Configuration) -> Mapping[str, str]:
    """The API's variables in this environment; they replace those of a bundle, and `variables` of the settings win."""
    return {**configuration.variables, "CORS_ORIGIN": settings.cors_origin, **settings.variables}
