import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app_artifacts.smartpack.serve import Handler, event

TRIP = {"destination": "Lisbon", "days": 3, "weather": {"kind": "rain", "low": 9, "high": 16}}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
nearly_a_trip = st.fixed_dictionaries(
    {},
    optional={
        "destination": st.text() | anything,
        "days": st.integers(-1, 70) | anything,
        "start": st.dates().map(str) | anything,
        "end": st.dates().map(str) | anything,
        "activities": st.lists(st.sampled_from(["city", "hiking", "juggling"])) | anything,
        "weather": st.fixed_dictionaries(
            {},
            optional={
                "kind": st.sampled_from(["sunny", "snow", "frogs"]) | anything,
                "low": st.integers(-70, 70) | st.floats(),
                "high": st.integers(-70, 70) | anything,
            },
        )
        | anything,
        "laundry": st.booleans() | anything,
    },
)


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
@example(body={**TRIP, "activities": [["city"]]})
@example(body={**TRIP, "days": True})
@example(body={**TRIP, "weather": {"kind": {}, "low": float("nan"), "high": 10**400}})
@given(body=anything | nearly_a_trip)
def test_any_json_is_answered(handlers: dict[str, Handler], version: str, body: object) -> None:
    """Whatever JSON comes gets a list or a 400 that names the fields, never an exception."""
    answer = handlers[version](event("POST", "/generate", json.dumps(body)), None)
    assert answer["statusCode"] in {200, 400}
    for problem in json.loads(answer["body"]).get("problems", []):
        assert set(problem) == {"field", "problem", "expected"}


@given(body=st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_answered(api: Handler, body: str) -> None:
    """A body that is no JSON at all is a 400, base64 or not."""
    for is_base64 in (False, True):
        answer = api({**event("POST", "/generate", body), "isBase64Encoded": is_base64}, None)
        assert answer["statusCode"] == 400


def test_health(api: Handler) -> None:
    """The health check says ok and which release it is, in the body and in a header."""
    answer = api(event("GET", "/health"), None)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"status": "ok", "version": "1.1.0"}
    assert answer["headers"]["x-smartpack-version"] == "1.1.0"
    assert answer["headers"]["content-type"].startswith("application/json")


def test_an_unknown_address_is_404(api: Handler) -> None:
    """An address that does not exist is a 404 that names those that do."""
    answer = api(event("GET", "/nothing"), None)
    assert answer["statusCode"] == 404
    assert "/generate" in answer["body"]


@pytest.mark.parametrize(("method", "path", "allowed"), [("GET", "/generate", "POST"), ("POST", "/health", "GET")])
def test_a_wrong_method_is_405(api: Handler, method: str, path: str, allowed: str) -> None:
    """A known address with another method is a 405 that says which one it takes."""
    answer = api(event(method, path), None)
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, allowed)


@pytest.mark.parametrize("body", [None, "", "trip", "{", "[" * 10_000, '"\ud800'])
def test_what_is_no_json_is_400(api: Handler, body: str | None) -> None:
    """A missing, broken or absurdly nested body is a 400 that says what was expected."""
    answer = api(event("POST", "/generate", body), None)
    assert answer["statusCode"] == 400
    assert "not JSON" in answer["body"]


def test_base64_bodies_are_read(api: Handler) -> None:
    """The HTTP API may send a body as base64."""
    body = base64.b64encode(json.dumps(TRIP).encode()).decode()
    answer = api({**event("POST", "/generate", body), "isBase64Encoded": True}, None)
    assert answer["statusCode"] == 200


def test_a_large_body_is_413(api: Handler) -> None:
    """A body above the bound is refused before it is parsed."""
    answer = api(event("POST", "/generate", json.dumps({**TRIP, "more": "x" * 20_000})), None)
    assert answer["statusCode"] == 413
    assert "16384" in answer["body"]


def test_a_request_is_logged_as_one_line_of_json_without_its_payload(
    api: Handler, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log says what was asked for and how it went, and nothing of what the visitor wrote."""
    api(event("POST", "/generate", json.dumps(TRIP)), None)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["path"] == "/generate"
    assert json.loads(line)["status"] == 200
    assert "Lisbon" not in line
