"""The readers, each as a function of bytes, with inputs to begin with and words that matter to it."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.manifest import parse_manifest
from controller.domain.checks import json_paths
from controller.domain.checks.page_links import links_in
from controller.domain.checks.page_types import Use
from controller.domain.components.function.package import check_package
from controller.domain.components.image.documents import ImageManifest, Index, Platform, parse
from controller.domain.components.image.layout import read_layout
from controller.domain.components.parameters.values import parse_parameters
from controller.domain.components.site.addresses import addresses_of
from controller.domain.components.site.headers import parse_headers
from controller.domain.components.site.index import parse_index
from controller.domain.components.site.redirects import parse_redirects
from controller.domain.components.stack.templates import parse_template
from controller.domain.components.state_machine.definition import parse_definition
from controller.domain.zip.gunzip import Gunzip
from controller.errors import InvalidBundleError
from tests.builders import Item, a_bundle, a_zip, an_index
from tests.image_layouts import BASE, Files, ImageParts, layout

YAML_WORDS = (
    "&a",
    "*a",
    "!!int",
    "<<: ",
    "- ",
    ": ",
    "? ",
    "|\n",
    ">\n",
    "'",
    '"',
    "---",
    "%YAML 1.2",
    "\ufeff",
    "{",
    "[",
)
MOST_UNPACKED = 50_000_000


@dataclass(frozen=True)
class Reader:
    """What is fuzzed: `read` may raise `InvalidBundleError`, and nothing else."""

    read: Callable[[bytes], object]
    seeds: Sequence[bytes]
    words: Sequence[str] = ()


class _Documents:
    """The files of a layout in memory."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def has(self, path: str) -> bool:
        """Whether the file is there."""
        return path in self._files

    def read(self, path: str, at_most: int) -> bytes:
        """The file."""
        return self._files[path]


def _bundle(data: bytes) -> None:
    archive = BundleArchive(io.BytesIO(data))
    archive.verify(archive.manifest())


def _definition(data: bytes) -> None:
    definition = parse_definition(data, "flow.json")
    definition.written(dict.fromkeys(definition.names, "x"))


def _redirects(data: bytes) -> None:
    addresses_of(("index.html", "a.html", "a/index.html"), None, redirects=parse_redirects(data))


def _headers(data: bytes) -> None:
    parse_headers(data).kept_by_browsers([f"{'b' * 250}.html", "a/b/c/d/index.html"])


def _layout(data: bytes) -> None:
    for document in (Index, ImageManifest, Platform):
        try:
            parse(document, data, "a document")
        except InvalidBundleError:
            continue
    read_layout(_Documents({**LAYOUT, "index.json": data}), "image")


def _gzip(data: bytes) -> None:
    gunzip = Gunzip("a layer", MOST_UNPACKED)
    for at in range(0, len(data), 100):
        gunzip.feed(data[at : at + 100])
    gunzip.finish()


def _expression(data: bytes) -> None:
    """An expression as the manifest checks it, on an answer that has everything a little."""
    expression, _, answer = data.decode(errors="replace")[:400].partition("\n")
    try:
        known = json_paths.expectations({expression: 1})
    except ValueError:  # That is how it refuses: pydantic makes the domain's error of it.
        return
    if len(expression) <= SHORT:
        json_paths._trouble(known, answer.encode(errors="replace") or ANSWER)  # without its own process


def _page(data: bytes) -> None:
    for use in (Use.PAGE, Use.STYLE, Use.MANIFEST):
        links_in("https://x.example/a/b.html", use, data)


