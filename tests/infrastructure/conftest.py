"""One synthesis for all tests of the templates: it takes seconds."""

from pathlib import Path

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks

from bootstrap_cdk.app import build_app
from bootstrap_cdk.settings import ControllerSettings, ErrorAlarm, SmartPackSettings
from selfright.cdk import Judge, Limits, Synthetic
from tests.infrastructure.templates import Synthesized, Template

STAGING = SmartPackSettings(
    environment="staging",
    python_runtime="python3.14",
    strategy=[{"weight": 25, "bake": "4s"}, {"weight": 50, "bake": "4s"}],
    final_bake="6s",
    judge=Judge(
        evaluate_every="2s",
        period="1s",
        minimum_requests=5,
        when_inconclusive="pause",
        tolerance=0.1,
        alpha=0.01,
        promote_early=True,
        limits=Limits(error_rate=0.02),
        synthetic=Synthetic(requests=50),
    ),
    alarm=ErrorAlarm(threshold=1, period="10s", p99_ms=0),
    composite_alarm=False,
    keep_revisions=3,
    variables={"GREETING": "hello"},
    api_url="http://127.0.0.1:8080",
    site_url="http://127.0.0.1:8080",
    allow_private_urls=True,
    cors_origin="https://partner.example",
    domain_name="pack.example.com",
    certificate_arn="arn:aws:acm:us-east-1:111122223333:certificate/0f0f0f0f-0000-4000-8000-000000000000",
    web_acl_arn="arn:aws:wafv2:us-east-1:111122223333:global/webacl/pack/0f0f0f0f-0000-4000-8000-000000000000",
)
"""Every setting with another value than in production."""


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the controller's Lambda package."""
    folder = tmp_path_factory.mktemp("package")
    handlers = folder / "controller" / "handlers"
    handlers.mkdir(parents=True)
    (handlers / "entry.py").write_text("def handler(event, context): ...\n")
    return folder


@pytest.fixture(scope="session")
def synthesized(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The whole app with two environments of SmartPack, validated and checked by cdk-nag."""
    folder = tmp_path_factory.mktemp("assembly")
    app = build_app(ControllerSettings(package), [SmartPackSettings(), STAGING], outdir=folder)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:  # findings: test_rules.py shows them, and the other tests still have their templates
        if "ValidationFailed" not in str(error):
            raise
    return Synthesized(folder)


@pytest.fixture(scope="session")
def controller(synthesized: Synthesized) -> Template:
    """The controller's template."""
    return synthesized.template("SelfrightController")


@pytest.fixture(scope="session")
def smartpack(synthesized: Synthesized) -> Template:
    """The template of SmartPack's production."""
    return synthesized.template("SmartPack")


@pytest.fixture(scope="session")
def staging(synthesized: Synthesized) -> Template:
    """The template of SmartPack's staging, where everything is chosen differently."""
    return synthesized.template("SmartPack-staging")


@pytest.fixture(scope="session")
def chosen(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The controller's template with everything that costs more than the rest of it."""
    folder = tmp_path_factory.mktemp("chosen")
    settings = ControllerSettings(package, dashboard=True, topic_key=True)
    app = build_app(settings, outdir=folder)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    return Synthesized(folder).template("SelfrightController")
