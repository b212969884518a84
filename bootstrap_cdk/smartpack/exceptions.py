"""Exceptions from the rules of cdk-nag, each with its reason, at the place where it is needed."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(construct: IConstruct, reason: str, *rules: str) -> None:
    """Accept findings of cdk-nag (`AwsSolutions-S1`) on this construct and what is inside it."""
    for rule in rules:
        Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


def accept_tracing(construct: IConstruct) -> None:
    """Accept the `*` of X-Ray, which has no resources to name."""
    accept(construct, "X-Ray's write actions exist only for all resources.", "AwsSolutions-IAM5[Resource::*]")