SHORT = 40
"""Characters of an expression that is evaluated: what a longer one costs is bounded by its process."""
ANSWER = json.dumps({"a": [1, {"b": "x", "c": [2.5, None]}], "status": "up", "n": {"d": True}}).encode()
LAYOUT = layout(ImageParts())
TEMPLATE = b"""AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Name: {Type: String, Default: "1.10", NoEcho: yes}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties: {TableName: !Sub "${Name}-x", Arn: !GetAtt A.B, Items: [1, "010", 0x1f, 1.5]}
"""
PAGE = b"""<!doctype html><base href="/x/"><link rel="stylesheet preload" href="a.css" as=style
imagesrcset="a.png 1x, b.png 2x">
<style>@import url("b.css"); p { background: url(c.png) } /* x */</style><script type=module src='d.js'></script>
<img srcset="e.png 1x, f.png 2x"><svg><use xlink:href="g.svg#h"/></svg><!-- <a --><![CDATA[ x ]]>"""
EXPRESSIONS = (
    b"a[?b=='x'].c | [0]\n" + ANSWER,
    b"length(a)",
    b"a[*].{x: b, y: c[]}",
    b"sort_by(a, &b)",
    b"`[1]`",
    b"@",
)
MANIFEST = a_bundle()


def _manifest_of(data: bytes) -> bytes:
    return BundleArchive(io.BytesIO(data)).read("release.yaml", at_most=65536)


RULES = ("/:a", ":a", "*", " /", "301!", "!", "  X-A: ", "%2e%2e/", "/index.html", "\n", "max-age=1")
ZIP_WORDS = ("PK\x03\x04", "PK\x01\x02", "PK\x05\x06", "PK\x07\x08", "up", "../")
PACKAGES = (
    a_zip({"app.py": b"pass" * 9, "a/b.py": Item(b"x" * 999, method=8)}),
    a_zip([("link", Item(b"app.py", mode=0o120777)), ("app.py", b"pass"), ("d/", Item(b"", mode=0o040755))]),
)
TEMPLATES = (TEMPLATE, b'{"Resources": {"A": {"Type": "x"}}}')
TEMPLATE_WORDS = (*YAML_WORDS, "!Ref ", "!GetAtt ", "Fn::Transform", "\\ud800", "NaN", "1e999", "010", "1:2:3")
DEFINITIONS = (
    b'{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}',
    b"StartAt: A\nStates:\n  A: {Type: Map, Iterator: {StartAt: B, States: {B: {Type: Task, Resource: '${A}'}}}}\n",
)
DOCUMENTS = tuple(one for _, one in sorted(LAYOUT.items(), reverse=True) if one.startswith(b"{"))[1:]
REDIRECTS = (b"/old /new 301\n/a/:b/* /c/:b/:splat 302!\n/* /index.html 200\n", b"/:b /:b:b\n/a/* /a/b/:splat:splat\n")
READERS = {
    "manifest": Reader(parse_manifest, (_manifest_of(MANIFEST),), (*YAML_WORDS, "kind: ", "verification:\n")),
    "settings": Reader(lambda data: parse_parameters(data, "s.yaml"), (b"A: 1\nB: 'x'\nC: |\n  y\n",), YAML_WORDS),
    "template": Reader(lambda data: parse_template(data, "t.yaml"), TEMPLATES, TEMPLATE_WORDS),
    "definition": Reader(_definition, DEFINITIONS, (*YAML_WORDS, "${A}", "\\ud800", "NaN", "1e999", '"Next": "A"')),
    "bundle": Reader(_bundle, (MANIFEST,), (*ZIP_WORDS, "release.yaml")),
    "function": Reader(lambda data: check_package(io.BytesIO(data), "api.zip"), PACKAGES, ZIP_WORDS),
    "index": Reader(parse_index, (an_index({"index.html": b"x", "a/b.js": b"y"}),), ("NaN", "\\ud800", "../")),
    "redirects": Reader(_redirects, REDIRECTS, RULES),
    "headers": Reader(_headers, (b"/*\n  X-A: b\n/a/:b/*\n  ! X-A\n  Cache-Control: max-age=9\n",), RULES),
    "layout": Reader(_layout, DOCUMENTS, ('"size": -1', "NaN", "\\ud800")),
    "gzip": Reader(_gzip, (BASE, BASE + BASE), ("\x1f\x8b\x08",)),
    "expression": Reader(_expression, EXPRESSIONS, ("[*]", "[]", "[?", "{a:", "&", "||", "`1`", "'x'", "to_string(")),
    "page": Reader(
        _page, (PAGE, b'{"icons": [{"src": "/a.png"}]}'), ("<a ", "</", "<!--", "<![", "]]>", "&#x", "url(")
    ),
}
"""Reader by name."""
