"""`selfright explain`: why a deployment ended as it did, or why it is in its present state."""

from pathlib import Path
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, DeploymentId, common, pass_tools
from selfright.cli.views import documents, signs
from selfright.cli.views.chart import chart
from selfright.explaining.explanation import Explanation, explain
from selfright.wording import Commands

PICTURES = {".png", ".svg"}

EXAMPLES = (
    "explain smartpack-prod-20250101T120000-3f9a01",
    "explain smartpack-prod-20250101T120000-3f9a01 --plot why.svg",
    "explain smartpack-prod-20250101T120000-3f9a01 --output json",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment", type=DeploymentId())
@click.option(
    "--plot",
    "picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Also draw it into a .png or .svg (needs matplotlib: `pip install matplotlib`).",
)
@common
@pass_tools
def command(tools: CommandTools, deployment: str, picture: Path | None) -> None:
    """Explain in five sentences why DEPLOYMENT ended so.

    What happened, which metric, which numbers, at which evaluation, and what to do next; with a chart.
    """
    if picture and picture.suffix.lower() not in PICTURES:
        raise click.UsageError(f"--plot writes .png or .svg, not '{picture.name}'.")
    ledger = tools.account.ledger
    explanation = explain(ledger.record(deployment), ledger.evaluations(deployment))
    if picture:
        from selfright.explaining.plot import plot  # noqa: PLC0415 - hardly ever needed

        plot(explanation, picture)
        tools.terminal.note(f"Drew {picture}.")
    tools.terminal.result(_shown(explanation, tools.terminal.commands), _document(explanation, picture))


def _shown(one: Explanation, commands: Commands) -> RenderableType:
    deployment = one.record.deployment
    name = Text.assemble(
        signs.phase(deployment.phase), "  ", (f"{deployment.application} {deployment.version}", "bold")
    )
    said = [Text(commands.within(sentence)) for sentence in one.sentences]
    drawn: list[RenderableType] = [Text(), chart(one.evaluations, deployment)] if one.evaluations else []
    return Group(name, Text(), *said, *drawn)


def _document(one: Explanation, picture: Path | None) -> dict[str, Any]:
    names = ("happened", "metric", "numbers", "evaluation", "next_step")
    return {
        **documents.record(one.record),
        "explanation": dict(zip(names, one.sentences, strict=True)),
        "decisive_evaluation": one.evaluations.index(one.decisive) + 1 if one.decisive else None,
        "evaluations": [documents.evaluation(evaluation) for evaluation in one.evaluations],
        "plot": str(picture) if picture else None,
    }
