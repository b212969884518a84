"""The fixed piece of work: a built site with content-hashed assets and a Lambda's code, the same bytes every time.

Like a build tool, a build writes every file anew: each file has a new time stamp, even with the same contents.
"""

import hashlib
import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from selfright.bundling.bundle import make_bundle
from selfright.components.function.pack import zip_function
from selfright.components.function.tree import list_package

KB, MB = 1000, 1000 * 1000
PLAIN = {"favicon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "robots.txt": b"User-agent: *\n"}
"""Files of every site in addition to its page and its assets; their names have no hash of their contents."""
HANDLER = """\
VERSION = {version!r}
def handler(event, context):
    print("request")
    body = '{{"status":"ok","version":"' + VERSION + '"}}'
    return {{"statusCode": 200, "headers": {{"content-type": "application/json"}}, "body": body}}
"""


@dataclass(frozen=True)
class Work:
    """The amount of work: files and bytes of the site, and bytes of the Lambda's code."""

    files: int
    site_bytes: int
    code_bytes: int = 10 * MB

    @property
    def changed(self) -> int:
        """How many files 1 % are, including the page that names the others; at least the page and one asset."""
        return max(2, self.files // 100)

    def __str__(self) -> str:
        """The work in words: `500 files, 20 MB, and a Lambda of 10 MB`."""
        return f"{self.files:,} files, {self.site_bytes / MB:g} MB, and a Lambda of {self.code_bytes / MB:g} MB"


SMALL = Work(20, 800 * KB)
USUAL = Work(500, 20 * MB)
LARGE = Work(5000, 100 * MB)


@dataclass(frozen=True)
class Build:
    """One build in a folder: `site/`, `api.zip`, and the bundle made of them."""

    folder: Path
    version: str

    @property
    def site(self) -> Path:
        """The folder with the site's files."""
        return self.folder / "site"

    @property
    def code(self) -> Path:
        """The Lambda's zip."""
        return self.folder / "api.zip"

    @property
    def bundle(self) -> Path:
        """The release bundle."""
        return self.folder / "bundle.zip"

    def files(self) -> dict[str, Path]:
        """Path within the site → file."""
        return {str(path.relative_to(self.site)): path for path in sorted(self.site.rglob("*")) if path.is_file()}

    def md5s(self) -> dict[str, str]:
        """Path within the site → MD5 of the file in hex, which is an object's ETag."""
        return {path: _md5(file.read_bytes()) for path, file in self.files().items()}

    def sha256(self, path: str) -> str:
        """The SHA-256 of a file of the site, in hex."""
        return hashlib.sha256((self.site / path).read_bytes()).hexdigest()


def build(work: Work, folder: Path, change: int) -> Build:
    """Build the application after `change` changes of 1 % each (and of the code), as version `1.0.<change>`."""
    shutil.rmtree(folder, ignore_errors=True)
    made = Build(folder, f"1.0.{change}")
    _write(made.site, dict(_site(work, change)))
    code = {"index.py": HANDLER.format(version=made.version).encode(), "data.bin": _bytes("code", work.code_bytes)}
    _write(folder / "api", code)
    with made.code.open("wb") as target:
        zip_function(target, list_package(folder / "api"))
    (folder / "release.yaml").write_text(_manifest(made.version))
    make_bundle(folder, made.bundle)
    return made


def _site(work: Work, change: int) -> Iterator[tuple[str, bytes]]:
    yield from PLAIN.items()
    names = []
    assets = work.files - len(PLAIN) - 1
    for number in range(assets):
        state = change if number < work.changed - 1 else 0
        content = _bytes(f"asset {number} {state}", work.site_bytes // assets)
        name = f"assets/chunk{number}-{hashlib.sha256(content).hexdigest()[:8]}.js"
        names.append(name)
        yield name, content
    page = "".join(f'<script src="/{name}"></script>\n' for name in names)
    yield "index.html", f"<!doctype html>\n<title>Benchmark</title>\n{page}".encode()


def _manifest(version: str) -> str:
    """The manifest in YAML's JSON subset, with the checks that any release of an API and a site would have."""
    checks = [
        {"component": "api", "path": "/health", "contains": '"ok"'},
        {"component": "site", "path": "/", "contains": "<title>Benchmark"},
    ]
    content = {
        "application": "smartpack",
        "version": version,
        "components": {
            "api": {"kind": "function", "artifact": "api.zip", "handler": "index.handler"},
            "site": {"kind": "site", "artifact": "site"},
        },
        "verification": {"checks": checks},
    }
    return json.dumps(content, indent=1)


def _bytes(seed: str, size: int) -> bytes:
    """Bytes that cannot be compressed, always the same for a seed."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - not a secret


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
