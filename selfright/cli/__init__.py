"""The command line `selfright`: one module per command, imported when it is called.

Results go to stdout, progress to stderr. Exit codes: 0 if the command succeeded (a release is live, a rollback is
done), 1 if it did not, 2 for wrong usage, 130 after Ctrl-C.
"""

import tomllib
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError

from controller.errors import SelfrightError
from selfright.cli.help import write_examples
from selfright.cli.tools import CommandTools
from selfright.errors import advise

FAILED, INTERRUPTED = 1, 130
COMMANDS = {
    "bundle": "selfright.cli.commands.bundle:command",
    "doctor": "selfright.cli.commands.account.doctor:command",
    "plan": "selfright.cli.commands.plan:command",
    "release": "selfright.cli.commands.release:command",
    "watch": "selfright.cli.commands.watch:command",
    "status": "selfright.cli.commands.status:command",
    "show": "selfright.cli.commands.show:command",
    "explain": "selfright.cli.commands.explain:command",
    "history": "selfright.cli.commands.history:command",
    "logs": "selfright.cli.commands.logs:command",
    "backtest": "selfright.cli.commands.backtest:command",
    "rollback": "selfright.cli.commands.rollback:command",
    "retry": "selfright.cli.commands.retry:command",
    "resume": "selfright.cli.commands.resume:command",
    "unlock": "selfright.cli.commands.unlock:command",
    "restore": "selfright.cli.commands.restore:command",
    "prove": "selfright.cli.commands.account.prove:command",
    "up": "selfright.cli.commands.local:up",
    "down": "selfright.cli.commands.local:down",
    "demo": "selfright.cli.commands.local:demo",
}
"""Name → where its click command is, in the order in which a newcomer needs them."""

EXAMPLES = (
    "release build/ --environment smartpack/prod",
    "status",
    'rollback --environment smartpack/prod --reason "wrong prices"',
)


class Selfright(click.Group):
    """Imports a command when it is called, and turns every failure into a message, a next step and an exit code."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """All commands, in our order instead of the alphabet's."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command of this name."""
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command; a failure becomes a plain message."""
        terminal = ctx.ensure_object(CommandTools).terminal
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # The reader of our output has closed it: click handles that.
        except (SelfrightError, BotoCoreError, OSError) as error:
            advice = advise(error)
            terminal.error(str(advice), advice.next_step)
            ctx.exit(FAILED)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        write_examples(formatter, EXAMPLES)


def version() -> str:
    """Selfright's version: that of the installed package, or of this repository."""
    try:
        return metadata.version("selfright")
    except metadata.PackageNotFoundError:
        project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
        return str(project["project"]["version"])


@click.group(cls=Selfright, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version(), prog_name="selfright", message="%(prog)s %(version)s")
def main() -> None:
    """Release to AWS; a bad release is rolled back by itself.

    AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL choose account and region; --local means the local AWS of `./dev up`.

    Exit codes: 0 success (live, or rolled back), 1 failure, 2 wrong usage, 130 Ctrl-C.
    """
