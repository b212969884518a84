"""`selfright bundle`: a release folder becomes one zip."""

from pathlib import Path

import click

from selfright.account.releasing import read_bundle
from selfright.bundling.bundle import make_bundle
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, allow_option, build_option, builder, common, pass_tools
from selfright.packing.no_secrets import NoSecrets
from selfright.wording import size

EXAMPLES = (
    "bundle build/",
    "bundle build/ -o smartpack-1.1.0.zip --version 1.1.0",
    "bundle build/ --no-build",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("source", metavar="FOLDER", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--out",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The zip to write.  [default: here, by name and version]",
)
@click.option("--version", metavar="VERSION", help="The release's version, instead of the one in release.yaml.")
@build_option
@allow_option
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: CommandTools, source: Path, file: Path | None, version: str | None, building: bool, allow: NoSecrets
) -> None:
    """Make the bundle of a release folder.

    FOLDER has release.yaml in it. Components with a `build` are built first, if their sources have changed. The same
    folder gives the same bytes, wherever and whenever it is bundled.
    """
    bundle = read_bundle(make_bundle(source, file, version=version, allowed=allow, builder=builder(tools, building)))
    tools.say_allowed(allow)
    made = f"{bundle.path}  ({bundle.application} {bundle.version}, {size(bundle.size)})"
    shown = "\n".join([made, *(f"  ! {tools.terminal.commands.said(remark)}" for remark in bundle.remarks)])
    document = {
        "bundle": str(bundle.path),
        "application": bundle.application,
        "version": bundle.version,
        "bytes": bundle.size,
        "remarks": list(bundle.remarks),
    }
    tools.terminal.result(shown, document)
