"""The pages of a deployment: pure functions from plain values to rich renderables."""

from collections.abc import Iterable
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from controller.domain.deployment import Bake, Counts, Deployment, Evaluation
from controller.domain.judging.verdict import Verdict
from controller.domain.phases import Phase
from controller.domain.timeline import TimelineEvent
from selfright.account.status import DeploymentRecord, back_in, finished_in, is_paused, restored_in
from selfright.cli.views import signs
from selfright.cli.views.facts import Fact, listed
from selfright.wording import TRIPPED_BY, Commands, at, clean, duration, percent, plural

PHASE_WIDTH = max(len(phase) for phase in Phase)
SAID_AT_THE_END = {Phase.SUCCEEDED: "The release is live and stable."}


def headline(record: DeploymentRecord) -> Text:
    """One sentence that says how the deployment stands or ended."""
    one = record.deployment
    name = Text(f"{one.application} {one.version}".strip(), "bold")
    return Text.assemble(signs.phase(one.phase), "  ", name, " ", _sentence(record))


def _sentence(record: DeploymentRecord) -> str:
    one, where = record.deployment, record.deployment.environment_key
    live = f"; {record.previous_version} is live again" if record.previous else ""
    sentences = {
        Phase.SUCCEEDED: f"is live in {where}, {duration(finished_in(one))} after its upload.",
        Phase.ROLLED_BACK: f"was rolled back in {where}{live}.",
        Phase.REJECTED: f"was refused for {where}; nothing was touched.",
        Phase.SUPERSEDED: f"was overtaken by a newer release to {where}; nothing was touched.",
        Phase.ROLLBACK_FAILED: f"could not be rolled back in {where}: a person is needed, and {where} is held.",
        Phase.ROLLING_BACK: f"is being rolled back in {where}.",
    }
    return sentences.get(one.phase, f"is on its way to {where}.")


def summary(record: DeploymentRecord, commands: Commands, *, in_full: bool = False, source: str = "") -> RenderableType:
    """A deployment in a few lines: how it stands, why, and what to do next; `in_full`: its details stand below.

    `source` is what was released, where that is known.
    """
    one = record.deployment
    facts: list[Fact] = [("deployment", one.deployment_id)]
    if one.reason:
        facts.append(("reason", commands.said(one.reason)))
    shifted = any(event.kind == "shifted" for event in record.timeline)
    if shifted and (seconds := restored_in(one)) is not None:
        facts.append(("traffic", f"set back to stable {duration(seconds)} after {_trip(one)}; {_arrived(one)}"))
    if not one.phase.is_terminal:
        facts += _progress(one, commands)
    facts += _next(record, commands, in_full=in_full, source=source)
    return Group(headline(record), listed(facts))


def _arrived(one: Deployment) -> str:
    """When visitors were back, which is later than the write: edge locations learn one after the other."""
    back = back_in(one)
    if back is None:
        return "that visitors are back has not been seen" + ("" if one.phase.is_terminal else " yet")
    return f"visitors were back {duration(back)} after it"


def _trip(one: Deployment) -> str:
    return TRIPPED_BY[one.trip.source] if one.trip else "the trip"


def _progress(one: Deployment, commands: Commands) -> list[Fact]:
    traffic = f"{one.weight} % of the visitors get this release{_on_its_way(one)}"
    facts: list[Fact] = [("traffic", traffic)] if one.steps else []
    if one.phase is Phase.STAGING and len(one.order) > 1 and one.next_wave:
        wave = f"wave {one.order.index(one.next_wave) + 1} of {len(one.order)}"
        facts.append(("staging", f"{wave}: {' and '.join(one.next_wave)}"))
    if one.bake and one.phase is Phase.BAKING and not (one.bake.concluded or one.trip or is_paused(one)):
        facts.append(("bake", _bake(one.bake)))
    if one.evaluation:
        facts += [(who, counted(counts)) for who, counts in compared(one.evaluation)]
        facts.append(("judge", f"{opinion(one.evaluation)}: {commands.said(one.evaluation.reason)}"))
    if one.trip and one.trip.reason != one.reason:
        facts.append(("trip", commands.said(one.trip.reason)))
    return facts


def _bake(bake: Bake) -> str:
    """Until when it goes on, and until when its numbers are waited for."""
    said = f"until {at(bake.ends_at)}{' (extended once)' if bake.extended else ''}"
    waits = bake.waits_until
    return f"{said}; for a version that is silent, the judge waits until {at(waits)} at the latest" if waits else said


def _on_its_way(one: Deployment) -> str:
    written = one.written
    if not one.weight or (written and written.weight == one.weight and written.arrived_at):
        return ""
    return " (this has not arrived at all of them yet)"


