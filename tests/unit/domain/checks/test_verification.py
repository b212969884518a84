import pytest

from controller.domain.checks.check import Check
from controller.domain.checks.load_check import LoadCheck
from controller.domain.checks.site_check import SiteCheck
from controller.domain.checks.verification import Verification, read_check

CHECKS = [
    {"component": "api", "path": "/", "json": {"a": None}, "headers": {"Origin": "https://x"}, "header": {"vary": 1}},
    {"component": "web", "kind": "site", "path": "/trips"},
    {"component": "api", "kind": "http", "path": "/", "only": "outside", "body": {"a": [1.5, None]}},
]
LOAD = {"component": "api", "path": "/health", "p95_ms": 500}


def test_every_kind_comes_out_of_the_ledger_as_it_went_in() -> None:
    """As JSON text; the load is the last of all."""
    everything = Verification.model_validate({"checks": CHECKS, "load": LOAD}).everything
    assert [type(check) for check in everything] == [Check, SiteCheck, Check, LoadCheck]
    assert [read_check(check.model_dump_json()) for check in everything] == everything


def test_what_older_releases_left_in_the_ledger_is_an_http_check() -> None:
    """They knew no other kind."""
    assert read_check('{"component":"api","path":"/health"}') == Check(component="api", path="/health")


@pytest.mark.parametrize(
    ("only", "places"), [(None, (True, True)), ("staged", (True, False)), ("outside", (False, True))]
)
def test_a_check_can_be_made_in_one_place_only(only: str | None, places: tuple[bool, bool]) -> None:
    """A preflight that API Gateway answers is nothing for the function itself."""
    check = read_check(Check.model_validate({**CHECKS[0], "only": only}).model_dump_json())
    assert isinstance(check, Check)
    assert (check.before_traffic, check.from_outside) == places
