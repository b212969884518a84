"""The controller is made anew only where nobody else needs it, and where nothing is lost with it."""

from collections.abc import Sequence

import pytest

from selfright.account.account import Account
from selfright.errors import AdviceError
from selfright.proving.names import KEY
from selfright.proving.remaking.blueprint import read
from selfright.proving.remaking.obstacles import check_alone, check_stack
from tests.unit.proving.remaking.controlled_account import ASSETS, CODE, TEMPLATE, ControlledAccount


class Registered(Account):
    """An account with these environments."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def environments(self) -> list[str]:
        """Their keys."""
        return list(self.keys)


def check(account: ControlledAccount) -> None:
    """Look for obstacles of the stack."""
    check_stack(read(account.controller), account.controller, account.client)


@pytest.mark.parametrize("keys", [(KEY,), ()])
def test_with_the_sandbox_alone_nothing_forbids_it(keys: Sequence[str]) -> None:
    """Nor without any environment."""
    check_alone(Registered(*keys))
    check(ControlledAccount())


def test_another_environment_forbids_it() -> None:
    """Its name is said."""
    with pytest.raises(AdviceError, match="shop/prod") as caught:
        check_alone(Registered("shop/prod", KEY))
    assert caught.value.next_step


@pytest.mark.parametrize("kind", ["AWS::S3::Bucket", "AWS::DynamoDB::Table"])
@pytest.mark.parametrize("policy", ["Delete", None])
def test_a_ledger_or_bucket_that_would_go_forbids_it(kind: str, policy: str | None) -> None:
    """Whether the template says so, or says nothing."""
    declared = {
        name: {**one, "DeletionPolicy": policy} if one["Type"] == kind else one
        for name, one in TEMPLATE["Resources"].items()
    }
    with pytest.raises(AdviceError, match=kind):
        check(ControlledAccount(template={"Resources": declared}))


def test_a_policy_that_somebody_has_forbids_it() -> None:
    """IAM would not delete it, and the stack would be half gone."""
    with pytest.raises(AdviceError, match="SelfrightReleaser-eu-west-1 is attached to mia, ada"):
        check(ControlledAccount(holders=["mia", "ada"]))


def test_code_that_is_gone_forbids_it() -> None:
    """DeleteStack would succeed, and then nothing could create the controller again."""
    with pytest.raises(AdviceError, match=f"s3://{ASSETS}/{CODE}"):
        check(ControlledAccount(assets=set()))