def _next(record: DeploymentRecord, commands: Commands, *, in_full: bool, source: str) -> list[Fact]:
    one = record.deployment
    facts: list[Fact] = []
    if one.next_step:
        facts.append(("next step", commands.said(one.next_step)))
    if is_paused(one):
        facts += [("resume", commands(f"resume {one.deployment_id}")), ("roll back", _rollback(one, commands))]
    elif not one.phase.is_terminal:
        facts.append(("watch", commands(f"watch {one.deployment_id}")))
    elif one.phase is Phase.ROLLBACK_FAILED:
        facts.append(("then", _rollback(one, commands)))
    elif one.phase is Phase.REJECTED:
        facts.append(("again", commands(f"release {source or 'FOLDER'} --environment {one.environment_key}")))
    if not in_full and one.phase in {Phase.ROLLED_BACK, Phase.REJECTED, Phase.ROLLBACK_FAILED}:
        facts.append(("details", commands(f"show {one.deployment_id}")))
    return facts


def _rollback(one: Deployment, commands: Commands) -> str:
    return commands(f"rollback {one.deployment_id}")


def details(record: DeploymentRecord, commands: Commands) -> RenderableType:
    """A deployment with what changed and its whole timeline."""
    one = record.deployment
    facts: list[Fact] = [
        ("uploaded", f"{one.upload.uploaded_at.astimezone():%Y-%m-%d %H:%M:%S}  {clean(one.upload.key)}")
    ]
    if one.steps:
        facts.append(("steps", ", ".join(f"{step.weight} % for {duration(step.bake)}" for step in one.steps)))
    if len(one.order) > 1:
        facts.append(("order", ", then ".join(" and ".join(wave) for wave in one.order)))
    facts += [(name, _change(one, name)) for name in one.components]
    facts.append(("execution", one.execution_arn))
    if one.evaluation:
        facts.append(("why", commands(f"explain {one.deployment_id}")))
    return Group(
        summary(record, commands, in_full=True),
        listed(facts),
        Text(),
        timeline(record.timeline, one.upload.uploaded_at, commands),
    )


def _change(one: Deployment, name: str) -> str:
    before, after = (one.restore_point or {}).get(name), one.staged.get(name)
    if after is None:
        return "not staged"
    return (
        f"{before.id if before else 'nothing'} → {after.id}"
        if name in one.changed
        else f"{after.id}, unchanged: skipped"
    )


def timeline(events: Iterable[TimelineEvent], start: datetime, commands: Commands) -> Table:
    """Everything that happened, one line each: time of day, time since the upload, what."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style=signs.QUIET, no_wrap=True)
    table.add_column(style=signs.QUIET, no_wrap=True, justify="right")
    table.add_column()
    for event in events:
        since = max(0.0, (event.at - start).total_seconds())
        table.add_row(at(event.at), f"+{duration(since)}", happened(event, commands))
    return table


def line(event: TimelineEvent, present: Phase, commands: Commands) -> Table:
    """One event as it happens, while the deployment is in the `present` phase: time of day, phase, what."""
    phase = signs.phase_of(event, present)
    said = happened(event, commands)
    if event.kind == "closed" and (why := said.plain.removeprefix(f"{phase}").lstrip(": ")) != said.plain:
        said = Text(why or SAID_AT_THE_END.get(phase, "It has ended."), said.style)
    return row(event.at, phase, said)


def row(moment: datetime, phase: Phase, said: Text) -> Table:
    """A message of a moment in a phase; when it is too long for a line, the rest is indented."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style=signs.QUIET, no_wrap=True)
    table.add_column(style=signs.PHASES[phase][1], no_wrap=True, min_width=PHASE_WIDTH)
    table.add_column()
    table.add_row(at(moment), str(phase), said)
    return table


def happened(event: TimelineEvent, commands: Commands) -> Text:
    """One event in words."""
    return Text(commands.said(event.message), signs.EVENTS.get(event.kind, ""))


def compared(evaluation: Evaluation) -> list[tuple[str, Counts]]:
    """The canary and, while it still gets visitors, the stable revision."""
    return [("canary", evaluation.canary), *([("stable", evaluation.stable)] if evaluation.stable.requests else [])]


def opinion(evaluation: Evaluation) -> str:
    """The judge's verdict; where the canary got no request, there was nothing to find healthy."""
    good = evaluation.verdict in {Verdict.HEALTHY, Verdict.PROMOTABLE}
    return "nothing to judge" if good and not evaluation.canary.requests else str(evaluation.verdict)


def counted(counts: Counts) -> str:
    """Requests and errors in words."""
    requests, errors = plural(counts.requests, "request"), plural(counts.errors, "error")
    return f"{requests}, {errors} ({percent(counts.error_rate)})"
