"""SmartPack's AI: a function from a container image, and the repository to which releases push."""

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings
from bootstrap_cdk.smartpack.api import ALIAS, log_group
from bootstrap_cdk.smartpack.exceptions import accept_tracing


class AiRepository(Construct):
    """The ECR repository. Its tags never change, and its images outlive the stack, because functions run them."""

    def __init__(self, scope: Construct, construct_id: str, settings: SmartPackSettings) -> None:
        super().__init__(scope, construct_id)
        self.repository = ecr.Repository(
            self,
            "Images",
            repository_name=f"smartpack/{settings.environment}/ai",
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            image_scan_on_push=True,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )


class AiFunction(Construct):
    """The function, like `ReleasedFunction`: a constant first image in the template, then the images of releases.

    Lambda creates no function without an image, so a first one must be pushed under the tag `ai_image`, which never
    changes.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, repository: ecr.IRepository, settings: SmartPackSettings
    ) -> None:
        super().__init__(scope, construct_id)
        name = f"{settings.prefix}-ai"
        log = log_group(self, "Log", f"/aws/lambda/{name}")
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        self.function = lambda_.DockerImageFunction(
            self,
            "Function",
            function_name=name,
            description="SmartPack's AI; releases bring its image",
            code=lambda_.DockerImageCode.from_ecr(repository, tag_or_digest=settings.ai_image),
            architecture=lambda_.Architecture.X86_64,
            memory_size=512,
            timeout=Duration.seconds(29),
            tracing=lambda_.Tracing.ACTIVE,
            role=role,
            log_group=log,
        )
        version = lambda_.Version(self, "Placeholder", lambda_=self.function, removal_policy=RemovalPolicy.RETAIN)
        self.alias = lambda_.Alias(self, "Live", alias_name=ALIAS, version=version)
        accept_tracing(role)


def ai_variables(settings: SmartPackSettings) -> Mapping[str, str]:
    """The address and the name of the model."""
    given = {"OLLAMA_HOST": settings.ollama_host, "AI_MODEL": settings.ai_model}
    return {name: value for name, value in given.items() if value}
