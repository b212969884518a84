from typing import Any

import pytest
from pydantic import ValidationError

from controller.domain.checks.check import Answer, Check, check_answer, check_answer_with

HEALTH = Check(component="api", path="/health", contains='"ok"')


def test_a_correct_answer_passes() -> None:
    """Its status and contents are as expected."""
    result = check_answer(HEALTH, Answer(200, b'{"status": "ok"}'))
    assert (result.passed, result.check) == (True, "GET /health of api")


def test_a_wrong_status_fails_and_shows_the_answer() -> None:
    """Users who read the reason need to see the answer itself."""
    result = check_answer(HEALTH, Answer(502, b'{"message":\n "Internal server error"}'))
    assert not result.passed
    assert result.detail == 'expected status 200, got 502: {"message": "Internal server error"}'


def test_a_wrong_content_fails() -> None:
    """A page with status 200 can still be the wrong one."""
    result = check_answer(HEALTH, Answer(200, b""))
    assert (result.passed, result.detail) == (False, "the answer does not contain '\"ok\"': (empty answer)")


def test_an_answer_of_any_bytes_is_shown_short_and_printable() -> None:
    """A binary or endless answer must not fill the ledger."""
    detail = check_answer(HEALTH, Answer(500, bytes(range(256)) * 100)).detail
    assert detail.isprintable()
    assert len(detail) < 200


def test_text_beyond_ascii_is_found() -> None:
    """Checks compare UTF-8."""
    assert check_answer(Check(component="api", path="/", contains="Tromsø"), Answer(200, "in Tromsø".encode())).passed


def test_a_body_is_sent_as_json_or_text() -> None:
    """An object becomes JSON, a text stays text."""
    assert Check(component="api", path="/", body={"days": 3}).encoded_body() == b'{"days": 3}'
    assert Check(component="api", path="/", body="days=3").encoded_body() == b"days=3"
    assert HEALTH.encoded_body() is None


@pytest.mark.parametrize("path", ["health", "", "https://example.com/", "/a b", "/a\r\nX-Injected: 1"])
def test_an_invalid_path_is_refused(path: str) -> None:
    """A path begins at the component's root, and is one line."""
    with pytest.raises(ValidationError, match="must begin with '/'"):
        Check(component="api", path=path)


@pytest.mark.parametrize("body", [[1], 3, {"x": float("nan")}, {"x": b"bytes"}])
def test_a_body_that_cannot_be_sent_is_refused(body: object) -> None:
    """A body must be text or a JSON object."""
    with pytest.raises(ValidationError, match="JSON"):
        Check.model_validate({"component": "api", "path": "/", "body": body})


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "other.example"},
        {"content-length": "1"},
        {"a b": "x"},
        {"x": "a\r\nx-injected: 1"},
        {"x": "\u00fc"},
        {"x": [1]},
        {"x": None},
        ["x"],
        {f"x-{n}": "1" for n in range(31)},
    ],
)
def test_a_header_that_cannot_be_sent_is_refused(headers: object) -> None:
    """A check cannot choose its host either."""
    with pytest.raises(ValidationError):
        Check.model_validate({"component": "api", "path": "/", "headers": headers})


def test_headers_are_sent_as_text() -> None:
    """YAML's numbers and booleans become text again; a check's own content type wins."""
    written = {"component": "api", "path": "/", "body": {"a": 1}, "headers": {"X-Try": 1, "Dnt": True}}
    assert Check.model_validate(written).sent_headers() == {
        "content-type": "application/json",
        "x-try": "1",
        "dnt": "true",
    }
    typed = Check(component="api", path="/", body="<a/>", headers={"Content-Type": "text/xml"})
    assert typed.sent_headers() == {"content-type": "text/xml"}


def test_requests_with_different_headers_are_different() -> None:
    """A preflight from another origin is another request."""
    one, two = (Check(component="api", path="/", headers={"origin": origin}) for origin in ("https://a", "https://b"))
    assert one.request != two.request


CORS = Answer(
    204, b"", {"access-control-allow-origin": "https://app.example", "access-control-allow-credentials": "true"}
)
HEADERS: dict[str, tuple[dict[str, object], str]] = {
    "equal": ({"Access-Control-Allow-Origin": "https://app.example"}, ""),
    "a boolean": ({"access-control-allow-credentials": True}, ""),
    "present": ({"access-control-allow-origin": "present"}, ""),
    "absent": ({"x-powered-by": "absent"}, ""),
    "another value": (
        {"access-control-allow-origin": "*"},
        "the header access-control-allow-origin is https://app.example, expected *",
    ),
    "missing": ({"x-request-id": "present"}, "the header x-request-id is missing"),
    "missing value": ({"x-request-id": "7"}, "the header x-request-id is missing"),
    "there": (
        {"access-control-allow-origin": "absent"},
        "the header access-control-allow-origin must be absent, and is https://app.example",
    ),
}


@pytest.mark.parametrize(("header", "wrong"), HEADERS.values(), ids=HEADERS)
def test_headers_are_compared(header: dict[str, object], wrong: str) -> None:
    """The check compares the value, or only whether the header exists."""
    check = Check.model_validate({"component": "api", "path": "/", "status": 204, "header": header})
    assert check_answer(check, CORS).detail == (wrong or "status 204, as expected")


def asked(**expected: Any) -> Check:  # noqa: ANN401 - as in release.yaml
    """A check of the API."""
    return Check.model_validate({"component": "api", "path": "/", **expected})


def test_a_json_value_is_compared() -> None:
    """An expression selects it; the detail shows another value."""
    check = asked(json={"items[0].name": "Towel", "length(items)": 2})
    good, bad = b'{"items": [{"name": "Towel"}, {}]}', b'{"items": []}'
    assert check_answer(check, Answer(200, good)).passed
    assert check_answer(check, Answer(200, bad)).detail == 'items[0].name is null, expected "Towel": {"items": []}'


@pytest.mark.parametrize(("milliseconds", "passed"), [(500.0, True), (501.0, False), (None, True)])
def test_a_slow_answer_fails(milliseconds: float | None, passed: bool) -> None:
    """This holds where the time is known: objects of a staged site have none."""
    result = check_answer(asked(max_latency_ms=500), Answer(200, b"", {}, milliseconds))
    assert result.passed is passed
    assert passed or result.detail == "the answer took 501 ms, more than 500 ms"


def test_an_answer_that_another_release_expects_passes_too() -> None:
    """Here the releases expect different JSON."""
    new, old = asked(json={"v": 2}), asked(json={"v": 1})
    assert check_answer_with(new, [old], Answer(200, b'{"v": 1}')).passed
    assert check_answer_with(new, [old], Answer(200, b'{"v": 3}')).detail.startswith("v is 3, expected 2")
