"""The protocol of all kinds of components.

Each kind is one class: `declaration` is its part of the environment's JSON, and `privileges` are the statements for
the controller's functions. No other code depends on a kind.
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
        """The statements for each group of the controller's functions."""


def allow(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    """Make a statement that allows these actions on these resources."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))
