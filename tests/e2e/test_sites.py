"""A site of many pages with redirects and headers of its own, through a canary."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import urllib3

from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from tests.e2e.lab import NEVER, Lab

VISITORS = [f"198.51.{number // 250}.{number % 250}" for number in range(20)]
IN_FOLDERS = ("docs/index.html", "posts/2024/hello/index.html")
PAGES = (*IN_FOLDERS, "about.html", "404.html", "c++.html", "100%.html", "a b.html")
MISSING = ("/nothing/here", "/favicon-of-nobody.ico", "/users/john.doe", "/_headers")
RULES = {
    "_redirects": "/old /docs/ 301\n/blog/* /posts/:splat 302\n",
    "_headers": "/docs/*\n  X-Docs: yes\n",
    "LICENSE": "as it is",
    ".well-known/apple-app-site-association": "{}",
}


def site_of_pages(lab: Lab, version: str) -> bytes:
    """The bundle of a release of SmartPack whose site has pages; each says its name and the version."""
    folder = lab.source(version)
    site = folder / "frontend" / "dist"
    for name in PAGES:
        write(site / name, f"<!doctype html><p>{name} of {version}")
    for name, text in RULES.items():
        write(site / name, text)
    release = folder / "release.yaml"
    checks = (
        "{component: site, path: /docs, contains: docs/index.html of}",
        "{component: site, path: /nothing/here, status: 404, contains: 404.html of}",
        "{component: site, path: /old, status: 301, header: {location: /docs/}}",
    )
    lines = release.read_text().replace("  checks:\n", "".join(["  checks:\n", *(f"    - {one}\n" for one in checks)]))
    release.write_text(lines)
    return make_bundle(folder, lab.folder / "bundles" / f"{version}.zip", builder=None).read_bytes()


def write(file: Path, text: str) -> None:
    """Write a file, and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


class Visitor:
    """Somebody with an address of their own."""

    def __init__(self, lab: Lab, address: str) -> None:
        self._url, self._address = lab.running.edge_url, address
        self._http = urllib3.PoolManager(retries=False)

    def get(self, path: str) -> tuple[int, str, Mapping[str, str]]:
        """Status, text and headers; no redirect is followed."""
        headers = {"x-forwarded-for": self._address, "user-agent": "Browser"}
        answer = self._http.request("GET", self._url + path, headers=headers, redirect=False)
        return answer.status, answer.data.decode(), {name.lower(): value for name, value in answer.headers.items()}

    def sees(self, version: str) -> bool:
        """Whether this visitor gets this version; everything that they get is of it."""
        pages = {name: self.get(f"/{quote(name)}") for name in PAGES}
        pages |= {
            **{name: self.get(f"/{name.removesuffix('index.html')}") for name in IN_FOLDERS},
            "about.html": self.get("/about"),
            "c++.html": self.get("/c++.html"),
        }
        missing = [self.get(path) for path in MISSING]
        texts = [(name, text) for name, (_, text, _) in pages.items()] + [("404.html", text) for _, text, _ in missing]
        assert {status for status, _, _ in pages.values()} == {200}
        assert {status for status, _, _ in missing} == {404}
        assert not any("x-amz-meta-selfright" in headers for _, _, headers in (*pages.values(), *missing))
        of_it = [text == f"<!doctype html><p>{name} of {version}" for name, text in texts]
        assert len(set(of_it)) == 1, texts
        return of_it[0]


def moved(visitor: Visitor, path: str) -> tuple[int, str]:
    """Status and address of a redirect."""
    status, _, headers = visitor.get(path)
    return status, headers["location"]


def test_a_site_of_pages_goes_through_a_canary(lab: Lab) -> None:
    """Each visitor gets one revision wholly, also its 404; afterwards all get the one that stays."""
    first, second = lab.new_version(), lab.new_version()
    lab.set_bakes()
    assert lab.ended(lab.upload(site_of_pages(lab, first))).phase is Phase.SUCCEEDED
    visitors = [Visitor(lab, address) for address in VISITORS]
    assert visitors[0].sees(first)
    someone = visitors[0]
    assert moved(someone, "/docs?a=1&b=%20") == (301, "/docs/?a=1&b=%20")
    assert moved(someone, "/old") == (301, "/docs/")
    assert moved(someone, "/blog/2024/hello/?x=1") == (302, "/posts/2024/hello/?x=1")
    assert someone.get("/docs/")[2]["x-docs"] == "yes"
    assert "x-docs" not in someone.get("/about")[2]
    assert someone.get("/LICENSE")[:2] == (200, "as it is")
    association = someone.get("/.well-known/apple-app-site-association")
    assert (association[1], association[2]["content-type"]) == ("{}", "application/json")

    lab.set_bakes([(50, NEVER)])
    canary = lab.upload(site_of_pages(lab, second))
    lab.reaches(canary, Phase.BAKING)
    sees_second = [visitor.sees(second) for visitor in visitors]
    assert set(sees_second) == {True, False}
    assert visitors[sees_second.index(False)].sees(first)

    assert lab.command("rollback", canary)[0] == 0
    assert lab.ended(canary).phase is Phase.ROLLED_BACK
    assert visitors[sees_second.index(True)].sees(first)
