"""The release folders of the sandbox's application. The same version always has the same bytes."""

from pathlib import Path

import yaml

from controller.domain.bundle.archive import BundleArchive
from selfright.bundling.bundle import make_bundle
from selfright.proving.names import APPLICATION

GOOD, BETTER, BAD, REMADE = "1.0.0", "1.1.0", "1.2.0", "1.3.0"
"""The last one is released by a controller that was made anew."""
VERSIONS = (GOOD, BETTER, BAD, REMADE)
VISITOR = "selfright-prove-visitor"
"""The User-Agent of a synthetic visitor; the bad release fails for them, and passes every test."""
HANDLER = """\
VERSION, FAILS = "{version}", {fails}


def handler(event, context):
    if FAILS and event.get("headers", {{}}).get("user-agent") == "{visitor}":
        raise RuntimeError("this release is bad on purpose")
    return {{"statusCode": 200, "headers": {{"content-type": "text/plain"}}, "body": "api " + VERSION}}
"""
PAGE = "<!doctype html>\n<html lang=en><title>Sandbox</title><p>site {version}</p></html>\n"


def write(version: str, folder: Path) -> Path:
    """Write the release of this version into a folder; returns it."""
    (folder / "api").mkdir(parents=True)
    (folder / "site").mkdir()
    code = HANDLER.format(version=version, fails=version == BAD, visitor=VISITOR)
    (folder / "api" / "app.py").write_text(code)
    (folder / "site" / "index.html").write_text(PAGE.format(version=version))
    (folder / "settings.yaml").write_text(f"GREETING: version {version}\n")
    (folder / "release.yaml").write_text(yaml.safe_dump(_manifest(version), sort_keys=False))
    return folder


def _manifest(version: str) -> dict[str, object]:
    return {
        "application": APPLICATION,
        "version": version,
        "components": {
            "api": {"kind": "function", "artifact": "api", "handler": "app.handler", "runtime": "python3.13"},
            "site": {"kind": "site", "artifact": "site"},
            "settings": {"kind": "parameters", "artifact": "settings.yaml"},
        },
        "verification": {
            "checks": [
                {"component": "api", "path": "/hello", "contains": f"api {version}"},
                {"component": "site", "path": "/index.html", "contains": f"site {version}"},
            ]
        },
    }


def digests(folder: Path) -> list[str]:
    """The digests (hex) of the functions' code of all releases, by which the controller keeps it."""
    found = []
    for version in VERSIONS:
        bundle = make_bundle(write(version, folder / version), folder / f"{version}.zip", builder=None)
        with bundle.open("rb") as file:
            artifact = BundleArchive(file).manifest().components["api"]
        found.append(artifact.sha256)
    return found
