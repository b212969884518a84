"""A site in a bundle."""

import io
import json
import time
from collections.abc import Mapping

import pytest

from controller.confinement import within
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.site import artifact
from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.site.index import parse_index, render_index
from controller.errors import InvalidBundleError
from tests.builders import BundleParts, bundle_parts, digest

PAGE = b"<!doctype html>"


def opened(parts: BundleParts) -> tuple[SiteArtifact, BundleArchive]:
    """The site of a bundle, and the bundle."""
    archive = BundleArchive(io.BytesIO(parts.pack()))
    return SiteArtifact.of(archive.manifest().components["site"], "site"), archive


def handled(parts: BundleParts, handling: str) -> BundleParts:
    """The bundle whose release and index say what shows what is missing."""
    index = render_index(parse_index(bytes(parts.files["site.index.json"])).files, handling)  # type: ignore[arg-type]
    parts.files["site.index.json"] = index
    parts.manifest["components"]["site"] |= {"digest": digest(index), "not_found_handling": handling}
    return parts


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"index.html": PAGE}, "taken for an application"),
        ({"index.html": PAGE, "_redirects": b"/old / 301"}, "taken for an application"),
        ({"index.html": PAGE, "docs/index.html": PAGE}, "no 404.html"),
        ({"index.html": PAGE, "silent-renew.html": PAGE}, "write `not_found_handling: single-page-application`"),
    ],
)
def test_what_was_found_is_said(files: Mapping[str, bytes], said: str) -> None:
    """Whoever did not say what shows what is missing reads what will."""
    [remark] = SiteArtifact.remarks(*opened(bundle_parts(site_files=files)))
    assert said in remark


def test_what_was_said_needs_no_words() -> None:
    """Nor does a site of pages with a page for what is missing."""
    assert not list(SiteArtifact.remarks(*opened(handled(bundle_parts(), "404-page"))))
    for page in ("404.html", "404/index.html"):
        files = {"index.html": PAGE, "a.html": PAGE, page: PAGE}
        assert not list(SiteArtifact.remarks(*opened(bundle_parts(site_files=files))))


def with_hashed(parts: BundleParts, folders: list[str]) -> BundleParts:
    """The bundle whose release names the folders of hashed files."""
    parts.manifest["components"]["site"]["hashed"] = folders
    return parts


def test_what_cannot_be_searched_for_secrets_is_said() -> None:
    """What stands beside its packed form was searched there."""
    files = {"index.html": PAGE, "404.html": PAGE, "a.js": b"x", "a.js.br": b"x", "b.js.br": b"x", "c/old.7z": b"x"}
    said = [one for one in SiteArtifact.remarks(*opened(bundle_parts(site_files=files))) if "secrets" in one]
    assert said == ["Not searched for secrets, because it cannot be unpacked here: b.js.br, c/old.7z."]


def test_a_site_without_hashes_is_told_what_that_means() -> None:
    """Pages that are open during a release may miss their scripts."""
    parts = bundle_parts(site_files={"index.html": PAGE, **{f"js/{name}.js": b"x" for name in "abcde"}})
    [remark, _] = SiteArtifact.remarks(*opened(parts))
    assert "No file's name carries a hash of its contents (js/a.js, js/b.js, js/c.js and 2 more)" in remark


@pytest.mark.parametrize(
    "files", [{}, {"logo.svg": b"<svg/>"}, {"_next/static/a-1a2b3c4d5e6f7a8b.js": b"x", "b.js": b"x"}]
)
def test_of_hashes_nothing_is_said_when_there_are_some_or_none_are_needed(files: Mapping[str, bytes]) -> None:
    """Pages and images alone do not miss anything."""
    remarks = SiteArtifact.remarks(*opened(bundle_parts(site_files={"index.html": PAGE, **files})))
    assert not [remark for remark in remarks if "hash" in remark]


def test_a_folder_of_hashed_that_matches_nothing_is_said() -> None:
    """Then nothing would be taken for hashed, though hashes might be recognised."""
    files = {"index.html": b"<p>", "a/x-3f9a01bc.js": b"1"}
    said = list(SiteArtifact.remarks(*opened(with_hashed(bundle_parts(site_files=files), ["a/**", "nothing/**"]))))
    assert said[0].startswith("No file matches 'nothing/**' under `hashed`")


@pytest.mark.parametrize(
    ("files", "is_said"),
    [({"a.html": b"x", "b.html": b"y"}, True), ({"a.html": b"x", "b.html": b"y", "_redirects": b"/ /a 302"}, False)],
)
def test_a_site_without_a_page_at_its_root_is_said(files: dict[str, bytes], is_said: bool) -> None:
    """Unless a line of `_redirects` answers that address."""
    said = SiteArtifact.remarks(*opened(bundle_parts(site_files=files)))
    assert any("no index.html at its root" in one for one in said) is is_said


def test_files_that_are_called_hashed_and_do_not_look_so_are_said() -> None:
    """Browsers keep them for a year, because the release says so."""
    files = {"index.html": PAGE, "assets/logo.svg": b"x", "assets/a-1a2b3c4d.js": b"x"}
    [remark, _] = SiteArtifact.remarks(*opened(with_hashed(bundle_parts(site_files=files), ["assets/**"])))
    assert remark.startswith("Browsers keep assets/logo.svg for a year")


