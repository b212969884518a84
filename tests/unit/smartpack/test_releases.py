import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from app_artifacts.smartpack.serve import Handler, event
from app_artifacts.smartpack.visits import trips
from controller.domain.bundle.manifest import Manifest, make_manifest
from controller.domain.checks.check import Answer, Check, check_answer
from controller.domain.checks.page_load import PageLoad
from controller.domain.checks.site_check import SiteCheck
from controller.domain.components.site.serving import representation
from controller.domain.reading.strict_yaml import read_yaml
from selfright.bundling.build_spec import take_builds

VISITORS = 1_000
ORIGIN = "https://smartpack.example"


def manifest_of(release: Path) -> Manifest:
    """Return the manifest of a release folder."""
    content, _ = take_builds(read_yaml((release / "release.yaml").read_bytes()))
    return make_manifest(content)


def checks(release: Path, component: str) -> list[Check | SiteCheck]:
    """Return the verification checks of a component."""
    manifest = manifest_of(release)
    return [check for check in manifest.verification.checks if check.component == component]


def served(site: Path, url: str) -> Answer:
    """Return what CloudFront would answer for a path without a release's folder."""
    file = site / (url.removeprefix(ORIGIN).lstrip("/") or "index.html")
    if not file.is_file():
        return Answer(404)
    return Answer(200, file.read_bytes(), {"content-type": representation(file.name).type})


def failures(handler: Handler) -> list[dict[str, Any]]:
    """Return the trips of a thousand visitors that the API breaks on."""
    broken = []
    for trip in islice(trips(seed=11), VISITORS):
        try:
            answer = handler(event("POST", "/generate", json.dumps(trip)), None)
        except ZeroDivisionError:
            broken.append(trip)
        else:
            assert answer["statusCode"] == 200
    return broken


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "1.2.0"])
def test_the_manifest_is_one_the_controller_takes(releases: dict[str, Path], version: str) -> None:
    """The source manifest of every release is valid and names artifacts that exist."""
    manifest = manifest_of(releases[version])
    assert manifest.version == version
    assert all((releases[version] / component.artifact).exists() for component in manifest.components.values())


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "1.2.0"])
def test_the_api_passes_its_checks(releases: dict[str, Path], handlers: dict[str, Handler], version: str) -> None:
    """Every release passes what is checked before traffic, the bad one too."""
    api_checks = [check for check in checks(releases[version], "api") if check.before_traffic]
    assert len(api_checks) == 4
    for check in api_checks:
        assert isinstance(check, Check)
        body = check.encoded_body()
        answer = handlers[version](event(check.method, check.path, body.decode() if body else None), None)
        result = check_answer(check, Answer(answer["statusCode"], answer["body"].encode(), answer["headers"]))
        assert result.passed, result.detail


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "1.2.0"])
def test_the_site_passes_its_checks(releases: dict[str, Path], version: str) -> None:
    """The page has what is looked for in it, and everything that it needs is there."""
    site = releases[version] / "frontend" / "dist"
    for check in checks(releases[version], "site"):
        url = ORIGIN + check.path
        loading = PageLoad(lambda url: served(site, url))
        result = loading.run(check, url) if isinstance(check, SiteCheck) else check_answer(check, served(site, url))
        assert result.passed, result.detail


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_good_releases_serve_everybody(handlers: dict[str, Handler], version: str) -> None:
    """No visitor breaks a good release."""
    assert failures(handlers[version]) == []


def test_the_bad_release_fails_for_some_real_visitors(handlers: dict[str, Handler]) -> None:
    """Release 1.2.0 fails for a fifth to a third of the visitors: exactly those with one activity."""
    broken = failures(handlers["1.2.0"])
    assert 0.20 <= len(broken) / VISITORS <= 0.35
    assert all(len(trip["activities"]) == 1 for trip in broken)


def test_the_releases_look_different(releases: dict[str, Path]) -> None:
    """Each release has its own theme and list, and shares what did not change: React, the picture."""
    names = {
        version: {path.name for path in (folder / "frontend/dist/assets").iterdir()}
        for version, folder in releases.items()
    }
    shared = set.intersection(*names.values())
    assert {name.split("-")[0] for name in shared} == {"react", "suitcase"}
    assert len(set.union(*names.values())) == len(shared) + 3 * 2


def test_visitors_repeat() -> None:
    """The same seed gives the same visitors, another seed others."""
    assert list(islice(trips(3), 50)) == list(islice(trips(3), 50))
    assert list(islice(trips(3), 50)) != list(islice(trips(4), 50))
