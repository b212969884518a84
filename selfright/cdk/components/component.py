"""What every kind of component is, and how it says what it needs.

Each kind is one class: `declaration` is its part of the environment's JSON, `privileges` says which of the
controller's functions gets which statements. Nothing else knows a kind.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aws_cdk import aws_iam as iam

from selfright.cdk.names import Group

Privileges = Mapping[Group, Sequence[iam.PolicyStatement]]


class Component(Protocol):
    """One deployable part of an application."""

    def declaration(self) -> dict[str, Any]:
        """Its entry in the environment's JSON."""

    def privileges(self) -> Privileges:
        """What each group of the controller's functions may do with it."""


def allow(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    """A statement that allows these actions on these resources."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))
