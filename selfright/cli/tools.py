"""The tools of every command: terminal, account, time; and the options that all commands share."""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from click.core import ParameterSource

from controller.domain import durations
from controller.domain.printable import LINE_BYTES, said
from selfright.account.account import Account, use_local
from selfright.account.watching import DeploymentWatcher, now
from selfright.bundling.builder import Builder
from selfright.cli.terminal import Terminal
from selfright.packing.no_secrets import NoSecrets
from selfright.wording import Commands, program

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
NAME = r"[a-z0-9][a-z0-9-]{0,30}"


@dataclass
class CommandTools:
    """click passes them to every command; a test passes its own clock and sleep."""

    clock: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep
    terminal: Terminal = field(default_factory=Terminal)

    @cached_property
    def account(self) -> Account:
        """The account with the controller."""
        return Account()

    @property
    def watcher(self) -> DeploymentWatcher:
        """Watches deployments."""
        return DeploymentWatcher(self.account.ledger, self.clock, self.sleep)

    def say_allowed(self, allowed: NoSecrets) -> None:
        """Say what was taken for no secret."""
        for line in allowed.said():
            self.terminal.note(line)


class Length(click.ParamType[float]):
    """A duration such as `90s`, `10m` or `1h30m`, as it is written everywhere else."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """Its seconds, more than none."""
        if isinstance(value, float):
            return value
        try:
            length = durations.seconds(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not length:
            self.fail("must be longer than nothing", param, ctx)
        return float(length)


class EnvironmentKey(click.ParamType[str]):
    """`APPLICATION/ENVIRONMENT`."""

    name = "app/env"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """The key, if it is one."""
        if not re.fullmatch(f"{NAME}/{NAME}", str(value)):
            self.fail(f"'{value}' is not of the form APPLICATION/ENVIRONMENT, such as smartpack/prod.", param, ctx)
        return str(value)


class DeploymentId(click.ParamType[str]):
    """A deployment's id; an environment in its place is wrong usage."""

    name = "deployment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """The id, if it can be one."""
        if "/" in str(value):
            self.fail(f"{value} is an environment, not a deployment: `history` lists its deployments.", param, ctx)
        return str(value)


class Reason(click.ParamType[str]):
    """Why somebody does something: one text, which is cut with an ellipsis where it is too long to be kept."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401, ARG002
        """The text as the ledger keeps it."""
        return said(str(value), LINE_BYTES)


def common(command: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Add the options `--output` and `--local`, which every command has."""
    output = click.option(
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        expose_value=False,
        callback=_choose_output,
        is_eager=True,
        help="How the result is printed on stdout; json is one document.",
    )
    local = click.option(
        "--local",
        is_flag=True,
        envvar="SELFRIGHT_LOCAL",
        expose_value=False,
        callback=_choose_local,
        help="Use the local AWS that `./dev up` started (or set SELFRIGHT_LOCAL=1).",
    )
    return output(local(command))


source_argument = click.argument("source", metavar="FOLDER_OR_ZIP", type=click.Path(exists=True, path_type=Path))

target_option = click.option(
    "-e", "--environment", type=EnvironmentKey(), required=True, help="Where to, such as smartpack/prod."
)

allow_option = click.option(
    "--allow",
    multiple=True,
    metavar="PATTERN",
    callback=lambda _, __, patterns: NoSecrets(patterns),
    help="Not a secret, though it looks like one: a file, a folder with all that is in it, or a setting's name.",
)

build_option = click.option(
    "--build/--no-build",
    "building",
    default=True,
    help="Run the builds of release.yaml whose sources have changed (the default), or use the existing artifacts.",
)


def builder(tools: CommandTools, building: bool) -> Builder | None:
    """The builder for `--build`, which reports on stderr; None for `--no-build`."""
    return Builder(tools.terminal.note) if building else None


def _choose_output(ctx: click.Context, _: click.Parameter, value: str) -> None:
    ctx.ensure_object(CommandTools).terminal.as_json = value == "json"


def _choose_local(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    given = ctx.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    commands = ctx.ensure_object(CommandTools).terminal.commands = Commands(program(), local=value and given)
    if value:
        use_local()
        there = (("endpoint-url", os.environ.get("AWS_ENDPOINT_URL")), ("region", os.environ.get("AWS_REGION")))
        options = "".join(f" --{name} {found}" for name, found in there if found)
        ctx.ensure_object(CommandTools).terminal.commands = replace(commands, aws=options)


pass_tools = click.make_pass_decorator(CommandTools, ensure=True)
