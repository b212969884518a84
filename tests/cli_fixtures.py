"""Fixtures of the tests that have an account with a controller in it."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.cli_world import LIVE, LIVE_ID, CliWorld, make_controller
from tests.new_clients import OwnClients, own_clients, using

VARIABLES = (
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_SESSION_TOKEN",
    "SELFRIGHT_LOCAL",
    "SELFRIGHT_PROGRAM",
    "FORCE_COLOR",
)

SETTINGS = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@pytest.fixture(scope="session")
def clients() -> OwnClients:
    """Clients that are made for these tests, and used by all of them and no others: making them is what takes time."""
    return own_clients()


@pytest.fixture
def account(clients: OwnClients, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS account in moto, and none of the person's own settings."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    with using(clients), mock_aws():
        yield


@pytest.fixture
def world(account: None) -> CliWorld:
    """An account with a controller, in which smartpack/prod is registered and 1.1.0 is live."""
    make_controller()
    world = CliWorld()
    world.register()
    world.write(LIVE)
    world.lock(live=LIVE_ID)
    return world
