"""One client of a service for the whole process, configured by the standard environment."""

from datetime import UTC, datetime

import pytest

from controller.aws.client.clients import Clients, client, parse_time
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


@pytest.mark.parametrize(
    "said",
    ["2026-11-30T16:42:12.000Z", "2026-11-30T16:42:12Z", "Mon, 30 Nov 2026 16:42:12 GMT", "1796056932", 1796056932.0],
)
def test_a_time_is_the_same_however_an_answer_says_it(said: str | float) -> None:
    """The usual form is read quickly; botocore reads every other."""
    assert parse_time(said) == datetime(2026, 11, 30, 16, 42, 12, tzinfo=UTC)


@pytest.mark.parametrize("said", ["2026-11-30T16:42:99Z", "soon", "", "2026-13-30T00:00:00Z"])
def test_what_is_no_time_is_refused_as_botocore_refuses_it(said: str) -> None:
    """A wrong time is no other time."""
    with pytest.raises(ValueError, match="timestamp"):
        parse_time(said)
