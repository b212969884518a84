"""What the comparison of environments with AWS found, below the table of their states."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from selfright.account.comparing import ComparedComponent, ComparedEnvironment
from selfright.account.status import EnvironmentStatus
from selfright.cli.views import signs
from selfright.wording import Commands


def compared(
    statuses: Sequence[EnvironmentStatus], found: Sequence[ComparedEnvironment], commands: Commands
) -> RenderableType:
    """One line for all that is as it was released, and lines for each component that is not, or is not known to be."""
    lines = [line for status, one in zip(statuses, found, strict=True) for line in _lines(status, one, commands)]
    if not lines and any(one.components for one in found):
        lines = [Text("✔ Compared with AWS: as released.", signs.GOOD)]
    return Group(*([Text(), *lines] if lines else []))


def _lines(status: EnvironmentStatus, one: ComparedEnvironment, commands: Commands) -> Iterator[Text]:
    if one.why_not and status.live and not (status.on_its_way or status.held):  # Those the table says already.
        yield Text(f"? {one.environment_key} was not compared with AWS: {commands.said(one.why_not)}.", signs.CAREFUL)
    yield from not_as_released(one, commands)


def not_as_released(one: ComparedEnvironment, commands: Commands) -> Iterator[Text]:
    """Lines for each component that was changed by hand, or is not known to be as it was released."""
    for each in one.changed:
        yield Text(f"✘ {one.environment_key}: {commands.said(_said(each))}", signs.BAD)
        yield Text(f"  {commands.said(each.next_step)}")
    for each in one.unknown:
        said = f"{each.name} was not compared with AWS: {commands.said(each.reason)}"
        yield Text(f"? {one.environment_key}: {said}", signs.CAREFUL)


def _said(one: ComparedComponent) -> str:
    if one.found is None:  # The reason is a whole sentence of the adapter's.
        should = f"It should be on {one.expected}, as {one.version} left it."
        return f"{one.name} was changed by hand. {one.reason.rstrip('.')}. {should}"
    return f"{one.name} {one.reason} and should be on {one.expected}, as {one.version} left it: changed by hand."
