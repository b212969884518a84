"""The stack `selfright-prove`."""

from aws_cdk import CfnOutput, IStackSynthesizer, Stack, Tags
from constructs import Construct

from bootstrap_cdk.sandbox.application import SandboxApi, register
from bootstrap_cdk.sandbox.naming import PREFIX
from bootstrap_cdk.sandbox.site import SandboxSite
from bootstrap_cdk.sandbox.subjects import Subjects


class SandboxStack(Stack):
    """A small application, registered with the controller, and what facts are tried on; it goes without a trace."""

    def __init__(self, scope: Construct, construct_id: str, *, synthesizer: IStackSynthesizer | None = None) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Selfright's sandbox: `selfright prove` makes and deletes it",
            synthesizer=synthesizer,
        )
        Tags.of(self).add(PREFIX, "sandbox")
        api, site, subjects = SandboxApi(self, "Api"), SandboxSite(self, "Site"), Subjects(self, "Subjects")
        api.lead("/counted", subjects.counted)
        register(self, api, site, subjects.topic)
        outputs = {
            "ApiDomain": f"{api.http.api_id}.execute-api.{self.region}.{self.url_suffix}",
            "SiteDomain": site.distribution.distribution_domain_name,
            "TriedDomain": site.tried.distribution_domain_name,
            "TriedDistribution": site.tried.distribution_id,
            "Bucket": site.bucket.bucket_name,
            "Answering": site.answering.function_name,
            "Routing": site.routing_function.function_name,
            "ReleasedArn": api.function.function_arn,
            "Prober": subjects.prober.function_name,
            "Subject": subjects.subject.function_name,
            "SubjectArn": subjects.subject.function_arn,
            "Caller": subjects.caller_arn,
            "Table": subjects.table.table_name,
            "Topic": subjects.topic.topic_arn,
            "Messages": subjects.messages.queue_url,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
