"""Provisioned concurrency: what is declared, and the permissions to set and delete it."""

from dataclasses import replace

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_lambda as lambda_

from bootstrap_cdk.app import new_app
from selfright.cdk import Component, FunctionComponent, ImageComponent
from selfright.cdk.names import Group

ARN = "arn:aws:lambda:eu-central-1:111122223333:function:shop-api"
EXPECTED = {
    Group.STAGE: {
        "lambda:GetProvisionedConcurrencyConfig": f"{ARN}:*",
        "lambda:PutProvisionedConcurrencyConfig": f"{ARN}:*",
        "lambda:DeleteProvisionedConcurrencyConfig": f"{ARN}:*",
    },
    Group.CLOSE: {
        "lambda:ListProvisionedConcurrencyConfigs": ARN,
        "lambda:DeleteProvisionedConcurrencyConfig": f"{ARN}:*",
    },
}


def components(instances: int | None) -> list[Component]:
    """One of each kind."""
    stack = Stack(new_app(), "Any")
    function = lambda_.Function.from_function_arn(stack, "Api", ARN)
    images = ecr.Repository(stack, "Images")
    return [
        FunctionComponent(function, provisioned_concurrency=instances),
        ImageComponent(function, images, provisioned_concurrency=instances),
    ]


def granted(component: Component, group: Group) -> dict[str, str]:
    """The actions on provisioned concurrency, each with its resource."""
    found = {}
    for statement in component.privileges().get(group, []):
        document = statement.to_json()
        actions = document["Action"] if isinstance(document["Action"], list) else [document["Action"]]
        found |= {action: document["Resource"] for action in actions if "Provisioned" in action}
    return found


@pytest.mark.parametrize("group", list(Group))
def test_stage_sets_and_close_deletes(group: Group) -> None:
    """On this function's versions alone; `stage` also deletes it, if AWS could not provide it."""
    assert all(granted(one, group) == EXPECTED.get(group, {}) for one in components(5))


def test_without_it_nothing_can_be_changed() -> None:
    """Nor is anything declared: then a person's setting stays. Only whether the alias has any is read."""
    read = {"lambda:GetProvisionedConcurrencyConfig": f"{ARN}:*"}
    for component in components(None):
        assert all(granted(component, group) == (read if group is Group.STAGE else {}) for group in Group)
        assert "provisioned_concurrency" not in component.declaration()


def test_the_number_is_declared() -> None:
    """Also zero, which removes what there was."""
    assert [one.declaration()["provisioned_concurrency"] for one in [*components(5), *components(0)]] == [5, 5, 0, 0]


def test_what_happens_to_versions_that_cannot_share_the_alias_is_declared() -> None:
    """Only where it is not refused, which is the default."""
    assert not [one for one in components(None) if "when_indivisible" in one.declaration()]
    changed = [replace(one, when_indivisible="at_once") for one in components(None)]  # type: ignore[type-var]
    assert [one.declaration()["when_indivisible"] for one in changed] == ["at_once", "at_once"]
