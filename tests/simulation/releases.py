"""The releases of the simulated application: what is in their bundles, and what is wrong with some."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from controller.domain.components.parameters.values import Parameters
from tests.builders import BundleParts, bundle_parts

APPLICATION, ENVIRONMENT = "shop", "prod"
COMPONENTS = ("api", "settings", "site")
SECRET = "planted-0f4b7c19"
"""A value that must be found in no notification, ledger or log."""
CHECKS = (
    {"component": "api", "path": "/health", "contains": "ok"},
    {"component": "site", "path": "/", "contains": "<title>"},
)
BAD = ("staged", "outside", "errors")
"""Fails its checks before traffic; from outside; or answers visitors with errors, which the judge sees."""
ANSWERS = "answers"
"""Bad as only an alarm sees it: the function does not fail, and answers 500."""
BROKEN = "broken"
"""No bundle at all."""
SITE_DIGITS = 16
"""The length of a site's revision."""


@dataclass(frozen=True)
class Release:
    """A release. `old` are the components that it has as this other version had them.

    With `own_assets` the page's script has another name in each release, as builds do it.
    """

    version: str
    bad: str = ""
    old: Mapping[str, str] = field(default_factory=dict)
    own_assets: bool = False
    tasks: Sequence[str] = ()
    """How the invocations of its task go; without any, it has none."""

    def content(self, component: str) -> str:
        """The version whose content a component has."""
        return self.old.get(component, self.version)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"version": self.version, "bad": self.bad, "old": dict(self.old), "own_assets": self.own_assets} | (
            {"tasks": list(self.tasks)} if self.tasks else {}
        )

    @property
    def script(self) -> str:
        """The path of the script that the page asks for."""
        return f"assets/app-{hashlib.sha256(self.content('site').encode()).hexdigest()[:8]}.js"

    def bundle(self) -> bytes:
        """The bytes to upload."""
        return _bundle(json.dumps(self.document()))

    def code(self) -> bytes:
        """The zip of the API's code."""
        code = _parts(self).files["api.zip"]
        assert isinstance(code, bytes)
        return code

    def code_digest(self) -> str:
        """Its SHA-256 in hex."""
        return hashlib.sha256(self.code()).hexdigest()

    def identities(self) -> dict[tuple[str, str], str]:
        """(Component, what AWS knows of its content) → the version whose content it is."""
        parts = _parts(self)
        found = {name: str(entry["digest"]) for name, entry in parts.manifest["components"].items()}
        code = base64.b64encode(bytes.fromhex(found["api"].removeprefix("sha256:"))).decode()
        return {
            ("api", code): self.content("api"),
            ("site", found["site"].removeprefix("sha256:")[:SITE_DIGITS]): self.content("site"),
            ("settings", Parameters(_settings(self)).revision): self.content("settings"),
        }


def _parts(release: Release) -> BundleParts:
    script = release.script if release.own_assets else "assets/app-1a2b3c4d.js"
    site = {"index.html": f"<title>{release.content('site')}</title>".encode(), script: b"pack()"}
    code = f"VERSION = {release.content('api')!r}".encode()
    parts = bundle_parts(release.version, code, site, application=APPLICATION, checks=CHECKS)
    if release.tasks:
        parts.manifest["tasks"] = [{"component": "api", "event": {"do": "migrate"}, "timeout": "5m"}]
    return parts.with_parameters(_settings(release))


def _settings(release: Release) -> dict[str, str]:
    return {"greeting": release.content("settings")}


@cache
def _bundle(document: str) -> bytes:
    release = Release(**json.loads(document))
    return b"no zip" if release.bad == BROKEN else _parts(release).needing(payments=["key"]).pack()
