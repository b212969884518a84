"""What a change of a stack would do to the data in it: the policy, without AWS.

A change set says for every resource what would happen to it. A resource that holds data, or an identity that others
rely on, may be replaced or deleted only if the environment allows it by the resource's name; so may every resource of
which this is not known. An effect that AWS cannot predict counts as the worst one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from controller.domain.components.stack.stateless import STATELESS

EVERYTHING = "*"
OPAQUE = frozenset(
    {
        "AWS::CloudFormation::Stack",
        "AWS::CloudFormation::StackSet",
        "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
    }
)
"""Types that hide what is inside them: any change of such a resource can do anything."""
KEEPING = ("Retain", "Snapshot")
"""The deletion policies with which a template's author protects data from the deletion of its resource."""

Effect = Literal["deleted", "replaced", "unknown", ""]


@dataclass(frozen=True)
class Change:
    """What a change set says about one resource.

    `action`: Add, Modify, Remove, Import or Dynamic; `replacement`: True, Conditional, False or "" (not stated);
    `properties`: those that cause it; `policy`: what happens to a removed resource (Delete, ReplaceAndRetain, …).
    """

    action: str
    logical_id: str
    type: str
    replacement: str = ""
    properties: tuple[str, ...] = ()
    policy: str = ""

    @property
    def effect(self) -> Effect:
        """What happens to the existing resource; "" when it stays."""
        if self.action == "Remove":
            return "" if self.policy == "Retain" else "deleted"
        if self.action in {"Add", "Import"}:
            return ""
        if self.action == "Modify" and self.type not in OPAQUE:
            return {"True": "replaced", "Conditional": "unknown"}.get(self.replacement, "")  # type: ignore[return-value]
        return "unknown"

    @property
    def is_stateful(self) -> bool:
        """Whether it is protected: unless its type holds nothing, and if the template's author wants to keep it."""
        return self.type not in STATELESS or self.policy.removeprefix("ReplaceAnd") in KEEPING


@dataclass(frozen=True)
class Allowed:
    """The logical ids of the resources that an environment lets releases replace and delete; `*` is all of them."""

    replacement: Collection[str] = ()
    deletion: Collection[str] = ()

    def covers(self, change: Change) -> bool:
        """Whether the environment allows this effect on the resource."""
        needed = {"deleted": (self.deletion,), "replaced": (self.replacement,)}
        lists = needed.get(change.effect, (self.replacement, self.deletion))
        return all(change.logical_id in names or EVERYTHING in names for names in lists)


def read_change(document: Mapping[str, Any]) -> Change:
    """A `ResourceChange` of DescribeChangeSet."""
    targets = [detail.get("Target", {}) for detail in document.get("Details", [])]
    names = {str(target["Name"]): target.get("RequiresRecreation") for target in targets if target.get("Name")}
    causes = [name for name, recreation in names.items() if recreation != "Never"] or list(names)
    return Change(
        action=str(document.get("Action", "Dynamic")),
        logical_id=str(document.get("LogicalResourceId", "")),
        type=str(document.get("ResourceType", "")),
        replacement=str(document.get("Replacement", "")),
        properties=tuple(sorted(causes)),
        policy=str(document.get("PolicyAction", "")),
    )


def dangers(changes: Iterable[Change], allowed: Allowed) -> list[Change]:
    """The changes that are refused, sorted by logical id."""
    found = [change for change in changes if change.effect and change.is_stateful and not allowed.covers(change)]
    return sorted(found, key=lambda change: change.logical_id)


def describe(change: Change) -> str:
    """A refused change in words: the resource, what would happen to it, and which properties cause it."""
    because = f" because of {', '.join(change.properties)}" if change.properties else ""
    would = {
        "deleted": "would be deleted",
        "replaced": f"would be replaced{because}",
        "unknown": f"might be replaced or deleted{because} (AWS cannot tell beforehand)",
    }
    return f"{change.logical_id} ({change.type}) {would.get(change.effect, 'would stay')}"


def advice(changes: Iterable[Change]) -> str:
    """What the environment must say to allow these changes."""
    changes = list(changes)
    lists = {
        "allow_deletion": [one.logical_id for one in changes if one.effect in {"deleted", "unknown"}],
        "allow_replacement": [one.logical_id for one in changes if one.effect in {"replaced", "unknown"}],
    }
    wanted = " and ".join(f"`{key}: [{', '.join(names)}]`" for key, names in lists.items() if names)
    return f"If that is what you want, set {wanted} in the environment"


def retyped(stack_name: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Why CloudFormation makes no change set at all: a resource would get another type; "" when none would.

    Both are logical id → type.
    """
    found = [name for name in sorted(before.keys() & after.keys()) if before[name] != after[name]]
    if not found:
        return ""
    said = "; ".join(f"{name} is {before[name]}, and would become {after[name]}" for name in found)
    advice = "CloudFormation gives no resource another type: give the new one another name in the template"
    return f"Refused to change the stack {stack_name}: {said}. {advice}."


def refusal(stack_name: str, changes: Iterable[Change]) -> str:
    """Why a release with these changes is refused, and what the environment must say to allow them."""
    changes = list(changes)
    return f"Refused to change the stack {stack_name}: {'; '.join(map(describe, changes))}. {advice(changes)}."
