"""`python -m bootstrap_cdk.sandbox`: writes the template that `selfright prove` deploys, which needs no CDK then."""

import json
import tempfile
from pathlib import Path

from aws_cdk import App, BootstraplessSynthesizer

from bootstrap_cdk.sandbox.naming import PREFIX
from bootstrap_cdk.sandbox.stack import SandboxStack

FILE = Path(__file__).parents[2] / "selfright" / "proving" / "sandbox" / "template.json"


def template() -> str:
    """The template, as it stands in the file: without what only CDK's own command line needs."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(
            outdir=folder,
            analytics_reporting=False,
            context={"@aws-cdk/aws-iam:minimizePolicies": True, "aws:cdk:enable-path-metadata": False},
        )
        SandboxStack(app, PREFIX, synthesizer=BootstraplessSynthesizer())
        app.synth()
        written = json.loads((Path(folder) / f"{PREFIX}.template.json").read_text())
    return json.dumps(written, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(template())
