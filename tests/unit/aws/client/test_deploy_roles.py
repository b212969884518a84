"""The deploy role of an environment: which one it is, and what the controller says when it assumes it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from controller.aws.client.clients import Clients
from controller.aws.client.deploy_roles import LONGEST_KEY, DeployRoles, role_key
from controller.aws.client.sessions import session_policy
from controller.domain.environment import Environment
from controller.errors import TransientError
from tests.new_clients import new_clients
from tests.unit.aws.fake_lambda import refuse
from tests.unit.flow.scenes import an_environment

PATTERN = "arn:aws:iam::123456789012:role/selfright-deploy-*-eu-central-1"
FUNCTIONS = ("stage", "check", "traffic", "close", "on_alarm")


class FakeSts:
    """Lends keys for an hour, or raises `trouble`."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.asked: list[dict[str, Any]] = []

    def assume_role(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - AWS's
        """The keys."""
        self.asked.append(request)
        if self.trouble:
            raise self.trouble
        keys = {"AccessKeyId": request["RoleArn"], "SecretAccessKey": "s", "SessionToken": "t"}
        return {"Credentials": {**keys, "Expiration": datetime.now(UTC) + timedelta(hours=1)}}


def roles(sts: FakeSts, function: str = "traffic", pattern: str = PATTERN) -> DeployRoles:
    """The deploy roles as this function assumes them."""
    own = Clients()
    own.tokens = sts  # type: ignore[assignment]
    return DeployRoles(pattern, function, own)


def used(clients: Clients) -> str:
    """The key with which a request of these clients would be signed."""
    assert clients.credentials
    return str(clients.credentials.get_frozen_credentials().access_key)


def of(application: str, environment: str) -> Environment:
    """An environment with these names."""
    return an_environment(application=application, environment=environment)


def test_each_environment_has_its_own_role_and_says_so() -> None:
    """The external id ties the role to its environment; the session tells whose it is, and lasts an hour."""
    sts = FakeSts()
    assumed = roles(sts)
    assert used(assumed.of(of("shop", "prod"))).endswith(":role/selfright-deploy-shop.prod-eu-central-1")
    assert used(assumed.of(of("shop", "staging"))).endswith(":role/selfright-deploy-shop.staging-eu-central-1")
    assert [one["ExternalId"] for one in sts.asked] == ["shop/prod", "shop/staging"]
    assert {one["RoleSessionName"] for one in sts.asked} == {"selfright-traffic"}
    assert {one["DurationSeconds"] for one in sts.asked} == {3600}
    assert {one["Policy"] for one in sts.asked} == {session_policy("traffic")}


def test_a_role_is_assumed_when_it_is_first_used_and_once() -> None:
    """All clients of an environment share its credentials."""
    sts = FakeSts()
    assumed = roles(sts)
    clients = assumed.of(of("shop", "prod"))
    assert sts.asked == []
    assert used(clients) == used(assumed.of(of("shop", "prod")))
    assert len(sts.asked) == 1


def test_without_roles_the_processs_own_rights_are_used() -> None:
    """What a person runs has the person's."""
    assert roles(FakeSts(), pattern="").of(of("shop", "prod")).credentials is None


@pytest.mark.parametrize(
    "trouble",
    [refuse("AccessDenied", 403), refuse("InternalFailure", 500), ConnectTimeoutError(endpoint_url="https://sts")],
)
def test_every_failure_of_sts_is_transient(trouble: ClientError) -> None:
    """A new role is not known everywhere for a minute; the message says what to do if it lasts."""
    clients = roles(FakeSts(trouble)).of(of("shop", "prod"))
    with pytest.raises(
        TransientError, match=r"deploy role of shop/prod cannot be assumed.*deploy the application's st"
    ):
        used(clients)


def test_only_the_controllers_bucket_and_sts_are_reached_with_its_own_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    """No application's role may write what is the controller's."""
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with new_clients():
        clients = roles(FakeSts()).of(of("shop", "prod"))
        of_the_role = {clients.functions, clients.invoker, clients.objects, clients.parameters, clients.secrets}
        for one in of_the_role:
            assert one._request_signer._credentials is clients.credentials  # type: ignore[attr-defined]
        assert clients.artifacts is Clients().objects
        assert clients.objects is not clients.artifacts


def test_names_give_different_roles_and_fit() -> None:
    """Even where one name ends like the other begins, and where both have 31 characters."""
    long, other = "a" * 31, "a" * 30 + "b"
    keys = [role_key(*names) for names in (("a-b", "c"), ("a", "b-c"), (long, other), (other, long), (long, long))]
    assert len(set(keys)) == len(keys)
    assert all(len(f"selfright-deploy-{key}-ap-southeast-2") <= 64 for key in keys)
    assert max(map(len, keys)) == LONGEST_KEY


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_session_policy_fits(function: str) -> None:
    """AWS takes 2,048 characters."""
    policy = session_policy(function)
    assert len(policy) <= 2048
    statements = json.loads(policy)["Statement"]
    assert not [action for one in statements for action in one["Action"] if "*" in action]
