"""The CDK app.

For a real account, from the repository's root:

    npx aws-cdk@2.1148.1 deploy --all -c controller_package=FOLDER

Every field of `ControllerSettings` and `SmartPackSettings` can be given with `-c name=value`. Another environment of
SmartPack is `-c environment=staging`; it becomes a separate stack, `SmartPack-staging`.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from aws_cdk import App, DefaultStackSynthesizer

from bootstrap_cdk.controller.stack import ControllerStack
from bootstrap_cdk.settings import (
    ControllerSettings,
    SettingsError,
    SmartPackSettings,
    controller_settings,
    smartpack_settings,
)
from bootstrap_cdk.smartpack.measures import CLOUDFRONT_REGION
from bootstrap_cdk.smartpack.stack import SmartPackStack
from selfright.cdk import DeclarationError

CONTROLLER_STACK = "SelfrightController"
SMARTPACK_STACK = "SmartPack"


def build_app(
    controller: ControllerSettings, smartpack: Sequence[SmartPackSettings] = (), *, outdir: Path | None = None
) -> App:
    """Make the app with the controller's stack and one stack for each environment of SmartPack.

    `synth()` writes the templates and assets into `outdir`, or into a temporary folder; deploy the stacks in the
    order in which the assembly lists them.
    """
    app = new_app(outdir)
    add_stacks(app, controller, smartpack)
    return app


def new_app(outdir: Path | None = None) -> App:
    """Make an empty app. The CLI checks the bootstrap version from the manifest, so templates need no rule for it."""
    return App(
        outdir=str(outdir) if outdir else None,
        analytics_reporting=False,
        context={
            "@aws-cdk/aws-iam:minimizePolicies": True,  # roles have room for 10,240 characters
            "@aws-cdk/core:defaultCrossStackReferences": "strong",  # no stack deletes what another one still uses
        },
        default_stack_synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )


def add_stacks(app: App, controller: ControllerSettings, smartpack: Sequence[SmartPackSettings]) -> None:
    """Add all stacks to the app."""
    first = ControllerStack(app, CONTROLLER_STACK, controller)
    for settings in smartpack:
        _add_smartpack(app, settings).add_stack_dependency(first, "its functions and roles")


def _add_smartpack(app: App, settings: SmartPackSettings) -> SmartPackStack:
    """Add SmartPack's stack, and the stacks in us-east-1 before and after it, if they have any resources.

    Those have the region in their names, because the same environment may be in several regions.
    """
    name, elsewhere = stack_name(settings), settings.region not in {None, CLOUDFRONT_REGION}
    if not (settings.needs_edge or elsewhere):
        return SmartPackStack(app, name, settings)
    from bootstrap_cdk.smartpack.edge_stacks import EdgeAlarmsStack, EdgeStack  # noqa: PLC0415 - takes long

    edge = EdgeStack(app, f"{name}-Edge-{settings.region}", settings).edge if settings.needs_edge else None
    stack = SmartPackStack(app, name, settings, edge)
    if elsewhere:
        site = stack.site
        EdgeAlarmsStack(
            app,
            f"{name}-EdgeAlarms-{settings.region}",
            settings,
            distribution=site.distribution,
            certificate=site.certificate,
        )
    return stack


def stack_name(settings: SmartPackSettings) -> str:
    """`SmartPack` for production, `SmartPack-staging` for staging."""
    return SMARTPACK_STACK if settings.environment == "prod" else f"{SMARTPACK_STACK}-{settings.environment}"


def main(app: App, fail: Callable[[str], None], *, example: bool = True) -> None:
    """Synthesize with the settings of the context, with or without the example SmartPack.

    `fail` gets the message if a setting is wrong.
    """
    try:
        add_stacks(app, controller_settings(app.node), [smartpack_settings(app.node)] if example else [])
    except (SettingsError, DeclarationError) as error:
        fail(str(error))
        return
    app.synth()


if __name__ == "__main__":
    main(new_app(), sys.exit)
