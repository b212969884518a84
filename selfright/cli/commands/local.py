"""`selfright up`, `selfright down` and `selfright demo`: Selfright on this machine, without an AWS account."""

import json
import sys
from pathlib import Path

import click
from rich.text import Text

from selfright.cli.help import Command
from selfright.cli.tools import CommandTools
from selfright.errors import AdviceError
from selfright.layout import ROOT
from selfright.wording import Commands, program

output_option = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", help="How the result is printed on stdout."
)


def check_repository(command: str, repository: Path = ROOT) -> None:
    """Raise `AdviceError` outside of a clone: the installed package has neither SmartPack nor the emulator."""
    if not all((repository / part).exists() for part in ("dev", "app_artifacts", "requirements-local-aws.lock")):
        message = f"`{command}` needs a clone of Selfright's repository; only the package is installed here."
        raise AdviceError(message, f"Clone the repository, then run there: ./dev {command}")


@click.command(cls=Command, examples=("up", "status --local", "down"))
@output_option
@click.pass_obj
def up(tools: CommandTools, output: str) -> None:
    """Start the local AWS, with the controller and SmartPack.

    Nothing is released yet: `demo --keep` does that, too.
    """
    check_repository("up")
    from selfright.local.installation import install  # noqa: PLC0415 - a command for AWS needs none of this

    tools.terminal.as_json = output == "json"
    running = install(tools.terminal.note)
    variables = " ".join(f"{name}={value}" for name, value in running.variables().items())
    local, anywhere = Commands(program(), local=True), Commands(program())
    lines = [
        f"The local AWS is running. The app:  {running.edge_url}",
        f"Status:         {local('status')}",
        f"Any AWS tool:   export {variables}",
        f"Stop it:        {anywhere('down')}",
    ]
    tools.terminal.result(
        Text("\n".join(lines)),
        {"endpoint": running.endpoint, "url": running.edge_url, "variables": running.variables()},
    )


@click.command(cls=Command, examples=("down",))
@output_option
@click.pass_obj
def down(tools: CommandTools, output: str) -> None:
    """Stop the local AWS and remove its temporary files."""
    from selfright.local import emulator  # noqa: PLC0415

    stopped = emulator.stop()
    tools.terminal.note("The local AWS has stopped." if stopped else "The local AWS was not running.")
    if output == "json":
        click.echo(json.dumps({"stopped": bool(stopped)}))


@click.command(cls=Command, examples=("demo", "demo --keep", "demo --output json > demo.json"))
@click.option("--keep", is_flag=True, help="Leave the local AWS running at the end, and print what to try next.")
@output_option
@click.pass_obj
def demo(tools: CommandTools, output: str, *, keep: bool) -> None:
    """Release three times locally; one is bad.

    The releases are SmartPack's, with visitors on the app. The exit code is 0 only if all of it happened.
    """
    check_repository("demo")
    from selfright.cli.demo.play import play  # noqa: PLC0415

    tools.terminal.as_json = output == "json"
    good = play(tools, keep=keep)
    sys.exit(0 if good else 1)
