"""A stack's template and parameters, compared with the present stack. No change set is created: that would be a write.

So the plan reports only what is certain: resources that are added or removed. Only CloudFormation itself knows whether
a changed resource is replaced. Staging creates the change set and refuses to replace or delete resources with data.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.components.stack.cloudformation import HIDDEN, StackCalls
from controller.domain.components.stack.artifact import StackArtifact
from controller.domain.components.stack.changes import Allowed, Change, dangers, refusal, retyped
from controller.domain.components.stack.parameter_values import values_for
from controller.domain.components.stack.target import StackTarget
from controller.domain.components.stack.templates import Template, read_template, revision_of
from controller.errors import AwsError, NotFoundError
from selfright.components.kind import Planning
from selfright.components.planned import ComponentPlan, Difference, Refusal, compare
from selfright.components.stack.routes import is_called, routes_of
from selfright.secrecy import looks_secret

PARAMETER, FROM_SSM = "parameter ", "read from SSM by the parameter "
FUNCTION = "AWS::Lambda::Function"
KEPT = ("Role", "DeadLetterConfig")
"""Properties that a function's published versions keep, and that a rollback therefore still needs."""
NEXT = "Correct the bundle and upload it again."


def plan_stack(planning: Planning, target: StackTarget, known: ComponentPlan, artifact: StackArtifact) -> ComponentPlan:
    """Compare the template with the stack, whose revision is in `known`; two calls to CloudFormation.

    What the stack's parameters have read from SSM is compared with what SSM has now, one call each.
    """
    template = artifact.read_template(planning.bundle)
    values = values_for(template, artifact, target)
    present = StackCalls(planning.clients, target.stack_name).present() if known.live else None
    values = present.keeping(template.secrets, values) if present else values
    read = _read_anew(planning, template, values, present.read) if present else {}
    if present and known.live == revision_of(template.text, values, present.read) and read == present.read:
        return replace(known, change="unchanged")
    before = read_template(present.template, "the present template") if present else None
    comparison = TemplateComparison(before, template, planning.called_routes())
    feared = dangers(comparison.removed(), Allowed(target.allow_replacement, target.allow_deletion))
    reason = retyped(target.stack_name, before.resources if before else {}, template.resources)
    if feared and not reason:
        reason = refusal(target.stack_name, feared)
    return replace(
        known,
        change="changed" if present else "new",
        items=compare(comparison.before, comparison.after, "resources"),
        differences=(
            *_differences(present.parameters if present else {}, values),
            *_differences(present.read if present else {}, read, FROM_SSM),
        ),
        risks=tuple(comparison.risks()),
        refusal=Refusal(reason, NEXT) if reason else None,
    )


@dataclass(frozen=True)
class TemplateComparison:
    """The present template (None: there is no stack) and the new one."""

    former: Template | None
    coming: Template
    called_routes: Collection[str] = ()
    """The routes that the live release is known to call (`POST /generate`), from its own checks."""

    @property
    def before(self) -> Mapping[str, str]:
        """Logical id → the resource in the present template, as JSON."""
        return _as_json(self.former) if self.former else {}

    @property
    def after(self) -> Mapping[str, str]:
        """Logical id → the resource in the new template, as JSON."""
        return _as_json(self.coming)

    def removed(self) -> list[Change]:
        """The removed resources: what is certain. Changed properties may replace others."""
        gone = ((name, one) for name, one in self._before.items() if name not in self._after)
        return [Change("Remove", name, _type(one), policy=str(one.get("DeletionPolicy", ""))) for name, one in gone]

    def risks(self) -> Iterator[str]:
        """The changes that a rollback would not fully undo."""
        for name, one in self._after.items():
            former = self._before.get(name)
            if former is None and self.former and Change("Remove", name, _type(one)).is_stateful:
                yield f"{name} ({_type(one)}) is added, and a rollback keeps it, because it may hold data"
            elif former is not None and former != one:
                yield from _changed(name, former, one)
        for route in sorted(routes_of(self._before) - routes_of(self._after)):
            yield _removed_route(route, called=is_called(route, self.called_routes))

    @property
    def _before(self) -> Mapping[str, Any]:
        return self.former.content["Resources"] if self.former else {}

    @property
    def _after(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.coming.content["Resources"]
        return found


def _changed(name: str, former: Mapping[str, Any], coming: Mapping[str, Any]) -> Iterator[str]:
    if Change("Modify", name, _type(former)).is_stateful:
        yield (
            f"{name} ({_type(former)}) changes: only CloudFormation knows whether it would be replaced, and its"
            " change set is checked before it is executed"
        )
    before, after = (one.get("Properties") or {} for one in (former, coming))
    for key in KEPT if _type(former) == FUNCTION else ():
        if before.get(key) != after.get(key):
            yield (
                f"{name}: {key} changes with the stack; published versions have the former one, so keep what"
                " that names until this release has proved itself"
            )


def _removed_route(route: str, *, called: bool) -> str:
    """The stack changes while the live release still serves all visitors."""
    calls = (
        "the live release calls it, as its checks show" if called else "make sure that the live site does not call it"
    )
    return (
        f"the route {route} is removed when the stack is staged, before any visitor gets this release: {calls}; a"
        " rollback restores it, but not the requests that have failed"
    )


def _type(resource: Mapping[str, Any]) -> str:
    return str(resource.get("Type", ""))


def _as_json(template: Template) -> dict[str, str]:
    return {name: json.dumps(one, sort_keys=True) for name, one in template.content["Resources"].items()}


def _read_anew(
    planning: Planning, template: Template, values: Mapping[str, str], former: Mapping[str, str]
) -> Mapping[str, str]:
    """What CloudFormation would read from SSM now; for the same parameters what it has read, if SSM has that still."""
    return {name: _in_ssm(planning, values[name], former.get(name, "")) for name in template.from_ssm}


def _in_ssm(planning: Planning, path: str, former: str) -> str:
    try:
        with calling("ssm:GetParameter", path):
            return planning.clients.parameters.get_parameter(Name=path)["Parameter"].get("Value", "")
    except NotFoundError:
        return ""
    except AwsError:  # This person may not read it; CloudFormation will.
        return former


def _differences(before: Mapping[str, str], after: Mapping[str, str], what: str = PARAMETER) -> Iterator[Difference]:
    """The differing parameters of the stack; values that CloudFormation hides count as equal."""
    names: Collection[str] = before.keys() | after.keys()
    for name in sorted(names):
        old, new = before.get(name), after.get(name)
        if old in {new, HIDDEN}:
            continue
        if looks_secret(name, old or "") or looks_secret(name, new or ""):
            yield Difference(f"{what}{name}", None if old is None else "", None if new is None else "", secret=True)
        else:
            yield Difference(f"{what}{name}", old, new)
