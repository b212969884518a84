"""The protocol of all kinds of components.

Each kind is one class: `declaration` is its part of the environment's JSON, and `privileges` are the statements of the
environment's deploy role, by the controller's function that needs them. No other code depends on a kind.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from selfright.cdk.names import Group, artifacts_arn

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


def read_staged(keys: str) -> iam.PolicyStatement:
    """Make a statement for reading these keys of the controller's bucket, and of no other account's.

    Lambda and CloudFormation load from there what the controller has put there, with the rights of who tells them to.
    """
    ours = {"StringEquals": {"aws:ResourceAccount": Aws.ACCOUNT_ID}}
    return iam.PolicyStatement(actions=["s3:GetObject"], resources=[artifacts_arn(keys)], conditions=ours)


def use_key(key_arn: str, service: str, *actions: str) -> iam.PolicyStatement:
    """Make a statement for using a KMS key through one service: `use_key(arn, "s3", "Decrypt")`."""
    via = {"StringEquals": {"kms:ViaService": f"{service}.{Aws.REGION}.amazonaws.com"}}
    return iam.PolicyStatement(actions=[f"kms:{one}" for one in actions], resources=[key_arn], conditions=via)
