"""The three releases, built once, and the handlers of their APIs, which need no build."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app_artifacts.smartpack.build import build, built, versions
from app_artifacts.smartpack.serve import Handler, event, load_handler

Generate = Callable[[object], tuple[int, dict[str, Any]]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs Vite: whoever asks for the built releases."""
    for item in items:
        if isinstance(item, pytest.Function) and "releases" in item.fixturenames:
            item.add_marker(pytest.mark.vite)


@pytest.fixture(scope="session")
def releases() -> dict[str, Path]:
    """Release folders by version, with their pages built: by Vite, unless nothing has changed since the last time."""
    return {version: built(version) for version in versions()}


@pytest.fixture(scope="session")
def handlers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Handler]:
    """The API's handler of every release."""
    folder = tmp_path_factory.mktemp("releases")
    return {version: load_handler(build(version, folder / version) / "api") for version in versions()}


@pytest.fixture(scope="session")
def api(handlers: dict[str, Handler]) -> Handler:
    """The head's handler."""
    return handlers["1.1.0"]


@pytest.fixture(scope="session")
def generate(api: Handler) -> Generate:
    """Ask the head for a list; gives the status and the decoded answer."""

    def ask(body: object) -> tuple[int, dict[str, Any]]:
        answer = api(event("POST", "/generate", json.dumps(body)), None)
        return answer["statusCode"], json.loads(answer["body"])

    return ask
