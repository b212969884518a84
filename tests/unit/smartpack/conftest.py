"""The three releases, built once, and the handlers of their APIs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app_artifacts.smartpack.build import built, versions
from app_artifacts.smartpack.serve import Handler, event, load_handler

Generate = Callable[[object], tuple[int, dict[str, Any]]]


@pytest.fixture(scope="session")
def releases() -> dict[str, Path]:
    """Release folders by version, with their pages built: by Vite, unless nothing has changed since the last time."""
    return {version: built(version) for version in versions()}


@pytest.fixture(scope="session")
def handlers(releases: dict[str, Path]) -> dict[str, Handler]:
    """The API's handler of every release."""
    return {version: load_handler(folder / "api") for version, folder in releases.items()}


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
