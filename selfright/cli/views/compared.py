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
        held = any(status.held for status in statuses)
        lines = [Text(f"✔ Compared with AWS: {'as it should be' if held else 'as released'}.", signs.GOOD)]
    return Group(*([Text(), *lines] if lines else []))


def _lines(status: EnvironmentStatus, one: ComparedEnvironment, commands: Commands) -> Iterator[Text]:
    if one.why_not and status.live and not (status.on_its_way or status.held):  # Those the table says already.
        yield Text(f"? {one.environment_key} was not compared with AWS: {commands.said(one.why_not)}.", signs.CAREFUL)
    yield from not_as_released(one, commands)


def not_as_released(one: ComparedEnvironment, commands: Commands) -> Iterator[Text]:
    """Lines for each component that was changed by hand or not restored, or is not known to be as it was released."""
    for each in one.changed:
        yield Text(f"✘ {one.environment_key}: {commands.said(_said(each))}", signs.BAD)
        yield Text(f"  {commands.said(each.next_step)}")
    for each in one.unknown:
        said = f"{each.name} was not compared with AWS: {commands.said(each.reason)}"
        yield Text(f"? {one.environment_key}: {said}", signs.CAREFUL)


def _said(one: ComparedComponent) -> str:
    if one.outcome == "not_restored":
        return f"{one.name} is still on {one.found} and should be on {one.expected or 'nothing'}: it was not restored."
    if one.found is None:  # The reason is a whole sentence of the adapter's.
        should = f"It should be on {_expected(one)}."
        return f"{one.name} was changed by hand. {one.reason.rstrip('.')}. {should}"
    return f"{one.name} {one.reason} and should be on {_expected(one)}: changed by hand."


def _expected(one: ComparedComponent) -> str:
    return f"{one.expected or 'nothing'}, as {one.version} left it" if one.version else one.expected or "nothing"
