"""`selfright up`, `selfright down` and `selfright demo`: Selfright on this machine, without an AWS account."""

import json
import sys

import click
from rich.text import Text

from selfright.cli.help import Command
from selfright.cli.tools import Tools
from selfright.errors import AdviceError
from selfright.local import place
from selfright.wording import Commands, program

output_option = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", help="How the result is printed on stdout."
)


def _need_the_repository() -> None:
    """The local AWS, the CDK app and SmartPack are not in the installed package."""
    if not (place.REPOSITORY / "dev").is_file():
        message = "This needs Selfright's repository, and only its package is installed here."
        raise AdviceError(message, "In a clone of the repository, run ./dev demo.")


@click.command(cls=Command, examples=("up", "status --local", "down"))
@output_option
@click.pass_obj
def up(tools: Tools, output: str) -> None:
    """Start the local AWS, with the controller and SmartPack.

    Nothing is released yet: `demo --keep` does that, too.
    """
    _need_the_repository()
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


@click.command(cls=Command, examples=("down",))
@output_option
@click.pass_obj
def down(tools: Tools, output: str) -> None:
    """Stop the local AWS; nothing of it is left behind."""
    from selfright.local import emulator  # noqa: PLC0415

    stopped = emulator.stop()
    tools.terminal.note("The local AWS has stopped." if stopped else "The local AWS was not running.")
    if output == "json":
        click.echo(json.dumps({"stopped": bool(stopped)}))


@click.command(cls=Command, examples=("demo", "demo --keep", "demo --output json > demo.json"))
@click.option("--keep", is_flag=True, help="Leave the local AWS running at the end, and say how to play on.")
@output_option
@click.pass_obj
def demo(tools: Tools, output: str, *, keep: bool) -> None:
    """Release three times locally; the bad one goes back.

    The releases are SmartPack's, with visitors on the app. The exit code is 0 only if all of it happened.
    """
    _need_the_repository()
    from selfright.cli.demo.play import play  # noqa: PLC0415
    from selfright.local.errors import LocalAwsError  # noqa: PLC0415

    tools.terminal.as_json = output == "json"
    try:
        good = play(tools, keep=keep)
    except LocalAwsError as error:
        raise AdviceError(str(error)) from error
    sys.exit(0 if good else 1)
