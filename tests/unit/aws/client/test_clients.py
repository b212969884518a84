"""One client of a service for the whole process, configured by the standard environment."""

import pytest

from controller.aws.client.clients import Clients, client
from tests.new_clients import new_clients


def test_a_client_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a client costs more than a call, so it is kept; region and endpoint come from the environment."""
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with new_clients():
        assert client("sns") is client("sns")
        assert client("sns").meta.region_name == "eu-central-1"
        assert client("sns").meta.endpoint_url == "http://127.0.0.1:9"
        assert client("lambda") is not Clients().invoker
