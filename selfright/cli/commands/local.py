"""`selfright up`, `selfright down` and `selfright demo`: Selfright on this machine, without an AWS account."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import click
from rich.text import Text

from selfright.cli.help import Command
from selfright.cli.tools import CommandTools
from selfright.errors import AdviceError
from selfright.layout import ROOT
from selfright.local.local_weather import A_MINUTE_IS_A_SECOND, LocalWeather
from selfright.weather import CLIMATES, Climate
from selfright.wording import Commands, program

output_option = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", help="How the result is printed on stdout."
)


def weather_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of commands that start a local AWS."""
    climate = click.option(
        "--weather",
        type=click.Choice(CLIMATES),
        default="still",
        help="How late AWS is: not at all, as it usually is, or as late as its documentation allows.",
    )
    factor = click.option(
        "--factor",
        type=click.FloatRange(0, 1, min_open=True),
        default=A_MINUTE_IS_A_SECOND,
        help="What AWS's times are multiplied by in weather; by default a minute takes a second.",
    )
    seed = click.option("--seed", type=int, default=0, help="The same seed draws the same weather.")
    return climate(factor(seed(command)))


def check_repository(command: str, repository: Path = ROOT) -> None:
    """Raise `AdviceError` outside of a clone: the installed package has neither SmartPack nor the emulator."""
    if not all((repository / part).exists() for part in ("dev", "app_artifacts", "requirements-local-aws.lock")):
        message = f"`{command}` needs a clone of Selfright's repository; only the package is installed here."
        raise AdviceError(message, f"Clone the repository, then run there: ./dev {command}")


@click.command(cls=Command, examples=("up", "up --weather aws", "status --local", "down"))
@weather_options
@output_option
@click.pass_obj
def up(tools: CommandTools, output: str, weather: Climate, factor: float, seed: int) -> None:
    """Start the local AWS, with the controller and SmartPack.

    Nothing is released yet: `demo --keep` does that, too. With `--weather aws`, changes arrive late, measurements
    and events too, and reads may be stale for an instant, as on AWS.
    """
    check_repository("up")
    from selfright.local.installation import install  # noqa: PLC0415 - a command for AWS needs none of this

    tools.terminal.as_json = output == "json"
    running = install(tools.terminal.note, weather=LocalWeather(weather, seed, factor))
    variables = " ".join(f"{name}={value}" for name, value in running.variables().items())
    local, anywhere = Commands(program(), local=True), Commands(program())
    lines = [
        f"The local AWS is running. The app:  {running.edge_url}",
        *([f"Weather:        {weather}; a minute of AWS takes {60 * factor:g} s"] if weather != "still" else []),
        f"Release there:  {local('release BUNDLE_OR_FOLDER --environment smartpack/prod')}",
        f"Status:         {local('status')}",
        f"Any AWS tool:   export {variables}",
        f"Stop it:        {anywhere('down')}",
    ]
    tools.terminal.result(
        Text("\n".join(lines)),
        {
            "endpoint": running.endpoint,
            "url": running.edge_url,
            "variables": running.variables(),
            "weather": running.weather,
            "factor": running.factor,
        },
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


@click.command(cls=Command, examples=("demo", "demo --keep", "demo --weather aws", "demo --output json > demo.json"))
@click.option("--keep", is_flag=True, help="Leave the local AWS running at the end, and print what to try next.")
@weather_options
@output_option
@click.pass_obj
def demo(tools: CommandTools, output: str, weather: Climate, factor: float, seed: int, *, keep: bool) -> None:  # noqa: PLR0913 - its options
    """Release three times locally; one is bad.

    The releases are SmartPack's, with visitors on the app. The exit code is 0 only if all of it happened.
    """
    check_repository("demo")
    from selfright.cli.demo.play import play  # noqa: PLC0415

    tools.terminal.as_json = output == "json"
    good = play(tools, LocalWeather(weather, seed, factor), keep=keep)
    sys.exit(0 if good else 1)
