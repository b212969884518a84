import pytest
from pydantic import ValidationError

from controller.domain.checks import Check, evaluate

HEALTH = Check(component="api", path="/health", contains='"ok"')


def test_a_right_answer_passes() -> None:
    """Status and contents are as expected."""
    result = evaluate(HEALTH, 200, b'{"status": "ok"}')
    assert (result.passed, result.check) == (True, "GET /health of api")


def test_a_wrong_status_fails_and_shows_the_answer() -> None:
    """Whoever reads the reason wants to see what came instead."""
    result = evaluate(HEALTH, 502, b'{"message":\n "Internal server error"}')
    assert not result.passed
    assert result.detail == 'expected status 200, got 502: {"message": "Internal server error"}'


def test_a_wrong_content_fails() -> None:
    """A page with status 200 can still be the wrong one."""
    result = evaluate(HEALTH, 200, b"")
    assert (result.passed, result.detail) == (False, "the answer does not contain '\"ok\"': (empty answer)")


def test_an_answer_of_any_bytes_is_shown_short_and_printable() -> None:
    """A binary or endless answer does not spoil the ledger."""
    detail = evaluate(HEALTH, 500, bytes(range(256)) * 100).detail
    assert detail.isprintable()
    assert len(detail) < 200


def test_text_beyond_ascii_is_found() -> None:
    """Checks compare UTF-8."""
    assert evaluate(Check(component="api", path="/", contains="Tromsø"), 200, "in Tromsø".encode()).passed


def test_a_body_is_sent_as_json_or_text() -> None:
    """An object becomes JSON, a text stays."""
    assert Check(component="api", path="/", body={"days": 3}).encoded_body() == b'{"days": 3}'
    assert Check(component="api", path="/", body="days=3").encoded_body() == b"days=3"
    assert HEALTH.encoded_body() is None


@pytest.mark.parametrize("path", ["health", "", "https://example.com/", "/a b", "/a\r\nX-Injected: 1"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    """A path begins at the component's own root, and stays one line."""
    with pytest.raises(ValidationError, match="must begin with '/'"):
        Check(component="api", path=path)


@pytest.mark.parametrize("body", [[1], 3, {"x": float("nan")}, {"x": b"bytes"}])
def test_a_body_that_cannot_be_sent_is_refused(body: object) -> None:
    """Only what JSON can say."""
    with pytest.raises(ValidationError, match="JSON"):
        Check.model_validate({"component": "api", "path": "/", "body": body})
