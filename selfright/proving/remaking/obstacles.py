"""What forbids that the controller is made anew here: another application, and what would be lost or is missing."""

from collections.abc import Callable, Iterator
from typing import Any

from controller.aws.client.calls import calling
from selfright.account.account import Account
from selfright.errors import AdviceError
from selfright.proving.names import KEY
from selfright.proving.remaking.blueprint import Blueprint
from selfright.proving.remaking.stored_code import check_stored
from selfright.proving.stacks import AccountStack

STAY = {"AWS::S3::Bucket": "bucket", "AWS::DynamoDB::Table": "ledger"}
"""What must stay when the stack is deleted."""
KEEPS = frozenset({"Retain", "RetainExceptOnCreate"})
ATTACHED = {"PolicyUsers": "UserName", "PolicyGroups": "GroupName", "PolicyRoles": "RoleName"}


def check_alone(account: Account) -> None:
    """Raise `AdviceError` if an environment other than the sandbox is registered."""
    if others := [key for key in account.environments() if key != KEY]:
        message = f"The controller serves {', '.join(others)}; it is made anew only where nobody else needs it."
        raise AdviceError(message, "Leave this fact out here, or measure it in an account for trials.")


def check_stack(blueprint: Blueprint, stack: AccountStack, client: Callable[[str], Any]) -> None:
    """Raise `AdviceError` if something would be lost with the stack, or if it could not be deleted or created."""
    for kind, name in STAY.items():
        policies = {one.get("DeletionPolicy") for one in blueprint.resources(kind).values()}
        if not policies or policies - KEEPS:
            message = f"The controller's {name} would not stay when its stack is deleted (DeletionPolicy of {kind})."
            raise AdviceError(message, "Deploy the controller without protected=false, or leave this fact out.")
    if holders := list(_holders(stack, client("iam"))):
        message = f"IAM deletes no policy that somebody has: {'; '.join(holders)}."
        raise AdviceError(message, "Detach it, and attach it again afterwards.")
    if found := stack.find():  # that it went meanwhile is noticed when it is read again
        check_stored(blueprint, found["StackId"], client("s3"))


def _holders(stack: AccountStack, iam: Any) -> Iterator[str]:  # noqa: ANN401 - boto3's client
    """Who has the stack's own managed policies, in words."""
    with calling("cloudformation:ListStackResources", stack.name):
        pages = stack.calls.get_paginator("list_stack_resources").paginate(StackName=stack.name)
        found = [one for page in pages for one in page["StackResourceSummaries"]]
    for arn in [one["PhysicalResourceId"] for one in found if one["ResourceType"] == "AWS::IAM::ManagedPolicy"]:
        with calling("iam:ListEntitiesForPolicy", arn):
            answer = iam.list_entities_for_policy(PolicyArn=arn)
        if names := [one[name] for kind, name in ATTACHED.items() for one in answer.get(kind, [])]:
            yield f"{arn.rpartition('/')[2]} is attached to {', '.join(names)}"
