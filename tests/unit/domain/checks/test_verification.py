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


def test_the_ledger_keeps_every_kind_of_check() -> None:
    """It keeps them as JSON text, the load check last."""
    everything = Verification.model_validate({"checks": CHECKS, "load": LOAD}).everything
    assert [type(check) for check in everything] == [Check, SiteCheck, Check, LoadCheck]
    assert [read_check(check.model_dump_json()) for check in everything] == everything


def test_a_check_without_kind_in_the_ledger_is_an_http_check() -> None:
    """Older releases had no other kind."""
    assert read_check('{"component":"api","path":"/health"}') == Check(component="api", path="/health")


@pytest.mark.parametrize(
    ("only", "places"), [(None, (True, True)), ("staged", (True, False)), ("outside", (False, True))]
)
def test_a_check_can_run_in_one_place_only(only: str | None, places: tuple[bool, bool]) -> None:
    """A preflight that API Gateway answers cannot be sent to the function itself."""
    check = read_check(Check.model_validate({**CHECKS[0], "only": only}).model_dump_json())
    assert isinstance(check, Check)
    assert (check.before_traffic, check.from_outside) == places
