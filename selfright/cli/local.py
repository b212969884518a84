"""`selfright up`, `selfright down` and `selfright demo`: Selfright on this machine, without an AWS account."""

import sys

import click
from rich.text import Text

from selfright.advice import AdviceError
from selfright.cli.tools import Tools
from selfright.cli.words import Commands, program


@click.command(
    epilog="""\b
Examples:
  ./dev up
  ./dev release dist/smartpack-1.1.0 --environment smartpack/prod --local
  ./dev down"""
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="How the result is printed.")
@click.pass_obj
def up(tools: Tools, output: str) -> None:
    """Start the local AWS and deploy the controller and SmartPack to it."""
    from selfright.local.errors import LocalAwsError  # noqa: PLC0415 - a command for AWS needs none of this
    from selfright.local.installation import install  # noqa: PLC0415

    tools.terminal.as_json = output == "json"
    try:
        running = install(tools.terminal.note)
    except LocalAwsError as error:
        raise AdviceError(str(error)) from error
    variables = " ".join(f"{name}={value}" for name, value in running.variables().items())
    local, anywhere = Commands(program(), local=True), Commands(program())
    lines = [
        f"The local AWS is up. The app's door: {running.edge_url}",
        f"How it stands:  {local('status')}",
        f"Any AWS tool:   export {variables}",
        f"Stop it:        {anywhere('down')}",
    ]
    tools.terminal.result(
        Text("\n".join(lines)),
        {"endpoint": running.endpoint, "url": running.edge_url, "variables": running.variables()},
    )


@click.command()
@click.pass_obj
def down(tools: Tools) -> None:
    """Stop the local AWS; nothing of it is left behind."""
    from selfright.local import emulator  # noqa: PLC0415

    stopped = emulator.stop()
    tools.terminal.note("The local AWS has stopped." if stopped else "The local AWS was not running.")


@click.command(
    epilog="""\b
Examples:
  ./dev demo
  ./dev demo --keep     leave it running, to play on"""
)
@click.option("--keep", is_flag=True, help="Leave the local AWS running at the end, and say how to play on.")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="How the summary is printed.")
@click.pass_obj
def demo(tools: Tools, output: str, *, keep: bool) -> None:
    """Release SmartPack three times on the local AWS; the third release is bad, and is put back by itself.

    The exit code is 0 only if all of it happened.
    """
    from selfright.demo.play import play  # noqa: PLC0415
    from selfright.local.errors import LocalAwsError  # noqa: PLC0415

    tools.terminal.as_json = output == "json"
    try:
        good = play(tools, keep=keep)
    except LocalAwsError as error:
        raise AdviceError(str(error)) from error
    sys.exit(0 if good else 1)
