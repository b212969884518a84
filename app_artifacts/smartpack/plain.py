"""A release whose page needs no build, for a demo where npm cannot reach its registry."""

import hashlib
import shutil
from pathlib import Path

from app_artifacts.smartpack.build import HOME, build
from controller.domain.reading.strict_yaml import read_yaml, write_yaml
from selfright.bundling.build_spec import take_builds

ASSETS = ("suitcase.svg", "style.css", "theme.css")
SCRIPT = '  <script type="module" src="/src/main.tsx"></script>\n'
ROOT = '<div id="root"></div>'
INSTEAD = """\
<header class="hero"><img src="/src/suitcase.svg" alt="" width="56" height="56"><h1>SmartPack</h1></header>
  <main><p class="card">This page stands in for SmartPack's own, which could not be built here.</p></main>"""


def plain(version: str) -> Path:
    """Return the release folder of `version` with a plain page in place of the built one, and without `build`."""
    folder = build(version, HOME / f"{version}-plain")
    dist = folder / "frontend" / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    (dist / "assets").mkdir(parents=True)
    page = (folder / "frontend" / "index.html").read_text().replace("%VERSION%", version)
    links = "".join(f'  <link rel="stylesheet" href="/src/{name}">\n' for name in ASSETS if name.endswith(".css"))
    page = page.replace(SCRIPT, "").replace(ROOT, INSTEAD).replace("</head>", f"{links}</head>")
    for name in ASSETS:
        page = page.replace(f"/src/{name}", f"/{_put(folder / 'frontend' / 'src' / name, dist)}")
    (dist / "index.html").write_text(page)
    manifest = folder / "release.yaml"
    content, _ = take_builds(read_yaml(manifest.read_bytes()))
    manifest.write_bytes(write_yaml(content))
    return folder


def _put(file: Path, dist: Path) -> str:
    """Copy an asset to a name with the hash of its content; return its path in the page."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    name = f"assets/{file.stem}-{digest}{file.suffix}"
    shutil.copyfile(file, dist / name)
    return name