def test_the_release_decides() -> None:
    """A site with one page may be one of pages."""
    site, archive = opened(handled(bundle_parts(), "404-page"))
    assert not site.addresses(archive).application
    assert site.files(archive, "release.yaml")


def test_folders_that_the_index_does_not_name_are_refused() -> None:
    """The revision's id comes from the index, and which files are shared depends on them."""
    site, archive = opened(with_hashed(bundle_parts(), ["assets/**"]))
    with pytest.raises(InvalidBundleError, match="does not match `hashed` in the manifest"):
        site.files(archive, "release.yaml")


def test_only_an_applications_revision_depends_on_the_environment() -> None:
    """A site of pages has a page of its own for what is missing."""
    site, archive = opened(bundle_parts(site_files={"index.html": PAGE}))
    assert site.revision(archive, "/index.html") == site.sha256[:16] != site.revision(archive, "/app.html")
    site, archive = opened(bundle_parts(site_files={"index.html": PAGE, "404.html": PAGE}))
    assert site.revision(archive, "/index.html") == site.revision(archive, "/app.html")


def test_a_release_that_says_something_else_than_the_index_is_refused() -> None:
    """The revision's id comes from the index, so what it says is what is staged."""
    parts = handled(bundle_parts(), "404-page")
    parts.manifest["components"]["site"]["not_found_handling"] = "single-page-application"
    site, archive = opened(parts)
    with pytest.raises(InvalidBundleError, match="does not match `not_found_handling` in the manifest"):
        site.files(archive, "release.yaml")


def test_an_index_that_fills_the_memory_is_refused() -> None:
    """It is read in a process with limits: sixteen megabytes of braces are a third of a gigabyte."""
    parts = bundle_parts()
    parts.files["site.index.json"] = b'{"files": {}, "x": [' + b"{}," * 5_000_000 + b"{}]}"
    site, archive = opened(parts)
    with pytest.raises(InvalidBundleError, match="the site's index cannot be read: that takes more than 128 MB"):
        site.read_index(archive)


def test_what_is_beyond_is_said() -> None:
    """Of redirects and of headers, and what a redirect hides."""
    files = {
        "index.html": PAGE,
        "404.html": PAGE,
        "a.html": PAGE,
        "_redirects": b"/x /y 301 Country=de\n/a.html /b",
        "_headers": b"/*\n  Set-Cookie: a=1",
    }
    said = list(SiteArtifact.remarks(*opened(bundle_parts(site_files=files))))
    assert [one.partition(":")[0] for one in said] == [
        "Not followed of _redirects",
        "'/a.html' in _redirects is a file's address, and shows the file.",
        "Not sent of _headers",
    ]


def test_pages_that_browsers_would_keep_are_said() -> None:
    """A rollback would not reach who has them; files with a hash never change."""
    files = {
        "index.html": PAGE,
        "404.html": PAGE,
        "js/a-1a2b3c4d.js": b"x",
        "_headers": b"/*\n  Cache-Control: max-age=600",
    }
    said = list(SiteArtifact.remarks(*opened(bundle_parts(site_files=files))))
    assert [one.partition(" for ")[0] for one in said] == ["Browsers keep 404.html, index.html"]


def test_an_index_of_files_that_are_not_there_is_refused_before_they_are_compared() -> None:
    """Ninety thousand names and fifty patterns cost nothing."""
    parts = bundle_parts(site_files={"index.html": PAGE, "_redirects": b"\n".join(b"/:a%d/z /" % n for n in range(40))})
    listed = parts.files["site.index.json"]
    assert isinstance(listed, bytes)
    index = json.loads(listed)
    index["files"] |= {f"p/{number:x}.html": index["files"]["index.html"] for number in range(30_000)}
    parts.files["site.index.json"] = text = json.dumps(index).encode()
    parts.manifest["components"]["site"]["digest"] = digest(text)
    site, archive = opened(parts)
    site.read_index(archive)
    started = time.process_time()
    with pytest.raises(InvalidBundleError, match="is not in the bundle"):
        site.files(archive, "release.yaml")
    assert time.process_time() - started < 1


def test_rules_that_cost_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are compared with the files in a process that ends."""
    monkeypatch.setattr(artifact, "COMPARED", 1)
    site, archive = opened(bundle_parts(site_files={"index.html": PAGE, "_headers": b"/*\n  X-A: 1\n" * 2_000}))
    with within(0), pytest.raises(InvalidBundleError, match="_headers cannot be read: that takes more than 0 seconds"):
        site.files(archive, "release.yaml")


def test_files_and_rules_are_compared_once() -> None:
    """Verifying, remarks and staging ask for the same."""
    site, archive = opened(bundle_parts(site_files={"index.html": PAGE, "_headers": b"/*\n  X-A: 1"}))
    assert site.addresses(archive) is site.addresses(archive)
    assert site.headers(archive) is site.headers(archive)


def test_headers_without_room_are_refused_when_bundled() -> None:
    """Before anything is touched."""
    site, archive = opened(bundle_parts(site_files={"index.html": PAGE, "_headers": b"/*\n  X-A: " + b"x" * 1_700}))
    with pytest.raises(InvalidBundleError, match="are allowed"):
        site.files(archive, "release.yaml")
