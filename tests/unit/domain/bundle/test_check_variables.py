"""Variables in checks: a check's request and expectations can depend on the environment."""

from typing import Any

import pytest

from controller.domain.bundle.check_variables import checks_for
from controller.domain.bundle.manifest import Manifest
from controller.domain.checks.verification import read_check
from controller.errors import InvalidBundleError
from tests.unit.flow.scenes import an_environment

FUNCTION = {"kind": "function", "function_name": "f", "url": "https://api.example"}
ORIGIN = "https://partner.example"


def filled(*checks: dict[str, Any], ours: dict[str, str] | None = None, theirs: dict[str, str] | None = None) -> Any:  # noqa: ANN401
    """The checks with their values, from these variables in the bundle and in the environment."""
    environment = an_environment(components={"api": {**FUNCTION, "variables": theirs or {}}})
    manifest = Manifest.model_validate(
        {
            "application": "smartpack",
            "version": "1.0.0",
            "components": {"api": {"kind": "function", "artifact": "api.zip", "variables": ours or {}}},
            "verification": {"checks": [{"component": "api", "path": "/", **check} for check in checks]},
        }
    )
    return [read_check(text) for text in checks_for(manifest, environment)]


def test_a_variable_is_filled_in_wherever_there_is_text() -> None:
    """It is filled into the request and into the expectations."""
    check = {
        "path": "/from/${PLACE}",
        "headers": {"Origin": "${CORS_ORIGIN}"},
        "body": {"deep": [{"place": "in ${PLACE}, ${PLACE}"}]},
        "contains": "${PLACE}",
        "json": {"place": "${PLACE}"},
        "header": {"Access-Control-Allow-Origin": "${CORS_ORIGIN}"},
    }
    (found,) = filled({**check, "method": "POST"}, theirs={"CORS_ORIGIN": ORIGIN, "PLACE": "prod"})
    assert (found.path, found.contains, found.values) == ("/from/prod", "prod", {"place": "prod"})
    assert found.body == {"deep": [{"place": "in prod, prod"}]}
    assert (found.headers, found.header) == ({"origin": ORIGIN}, {"access-control-allow-origin": ORIGIN})


def test_the_environments_value_wins_over_the_bundles() -> None:
    """The function itself gets the same value."""
    assert filled({"contains": "${LEVEL}"}, ours={"LEVEL": "info"})[0].contains == "info"
    assert filled({"contains": "${LEVEL}"}, ours={"LEVEL": "info"}, theirs={"LEVEL": "debug"})[0].contains == "debug"


@pytest.mark.parametrize("value", ['say "hi"', "back\\slash", "two\nlines", "größer", "${OTHER}"])
def test_a_value_is_used_as_it_is(value: str) -> None:
    """Nothing in it is interpreted as JSON, or as another variable."""
    assert filled({"contains": "=${VALUE}="}, theirs={"VALUE": value})[0].contains == f"={value}="


def test_text_that_only_looks_like_a_variable_can_be_written() -> None:
    """A page may show that text, and a dollar alone means nothing."""
    assert filled({"contains": "$${PRICE} is $5 or ${ } or {A}"})[0].contains == "${PRICE} is $5 or ${ } or {A}"


def test_a_missing_variable_is_refused() -> None:
    """The message has the names that exist, and never a value."""
    with pytest.raises(InvalidBundleError) as caught:
        filled({"path": "/a"}, {"path": "/b", "contains": "${ORIGIN}"}, ours={"LEVEL": "info"}, theirs={"REGION": "x"})
    assert caught.value.reason == (
        "verification: GET /b of api: ${ORIGIN} is not a variable of api here (it has: LEVEL, REGION)."
    )
    assert "$${ORIGIN}" in caught.value.next_step


@pytest.mark.parametrize(
    ("check", "value"), [({"headers": {"X-A": "${VALUE}"}}, "two\nlines"), ({"path": "/${VALUE}"}, "a b")]
)
def test_an_invalid_value_is_refused(check: dict[str, Any], value: str) -> None:
    """A header of two lines would be two headers; the message does not have the value."""
    with pytest.raises(InvalidBundleError, match="with this environment's values, it must") as caught:
        filled(check, theirs={"VALUE": value})
    assert value not in caught.value.reason
