"""Builds small, valid bundles, and zips with any contents."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

API_CODE = b"def handler(event, context):\n    return {'statusCode': 200, 'body': '\"ok\"'}\n"
SITE_FILES: Mapping[str, bytes] = {
    "index.html": b"<!doctype html><title>SmartPack</title><script src=/assets/app-1a2b3c4d.js></script>",
    "assets/app-1a2b3c4d.js": b"console.log('packing')",
    "robots.txt": b"User-agent: *",
}
CHECKS: tuple[Mapping[str, Any], ...] = (
    {"component": "api", "path": "/health", "contains": "ok"},
    {"component": "site", "path": "/", "contains": "<title>"},
)


@dataclass(frozen=True)
class Item:
    """One entry of a zip, with any values that an attacker could write into it."""

    data: bytes = b""
    method: int = zipfile.ZIP_STORED
    mode: int = 0o100644
    system: int = 3
    flags: int = 0


Contents = Mapping[str, bytes | Item]


@dataclass
class BundleParts:
    """The parts of a bundle: change something, then `pack` it."""

    manifest: dict[str, Any]
    files: dict[str, bytes | Item] = field(default_factory=dict)

    def with_parameters(self, text: bytes | Mapping[str, str], name: str = "settings") -> "BundleParts":
        """The same bundle with a component of kind `parameters`, with this text as its file."""
        data = text if isinstance(text, bytes) else json.dumps(dict(text)).encode()
        entry = {"kind": "parameters", "artifact": f"{name}.yaml", "digest": digest(data)}
        components = {**self.manifest["components"], name: entry}
        return BundleParts({**self.manifest, "components": components}, {**self.files, f"{name}.yaml": data})

    def with_stack(self, text: str, parameters: Mapping[str, str] | None = None, name: str = "infra") -> "BundleParts":
        """The same bundle with a component of kind `stack`, with this text as its template."""
        data = text.encode()
        entry = {"kind": "stack", "artifact": f"{name}.yaml", "digest": digest(data), "parameters": parameters or {}}
        components = {**self.manifest["components"], name: entry}
        return BundleParts({**self.manifest, "components": components}, {**self.files, f"{name}.yaml": data})

    def needing(self, **secrets: list[str]) -> "BundleParts":
        """The same bundle, which needs these secrets: logical name → keys."""
        needs = [{"name": name, "keys": keys} for name, keys in secrets.items()]
        return BundleParts({**self.manifest, "secrets": needs}, self.files)

    def pack(self) -> bytes:
        """The bundle's bytes; the manifest is written as JSON, which is YAML too."""
        return a_zip({**self.files, "release.yaml": json.dumps(self.manifest).encode()})


def a_bundle(  # noqa: PLR0913 - a builder has a parameter for everything that a test may want to set
    version: str = "1.0.0",
    api_code: bytes = API_CODE,
    site_files: Mapping[str, bytes] = SITE_FILES,
    *,
    application: str = "smartpack",
    api: Mapping[str, Any] | None = None,
    checks: tuple[Mapping[str, Any], ...] = CHECKS,
) -> bytes:
    """A valid bundle with the components `api` and `site`. `api` adds to the function's configuration."""
    return bundle_parts(version, api_code, site_files, application=application, api=api, checks=checks).pack()


def bundle_parts(  # noqa: PLR0913 - as above
    version: str = "1.0.0",
    api_code: bytes = API_CODE,
    site_files: Mapping[str, bytes] = SITE_FILES,
    *,
    application: str = "smartpack",
    api: Mapping[str, Any] | None = None,
    checks: tuple[Mapping[str, Any], ...] = CHECKS,
) -> BundleParts:
    """The parts of the same bundle as `a_bundle`, not packed yet."""
    code = a_zip({"app.py": Item(api_code, zipfile.ZIP_DEFLATED)})
    index = an_index(site_files)
    function = {"kind": "function", "artifact": "api.zip", "digest": digest(code), "handler": "app.handler"}
    manifest = {
        "application": application,
        "version": version,
        "components": {
            "api": {**function, **(api or {})},
            "site": {"kind": "site", "artifact": "site", "digest": digest(index)},
        },
        "verification": {"checks": [dict(check) for check in checks]},
    }
    site = {f"site/{path}": Item(data, zipfile.ZIP_DEFLATED) for path, data in site_files.items()}
    return BundleParts(manifest, {"api.zip": code, "site.index.json": index, **site})


def an_index(files: Mapping[str, bytes]) -> bytes:
    """A site's index."""
    entries = {
        path: {
            "sha256": hashlib.sha256(data).hexdigest(),
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "size": len(data),
        }
        for path, data in files.items()
    }
    return json.dumps({"files": entries}, sort_keys=True, separators=(",", ":")).encode()


def digest(data: bytes) -> str:
    """The digest of the data, as manifests write it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def a_zip(contents: Contents | list[tuple[str, bytes | Item]]) -> bytes:
    """A zip with these entries; a list may have the same name twice."""
    buffer = io.BytesIO()
    pairs = contents if isinstance(contents, list) else list(contents.items())
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in pairs:
            item = content if isinstance(content, Item) else Item(content)
            info = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            info.external_attr, info.create_system, info.compress_type = item.mode << 16, item.system, item.method
            archive.writestr(info, item.data)
    return buffer.getvalue()
