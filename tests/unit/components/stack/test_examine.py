import pytest

from controller.aws.client.clients import Clients
from controller.errors import ChangedByOthersError
from tests.examining import examined
from tests.unit.aws.fake_cloudformation import FakeCloudFormation

TARGET = {"kind": "stack", "stack_name": "infra", "role_arn": "arn:aws:iam::123456789012:role/stack"}


def with_stack(stacks: FakeCloudFormation) -> Clients:
    """Clients of this CloudFormation."""
    clients = Clients()
    clients.stacks = stacks  # type: ignore[assignment]
    return clients


def test_a_stack_that_does_not_exist_is_made_by_the_first_release() -> None:
    """Which is well."""
    (found,) = examined(TARGET, with_stack(FakeCloudFormation()), "the stack infra")
    assert (found.severity, found.found) == ("ok", "it does not exist: the first release creates it")


def test_a_stack_that_cannot_be_updated_is_a_problem() -> None:
    """In the adapter's words, with its advice."""
    stacks = FakeCloudFormation()
    stacks.by_hand("infra", "Resources: {}", "UPDATE_ROLLBACK_FAILED")
    with pytest.raises(ChangedByOthersError, match="UPDATE_ROLLBACK_FAILED"):
        examined(TARGET, with_stack(stacks), "the stack infra")
    stacks.by_hand("infra", "Resources: {}")
    assert examined(TARGET, with_stack(stacks), "the stack infra")[0].found == "it can be updated"


def test_its_role_is_looked_for() -> None:
    """CloudFormation makes the changes with it."""
    found = examined(TARGET, with_stack(FakeCloudFormation()), "the role of the stack")
    assert [one.found for one in found] == ["there"]
