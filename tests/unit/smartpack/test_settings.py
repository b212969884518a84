"""The API's settings, against moto's SSM as the controller writes it."""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from app_artifacts.smartpack.build import HERE
from app_artifacts.smartpack.serve import event, load_handler
from controller.domain.components.parameters.values import parse_parameters

PREFIX = "/smartpack/prod/settings"


@pytest.fixture
def settings() -> ModuleType:
    """The module, fresh."""
    spec = importlib.util.spec_from_file_location("smartpack_settings", HERE / "api" / "settings.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """SSM, and a function that is told where its settings are."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("SETTINGS_PREFIX", PREFIX)
    with mock_aws():
        yield boto3.client("ssm")


def release(ssm: Any, revision: str, values: Mapping[str, str]) -> None:  # noqa: ANN401 - boto3's client
    """Write a revision, and point to it."""
    for name, value in values.items():
        ssm.put_parameter(Name=f"{PREFIX}/revisions/{revision}/{name}", Value=value, Type="String")
    ssm.put_parameter(Name=f"{PREFIX}/current", Value=revision, Type="String", Overwrite=True)


def test_what_the_release_brings_are_the_defaults(settings: ModuleType) -> None:
    """`settings.yaml` has every setting, so a first release changes nothing for those who are on the former code."""
    released = parse_parameters((HERE / "settings.yaml").read_bytes(), "settings.yaml").values
    assert settings.Settings.from_parameters(released) == settings.Settings()
    assert len(released) == len(settings.Settings.__dataclass_fields__)


def test_the_live_revision_is_read_whole(settings: ModuleType, ssm: Any) -> None:  # noqa: ANN401 - boto3's client
    """Those of the pointer's revision; names of a newer release are ignored."""
    release(ssm, "a1", {"MAX_DAYS": "21", "WASH_AFTER_DAYS": "3", "NEWER": "x"})
    release(ssm, "b2", {"MAX_DAYS": "14"})
    assert settings.Settings.from_parameters(settings.read_parameters()) == settings.Settings(max_days=14)


@pytest.mark.parametrize("current", [None, "none"])
def test_without_a_release_the_defaults_hold(settings: ModuleType, ssm: Any, current: str | None) -> None:  # noqa: ANN401
    """Before the first release, and after it was rolled back."""
    if current:
        ssm.put_parameter(Name=f"{PREFIX}/current", Value=current, Type="String")
    assert settings.read_parameters() == {}


def test_without_a_prefix_nothing_is_read(settings: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a developer's machine there is no AWS."""
    monkeypatch.delenv("SETTINGS_PREFIX", raising=False)
    assert settings.read_parameters() == {}


def test_they_are_read_again_after_a_minute(settings: ModuleType) -> None:
    """A busy function asks once a minute, and sees a rollback by then."""
    now, answers = [0.0], iter([{"MAX_DAYS": "7"}, {"MAX_DAYS": "9"}])
    remembered = settings.Remembered(lambda: next(answers), clock=lambda: now[0])
    assert [remembered().max_days, remembered().max_days] == [7, 7]
    now[0] = 60
    assert remembered().max_days == 9


@pytest.mark.parametrize("bad", [{"MAX_DAYS": "many"}, {"WASH_AFTER_DAYS": "0"}, None])
def test_what_cannot_be_read_changes_nothing(
    settings: ModuleType, bad: dict[str, str] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last good ones apply; the log has one line a minute, without a value."""
    now, answers = [0.0], iter([{"MAX_DAYS": "7"}, bad])

    def read() -> Mapping[str, str]:
        values = next(answers)
        if values is None:
            raise TimeoutError("connect")
        return values

    remembered = settings.Remembered(read, clock=lambda: now[0])
    assert remembered().max_days == 7
    now[0] = 61
    assert [remembered().max_days, remembered().max_days] == [7, 7]
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["message"] == "settings could not be read"
    assert "many" not in line


def test_the_api_goes_by_them(ssm: Any) -> None:  # noqa: ANN401 - boto3's client
    """The longest trip, and the clothes for a trip with laundry."""
    release(ssm, "a1", {"MAX_DAYS": "10", "WASH_AFTER_DAYS": "2"})
    handler = load_handler(HERE / "api")
    trip = {"destination": "Oslo", "weather": {"kind": "snow", "low": -9, "high": 0}, "laundry": True}
    answers = [handler(event("POST", "/generate", json.dumps({**trip, "days": days})), None) for days in (11, 10)]
    assert [answer["statusCode"] for answer in answers] == [400, 200]
    assert "1 to 10" in answers[0]["body"]
    assert "Clothes for 2 days" in answers[1]["body"]


@pytest.mark.parametrize(("level", "lines"), [("INFO", 2), ("WARNING", 1), ("nonsense", 1)])
def test_the_log_level_says_which_requests_are_logged(
    level: str, lines: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was refused is always logged."""
    monkeypatch.setenv("LOG_LEVEL", level)
    handler = load_handler(HERE / "api")
    handler(event("GET", "/health"), None)
    handler(event("GET", "/nowhere"), None)
    assert len(capsys.readouterr().out.splitlines()) == lines
