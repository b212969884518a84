"""How Sphinx makes the site of the Markdown files: `./dev docs`.

The pages stay plain Markdown that a hosting platform shows as well. So what only the site needs is here: which files
are pages, and the path through them.
"""

import re
import tomllib
from pathlib import Path

from docutils.nodes import document
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent

NAVIGATION = {
    "Start": ["First steps <self>", "app_artifacts/smartpack/README", "docs/architecture"],
    "Adopt": ["docs/bundle", "docs/sites", "docs/environment", "docs/environment-keys", "docs/smartpack"],
    "Release": ["docs/flow", "docs/protocol", "docs/judge", "state_machine/README"],
    "Operate": ["docs/operations", "docs/prove", "docs/recovery", "docs/security", "docs/local-aws"],
    "Reference": ["docs/adr/README", "benchmarks/README", "CHANGELOG"],
    "Take part": [
        "CONTRIBUTING",
        "tests/model/README",
        "tests/simulation/README",
        "tests/chaos/README",
        "SECURITY",
        "CODE_OF_CONDUCT",
    ],
}
"""The path through the pages, from the first hour to the last detail. A page that is missing here fails the build."""

DECISIONS = sorted(str(page.relative_to(ROOT).with_suffix("")) for page in ROOT.glob("docs/adr/[0-9]*.md"))
PATHS = {"README": NAVIGATION, "docs/adr/README": {"": DECISIONS}}
"""Page → captions → the pages below it."""

project = "Selfright"
project_copyright = "The Selfright authors, Apache-2.0"
release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
language = "en"

extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["README.md", "*/README.md", "app_artifacts/smartpack/README.md", "tests/*/README.md", "docs/**.md"]
include_patterns += ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md"]
exclude_patterns = ["**/node_modules", "dist", "cdk.out", ".[a-z]*"]
myst_heading_anchors = 4  # the same anchors that the hosting platform makes

html_theme = "furo"
html_title = "Selfright"
html_show_sphinx = False
html_copy_source = False
html_additional_pages = {"index": "index.html"}
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]


def setup(app: Sphinx) -> None:
    """Add what the site needs and the files do not have."""
    app.connect("source-read", leave_out_mermaid)
    app.connect("source-read", add_navigation)
    app.connect("doctree-read", name_folders)


def leave_out_mermaid(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Leave out what only a hosting platform draws: the page has a picture of it, and the site no foreign script."""
    source[0] = re.sub(r"^```mermaid\n.*?^```\n", "", source[0], flags=re.MULTILINE | re.DOTALL)


def add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    """Write the path through the pages below a page that has one."""
    for caption, pages in PATHS.get(page, {}).items():
        options = ["hidden:", f"caption: {caption}"] if caption else ["hidden:"]
        lines = ["", "", "```{toctree}", *(f":{option}" for option in options), "", *map(_entry, pages), "```"]
        source[0] += "\n".join(lines)


def _entry(page: str) -> str:
    return page if page.endswith(">") else f"/{page}"


def name_folders(app: Sphinx, page: document) -> None:
    """Show a link to a folder of the repository as its name: the site has pages and files, but no folders."""
    here = (ROOT / app.env.docname).parent
    for link in list(page.findall(pending_xref)):
        if link.get("reftype") == "myst" and (here / link["reftarget"]).is_dir():
            link.replace_self(link.children)
