"""Exceptions from the rules of cdk-nag, each with its reason, at the place where it is needed."""

from collections.abc import Iterable
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def accept(construct: IConstruct, reason: str, *rules: str) -> None:
    """Accept findings of cdk-nag on this construct and what is inside it.

    `rules` are ids such as `AwsSolutions-S1`; a rule with several findings needs them one by one:
    `AwsSolutions-IAM5[Resource::*]`.
    """
    for rule in rules:
        Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


def accept_wildcards(construct: IConstruct, reason: str, resources: Iterable[str]) -> None:
    """Accept the resources with a `*` in them, exactly as they are written."""
    stack = Stack.of(construct)
    findings = {_as_nag_writes(stack.resolve(resource)) for resource in resources}
    accept(construct, reason, *(f"AwsSolutions-IAM5[Resource::{name}]" for name in sorted(findings) if "*" in name))


def _as_nag_writes(value: Any) -> str:  # noqa: ANN401 # a piece of a template
    """A resolved value in the one-line form of cdk-nag's findings: `<Bucket.Arn>/*`."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_as_nag_writes(part) for part in parts)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case _:
            return str(value)
