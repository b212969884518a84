import gzip
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from controller.aws.components.site import staging
from controller.aws.components.site.component import SiteComponent
from controller.domain.bundle.archive import BundleArchive
from controller.domain.checks.verification import read_check
from controller.domain.components.site.index import parse_index, render_index
from controller.domain.components.site.routing import RoutingTable, render
from controller.domain.components.site.target import SiteTarget
from controller.domain.deployment import Pending, Revision
from controller.errors import ChangedByOthersError, InvalidBundleError
from tests.builders import a_bundle, bundle_parts, digest
from tests.reading import Noting
from tests.unit.aws.conftest import ROUTING, SITE, World

ONE: Mapping[str, bytes] = {
    "index.html": b"<title>one",
    "robots.txt": b"User-agent: *",
    "assets/app-1a2b3c41.js": b"one()",
    "assets/shared-0a1b2c3d.js": b"shared()",
}
TWO: Mapping[str, bytes] = {
    "index.html": b"<title>two",
    "robots.txt": b"User-agent: *",
    "assets/app-1a2b3c42.js": b"two()",
    "assets/shared-0a1b2c3d.js": b"shared()",
}


def stage(world: World, files: Mapping[str, bytes] = ONE, bundle: bytes | None = None) -> Revision:
    """Stage a site of these files."""
    opened = BundleArchive(io.BytesIO(bundle or a_bundle(site_files=files)))
    return world.site().stage(opened.manifest().components["site"], opened)


def test_a_site_waits_until_its_distribution_is_deployed(world: World) -> None:
    """Nothing is uploaded before, so a failure leaves nothing; without a distribution CloudFront is not called."""
    target = SiteTarget(kind="site", bucket=SITE, routing_function=ROUTING, distribution_id="E123")
    site = SiteComponent(target, "site", world.clients)
    world.routing.status = "InProgress"
    opened = BundleArchive(io.BytesIO(a_bundle(site_files=ONE)))
    artifact = opened.manifest().components["site"]
    assert isinstance(site.stage(artifact, opened), Pending)
    assert world.stored() == set()
    world.routing.status = "Deployed"
    revision = site.stage(artifact, opened)
    assert isinstance(revision, Revision)
    assert world.stored() != set()
    world.routing.calls.clear()
    assert world.site().stage(artifact, opened) == revision
    assert world.routing.calls == []


def test_nothing_of_the_bundle_is_read_twice(world: World) -> None:
    """Neither its directory, nor the index, nor a file or its header."""
    data = a_bundle(site_files=ONE)
    file = Noting(data)
    opened = BundleArchive(file)
    artifact = opened.manifest().components["site"]
    opened_at, file.spans = file.spans, []
    world.site().stage(artifact, opened)
    end = min(start for start, _ in opened_at if start > len(data) // 2)
    assert file.spans
    assert (file.times(0, end), file.times(end, len(data))) == (1, 0)


def publish(world: World, revision: Revision) -> None:
    """Send all visitors to a revision."""
    for name in ("DEVELOPMENT", "LIVE"):
        world.routing.edit(name, render(RoutingTable(revision.id)))


def check(world: World, revision: Revision, *checks: Mapping[str, Any]) -> list[tuple[bool, str]]:
    """Whether each check passed, and its message."""
    results = world.site().check(revision, [read_check(json.dumps({"component": "site", **one})) for one in checks])
    return [(result.passed, result.detail) for result in results]


def delete(world: World, keys: Iterable[str]) -> None:
    """Delete objects without the component."""
    for key in keys:
        world.s3.delete_object(Bucket=SITE, Key=key)


def test_a_revision_is_a_folder_and_shared_files_are_outside(world: World) -> None:
    """The revision is named after its contents; its index is beside its files."""
    revision = stage(world)
    folder = f"revisions/{revision.id}/"
    own = {f"{folder}{name}" for name in ("index.html", "robots.txt", ".404.html", ".index.json")}
    assert world.stored() == {*own, "assets/app-1a2b3c41.js", "assets/shared-0a1b2c3d.js"}


def test_files_have_their_types_and_cache_headers(world: World) -> None:
    """Browsers request a page each time and keep a shared file for ever; a page names its revision."""
    revision = stage(world)
    page = world.s3.head_object(Bucket=SITE, Key=f"revisions/{revision.id}/index.html")
    script = world.s3.head_object(Bucket=SITE, Key="assets/app-1a2b3c41.js")
    assert (page["ContentType"], page["CacheControl"]) == (
        "text/html; charset=utf-8",
        "public, max-age=0, must-revalidate",
    )
    assert (script["ContentType"], script["CacheControl"]) == (
        "text/javascript; charset=utf-8",
        "public, max-age=31536000, immutable",
    )
    assert page["Metadata"] == {"revision": revision.id}


def test_a_release_uploads_only_new_files(world: World) -> None:
    """Shared files that are there already cost only a listing."""
    stage(world)
    world.s3_calls.clear()
    stage(world, TWO)
    assert world.s3_calls == {"HeadObject": 1, "ListObjectsV2": 2, "PutObject": 5}


def test_a_file_without_a_hash_may_change_wherever_it_lies(world: World) -> None:
    """Browsers ask for it each time, and the next release may have other contents under its name."""
    first, second = (
        stage(world, {"index.html": b"<title>", "assets/logo.svg": logo}) for logo in (b"<svg/>", b"<svg></svg>")
    )
    for revision in (first, second):
        head = world.s3.head_object(Bucket=SITE, Key=f"revisions/{revision.id}/assets/logo.svg")
        assert head["CacheControl"] == "public, max-age=0, must-revalidate"


def test_what_is_compressed_is_served_and_checked_as_what_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its encoding, also when it is large; checks look at what browsers make of it."""
    files = {"index.html": b"<title>", "a.js.gz": gzip.compress(b"small()"), "b.json.gz": gzip.compress(b"[]" * 9000)}
    monkeypatch.setattr(staging, "IN_MEMORY", 50)
    revision = stage(world, files)
    for name, kind in (("a.js.gz", "text/javascript; charset=utf-8"), ("b.json.gz", "application/json")):
        head = world.s3.head_object(Bucket=SITE, Key=f"revisions/{revision.id}/{name}")
        assert (head["ContentType"], head["ContentEncoding"]) == (kind, "gzip")
    [_, result] = world.site().check(
        revision, [read_check('{"component":"site","path":"/a.js.gz","contains":"small()"}')]
    )
    assert result.passed, result.detail


def test_files_with_a_hash_are_shared_wherever_they_lie(world: World) -> None:
    """A page that is still open finds the chunks of its release."""
    stage(world, {"index.html": b"<title>", "static/js/787.3f9a1c2b.chunk.js": b"1", "main-5INURTSO.js": b"1"})
    stage(world, {"index.html": b"<title>", "static/js/787.77aa01ff.chunk.js": b"2", "main-3QFSZAXR.js": b"2"})
    shared = {key for key in world.stored() if not key.startswith("revisions/")}
    assert shared == {
        "static/js/787.3f9a1c2b.chunk.js",
        "static/js/787.77aa01ff.chunk.js",
        "main-5INURTSO.js",
        "main-3QFSZAXR.js",
    }


def test_shared_files_outside_of_folders_are_found_by_a_listing(world: World) -> None:
    """They are not uploaded again, and the revisions are not listed for them."""
    files = {"index.html": b"<title>", "main-5INURTSO.js": b"1"}
    stage(world, files)
    world.s3_calls.clear()
    stage(world, {**files, "robots.txt": b"x"})
    assert world.s3_calls == {"HeadObject": 1, "ListObjectsV2": 2, "PutObject": 4}


def test_a_complete_revision_takes_one_call(world: World) -> None:
    """Its index is there, so it is complete: nothing is written or listed."""
    first = stage(world)
    world.s3_calls.clear()
    assert stage(world) == first
    assert world.s3_calls == {"HeadObject": 1}


def test_a_half_staged_revision_is_completed(world: World) -> None:
    """An interrupted run left some files and no index; the next one uploads the missing files, and the index last."""
    revision = stage(world)
    everything = world.stored()
    delete(
        world, [f"revisions/{revision.id}/.index.json", f"revisions/{revision.id}/robots.txt", "assets/app-1a2b3c41.js"]
    )
    world.s3_calls.clear()
    assert stage(world) == revision
    assert world.stored() == everything
    assert world.s3_calls["PutObject"] == 3


def test_a_revisions_own_file_with_other_contents_is_replaced(world: World) -> None:
    """A file with the right name may come from an interrupted upload."""
    revision = stage(world)
    key = f"revisions/{revision.id}/index.html"
    world.s3.put_object(Bucket=SITE, Key=key, Body=b"<tit")
    delete(world, [f"revisions/{revision.id}/.index.json"])
    stage(world)
    assert world.s3.get_object(Bucket=SITE, Key=key)["Body"].read() == ONE["index.html"]


def test_a_shared_name_never_changes_its_contents(world: World) -> None:
    """Browsers keep such files for ever, so the release is refused, with two solutions."""
    stage(world)
    with pytest.raises(InvalidBundleError, match=r"'assets/app-1a2b3c41\.js' is in the site's bucket") as caught:
        stage(world, {**ONE, "assets/app-1a2b3c41.js": b"changed()"})
    assert "`hashed`" in caught.value.next_step
    assert (
        world.s3.get_object(Bucket=SITE, Key="assets/app-1a2b3c41.js")["Body"].read() == ONE["assets/app-1a2b3c41.js"]
    )


def test_an_etag_that_is_no_md5_is_not_trusted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With KMS encryption the ETag is no digest, and S3's own SHA-256 decides."""
    stage(world)
    monkeypatch.setattr("controller.aws.components.site.files.Stored.is_like", lambda *_: False)
    stage(world, TWO)
    assert "assets/app-1a2b3c42.js" in world.stored()


def test_large_files_are_buffered_on_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film in the site does not have to fit into the Lambda's memory."""
    monkeypatch.setattr(staging, "IN_MEMORY", 4)
    stage(world)
    assert world.s3.get_object(Bucket=SITE, Key="assets/app-1a2b3c41.js")["Body"].read() == b"one()"


@pytest.mark.parametrize("in_memory", [4, 1000])
def test_a_file_that_does_not_match_its_index_is_not_uploaded(
    world: World, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    """The digest is compared while the bundle is read, and no index is written."""
    monkeypatch.setattr(staging, "IN_MEMORY", in_memory)
    parts = bundle_parts(site_files=ONE)
    parts.files["site/assets/app-1a2b3c41.js"] = b"evil!"
    with pytest.raises(InvalidBundleError, match="does not match its digest"):
        stage(world, bundle=parts.pack())
    assert not any(key.endswith(".index.json") for key in world.stored())


def test_a_function_is_not_staged_as_a_site(world: World) -> None:
    """The bundle and the environment disagree about the component's kind."""
    bundle = BundleArchive(io.BytesIO(a_bundle()))
    artifact = bundle.manifest().components["api"]
    with pytest.raises(InvalidBundleError, match="is a site in this environment and a function in the bundle"):
        world.site().stage(artifact, bundle)


def test_a_complete_revision_passes(world: World) -> None:
    """The listings have every file, and each path has the answer that visitors would get."""
    revision = stage(world)
    assert check(world, revision, {"path": "/", "contains": "one"}, {"path": "/trips/7"}, {"path": "/nothing.txt"}) == [
        (True, "all 4 files are there"),
        (True, "status 200, as expected"),
        (True, "status 200, as expected"),
        (False, "expected status 200, got 404: (empty answer)"),
    ]


@pytest.mark.parametrize(
    ("actions", "status"),
    [
        ("s3:GetObject", 403),
        (["s3:GetObject", "s3:ListBucket"], 404),
        ("s3:*", 404),
    ],
)
def test_what_is_missing_has_the_status_that_visitors_will_see(world: World, actions: object, status: int) -> None:
    """S3 answers 403 to a CloudFront that may not list the bucket, so the check passes before traffic only if so."""
    reader = {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": actions}
    policy = {"Version": "2012-10-17", "Statement": [{**reader, "Resource": f"arn:aws:s3:::{SITE}/*"}]}
    world.s3.put_bucket_policy(Bucket=SITE, Policy=json.dumps(policy))
    results = check(world, stage(world), *({"path": "/nothing.txt", "status": one} for one in (403, 404)))
    assert [passed for passed, _ in results] == [True, status == 403, status == 404]


PAGES: Mapping[str, bytes] = {
    "index.html": b"<title>HOME",
    "docs/index.html": b"<title>DOCS",
    "about.html": b"<title>ABOUT",
    "404.html": b"<title>GONE",
    "LICENSE": b"text",
    "c++.html": b"<title>C++",
    "100%.html": b"<title>ALL",
}
OUTSIDE = {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject"}


def let_in(world: World, *resources: str) -> None:
    """Let CloudFront read objects with these names."""
    statements = [{**OUTSIDE, "Resource": f"arn:aws:s3:::{SITE}/{one}"} for one in resources]
    world.s3.put_bucket_policy(Bucket=SITE, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


@pytest.mark.parametrize(
    "one",
    [
        {"path": "/", "contains": "HOME"},
        {"path": "/docs/", "contains": "DOCS"},
        {"path": "/docs", "contains": "DOCS"},
        {"path": "/docs?x=1", "status": 301, "header": {"location": "/docs/?x=1"}},
        {"path": "/docs", "kind": "site"},
        {"path": "/about", "contains": "ABOUT", "header": {"content-type": "text/html; charset=utf-8"}},
        {"path": "/LICENSE", "contains": "text"},
        {"path": "/c++.html", "contains": "C++"},
        {"path": "/c%2B%2B", "contains": "C++"},
        {"path": "/100%25.html", "contains": "ALL"},
        {"path": "/nothing/here", "status": 404, "contains": "GONE"},
        {"path": "/users/john.doe", "status": 404, "contains": "GONE"},
        {"path": "/.index.json", "status": 404, "contains": "GONE"},
    ],
    ids=lambda one: one["path"],
)
def test_a_site_of_pages_answers_as_its_makers_built_it(world: World, one: Mapping[str, Any]) -> None:
    """A file that exists, then the page in the folder, then the page for what is missing; never the home page."""
    let_in(world, "*", "revisions/*/.404.html")
    assert check(world, stage(world, PAGES), one)[1][0]


@pytest.mark.parametrize(
    ("files", "page"),
    [(ONE, b"<title>one"), ({**ONE, "about.html": b"x"}, b"There is no such page"), (PAGES, b"<title>GONE")],
)
def test_what_is_missing_is_a_404_with_a_page_of_the_revision(
    world: World, files: Mapping[str, bytes], page: bytes
) -> None:
    """The site's own, or the application's, or a small one; CloudFront may not list the bucket for that."""
    let_in(world, "*", "revisions/*/.404.html")
    revision = stage(world, files)
    results = check(world, revision, {"path": "/favicon.ico", "status": 404, "contains": page.decode()})
    assert results[1] == (True, "status 404, as expected")
    stored = world.s3.get_object(Bucket=SITE, Key=f"revisions/{revision.id}/.404.html")
    assert json.loads(stored["Metadata"]["selfright"]) == {"status": 404}


def test_another_page_of_an_application_is_another_revision(world: World) -> None:
    """Two environments, or one that was changed, name it; each revision keeps the page with which it was staged."""
    files = {"index.html": b"<title>index", "app.htm": b"<title>app"}
    parts = bundle_parts(site_files=files)
    index = render_index(parse_index(bytes(parts.files["site.index.json"])).files, "single-page-application")
    parts.files["site.index.json"] = index
    parts.manifest["components"]["site"] |= {"digest": digest(index), "not_found_handling": "single-page-application"}
    bundle = BundleArchive(io.BytesIO(parts.pack()))
    let_in(world, "*", "revisions/*/.404.html")
    found = {}
    for page in ("index.html", "app.htm"):
        target = SiteTarget(kind="site", bucket=SITE, routing_function=ROUTING, fallback=f"/{page}")
        site = SiteComponent(target, "site", world.clients)
        revision = site.stage(bundle.manifest().components["site"], bundle)
        assert isinstance(revision, Revision)
        found[page] = revision
    assert found["index.html"] != found["app.htm"]
    for page, revision in found.items():
        title = files[page].decode()
        missing = {"path": "/favicon.ico", "status": 404, "contains": title}
        results = check(world, revision, missing, {"path": "/trips", "contains": title})
        assert [passed for passed, _ in results] == [True] * 3


RULED: Mapping[str, bytes] = {
    **PAGES,
    "assets/app-1.js": b"one()",
    "_redirects": b"/old /new 301\n/blog/* /posts/:splat 308\n/api/* https://api.example/:splat 200",
    "_headers": b"/*\n  X-Frame-Options: DENY\n/docs/\n  X-Docs: 1\n/assets/*\n  Access-Control-Allow-Origin: *",
}


@pytest.mark.parametrize(
    "one",
    [
        {"path": "/old?a=1", "status": 301, "header": {"location": "/new?a=1"}},
        {"path": "/old/", "status": 301, "header": {"location": "/new"}},
        {"path": "/blog/a/b?x=1", "status": 308, "header": {"location": "/posts/a/b?x=1"}},
        {"path": "/", "header": {"x-frame-options": "DENY"}},
        {"path": "/docs/", "header": {"x-frame-options": "DENY", "x-docs": "1"}},
        {"path": "/docs", "header": {"x-docs": "1"}},
        {"path": "/about", "header": {"x-frame-options": "DENY"}},
        {"path": "/assets/app-1.js", "header": {"access-control-allow-origin": "*"}},
        {"path": "/_redirects", "status": 404},
        {"path": "/_headers", "status": 404},
    ],
    ids=lambda one: one["path"],
)
def test_a_site_brings_redirects_and_headers_of_its_own(world: World, one: Mapping[str, Any]) -> None:
    """As its `_redirects` and `_headers` say; nobody reads these files."""
    let_in(world, "*", "revisions/*/.404.html")
    assert check(world, stage(world, RULED), one)[1] == (True, f"status {one.get('status', 200)}, as expected")


@pytest.mark.parametrize(
    "name",
    ["docs/1.4.0-3f2a1b4c/index.html", "docs/v1.2-3f2a1b4c.html", "jquery.min-9f86d081.html", "a-3f2a1b4c.js.html"],
)
def test_a_page_with_a_hash_in_its_name_is_the_revisions(world: World, name: str) -> None:
    """It may have other contents in the next release, whose staging changes nothing that visitors get."""
    old = stage(world, {**PAGES, name: b"one"})
    new = stage(world, {**PAGES, name: b"two"})
    assert all(key.startswith("revisions/") for key in world.stored())
    for revision, text in ((old, "one"), (new, "two")):
        found = check(world, revision, {"path": f"/{name.removesuffix('index.html')}", "contains": text})
        assert [passed for passed, _ in found] == [True, True]


def test_a_page_of_a_version_with_a_hash_has_its_short_address(world: World) -> None:
    """What has no suffix like that of a file is not taken for a file with a hash."""
    revision = stage(world, {**PAGES, "v1.2-3f2a1b4c.html": b"one", "1.4.0-3f2a1b4c/index.html": b"two"})
    found = check(
        world,
        revision,
        {"path": "/v1.2-3f2a1b4c", "contains": "one"},
        {"path": "/1.4.0-3f2a1b4c", "contains": "two"},
    )
    assert [passed for passed, _ in found] == [True, True, True]


def test_an_application_shows_files_without_a_dot(world: World) -> None:
    """The routing function is told of them; every other path without a dot is the application's."""
    files = {**ONE, "LICENSE": b"text", ".well-known/apple-app-site-association": b"{}"}
    revision = stage(world, files)
    association = {"path": "/.well-known/apple-app-site-association", "header": {"content-type": "application/json"}}
    checks = ({"path": "/LICENSE", "contains": "text"}, association, {"path": "/trips/7", "contains": "one"})
    assert [passed for passed, _ in check(world, revision, *checks)] == [True] * 4


def test_the_page_for_what_is_missing_must_be_there(world: World) -> None:
    """A revision without the objects that staging adds is not complete."""
    revision = stage(world, PAGES)
    delete(world, [f"revisions/{revision.id}/.404.html", f"revisions/{revision.id}/docs"])
    [(passed, detail)] = check(world, revision)
    assert not passed
    assert detail.startswith("2 of 7 files are missing or cut short")


def test_what_staging_adds_is_completed_too(world: World) -> None:
    """An interrupted staging is completed, and what is there is not written again."""
    revision = stage(world, PAGES)
    folder, everything = f"revisions/{revision.id}/", world.stored()
    delete(world, [f"{folder}{name}" for name in (".index.json", "docs", "about")])
    world.s3_calls.clear()
    stage(world, PAGES)
    assert world.stored() == everything
    assert world.s3_calls["PutObject"] == 3


@pytest.mark.parametrize(
    ("request_", "status"),
    [({"path": "/../x"}, 400), ({"path": "/", "method": "POST"}, 405), ({"path": "/", "method": "HEAD"}, 200)],
)
def test_a_site_answers_only_what_a_site_can(world: World, request_: Mapping[str, Any], status: int) -> None:
    """Odd paths and other methods have the answers that visitors would get."""
    _, (passed, _) = check(world, stage(world), {**request_, "status": status})
    assert passed


def test_a_staged_page_is_loaded_with_its_files(world: World) -> None:
    """The files come from the revision's objects and the shared folders, while no visitor can see them."""
    page = b"<link rel=icon href=/i.svg><script src=assets/app-1a2b3c41.js></script><img src=https://cdn.example/x.png>"
    revision = stage(world, {**ONE, "index.html": page, "i.svg": b"<svg/>"})
    assert check(world, revision, {"kind": "site"})[1] == (True, "the page and 2 files that it needs are there")
    assert check(world, revision, {"kind": "site", "path": "/trips/7"})[1] == (
        False,
        "1 of 3 files are not right: /trips/assets/app-1a2b3c41.js has status 404",
    )


def test_a_page_that_needs_a_hashed_file_of_an_earlier_release_alone_fails(world: World) -> None:
    """That file is served for now, and is deleted with the earlier release: then the page would break by itself."""
    page = b"<script src=/assets/app-1a2b3c41.js></script><script src=/assets/shared-0a1b2c3d.js></script>"
    stage(world, ONE)
    revision = stage(world, {**TWO, "index.html": page})
    of_the_page, of_the_file = check(world, revision, {"kind": "site"}, {"path": "/assets/app-1a2b3c41.js"})[1:]
    why = "it is a file of an earlier release, which this release does not have"
    assert of_the_page == (False, f"1 of 3 files are not right: /assets/app-1a2b3c41.js: {why}")
    assert of_the_file == (True, "status 200, as expected")


def test_a_link_that_the_fallback_page_answers_is_found(world: World) -> None:
    """The site's page answers a path without a dot."""
    revision = stage(world, {**ONE, "index.html": b"<img src=/logo>"})
    assert check(world, revision, {"kind": "site"})[1] == (
        False,
        "1 of 2 files are not right: /logo is text/html and used as an image",
    )


def test_headers_that_an_object_has_are_compared_before_traffic(world: World) -> None:
    """Headers that CloudFront adds show only from outside; the latency of an object is not that of a page."""
    header = {"content-type": "text/plain", "strict-transport-security": "present"}
    results = check(world, stage(world), {"path": "/", "header": header}, {"path": "/", "max_latency_ms": 1})
    assert results[1:] == [
        (False, "the header content-type is text/html; charset=utf-8, expected text/plain"),
        (True, "status 200, as expected"),
    ]


def test_a_missing_file_fails_the_test(world: World) -> None:
    """The listings find it, without a request for every file."""
    revision = stage(world)
    delete(world, ["assets/app-1a2b3c41.js"])
    assert check(world, revision) == [(False, "1 of 4 files are missing or cut short: assets/app-1a2b3c41.js")]


def test_a_revision_without_index_fails_the_test(world: World) -> None:
    """It is not complete, so it must not get visitors."""
    [(passed, detail)] = check(world, Revision("f" * 16))
    assert not passed
    assert "has no index" in detail


def test_checks_of_other_components_are_not_made(world: World) -> None:
    """Each component makes its own checks."""
    results = world.site().check(stage(world), [read_check('{"component":"api","path":"/health"}')])
    assert [result.check for result in results] == ["files of site"]


def test_a_prune_keeps_the_live_revision_and_its_shared_files(world: World) -> None:
    """An old revision is deleted with the files that only it used; the files of others stay."""
    first, second = stage(world), stage(world, TWO)
    publish(world, second)
    assert world.site().prune([], 1) == 1
    assert world.stored() == {
        f"revisions/{second.id}/index.html",
        f"revisions/{second.id}/robots.txt",
        f"revisions/{second.id}/.404.html",
        f"revisions/{second.id}/.index.json",
        "assets/app-1a2b3c42.js",
        "assets/shared-0a1b2c3d.js",
    }
    assert first.id not in str(world.stored())


def test_a_prune_keeps_the_restore_point_and_the_newest(world: World) -> None:
    """Revisions that a rollback may need stay."""
    first, second = stage(world), stage(world, TWO)
    publish(world, second)
    before = world.stored()
    assert world.site().prune([first], 1) == 0
    assert world.site().prune([], 5) == 0
    assert world.stored() == before


def test_a_discarded_revision_is_deleted_with_the_files_that_only_it_used(world: World) -> None:
    """The live revision keeps all its files, and the same site can be staged again."""
    first = stage(world)
    publish(world, first)
    before = world.stored()
    second = stage(world, TWO)
    staged = world.stored()
    assert world.site().discard(second)
    assert world.stored() == before
    assert not world.site().discard(second)
    assert (stage(world, TWO), world.stored()) == (second, staged)


def test_the_live_revision_is_not_discarded(world: World) -> None:
    """A request to discard it changes nothing."""
    first = stage(world)
    publish(world, first)
    before = world.stored()
    assert not world.site().discard(first)
    assert world.stored() == before


def test_a_prune_deletes_incomplete_revisions_but_no_files_of_others(world: World) -> None:
    """A half-staged revision is not used; a shared file that no index lists may belong to somebody."""
    second = stage(world, TWO)
    publish(world, second)
    world.s3.put_object(Bucket=SITE, Key="revisions/0000/index.html", Body=b"half")
    world.s3.put_object(Bucket=SITE, Key="assets/theirs-0a1b2c3e.js", Body=b"theirs()")
    assert world.site().prune([], 1) == 1
    assert "revisions/0000/index.html" not in world.stored()
    assert "assets/theirs-0a1b2c3e.js" in world.stored()


def test_an_index_is_deleted_before_its_files(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an interrupted deletion, the remains do not look like a complete revision."""
    first, second = stage(world), stage(world, TWO)
    publish(world, second)
    deleted: list[str] = []
    world.s3.meta.events.register(
        "before-call.s3.DeleteObjects", lambda params, **_: deleted.append(str(params["body"]))
    )
    world.site().prune([], 1)
    assert f"revisions/{first.id}/.index.json" in deleted[0]
    assert "index.html" not in deleted[0]


def test_nothing_is_pruned_while_somebody_else_routes(world: World) -> None:
    """The live revision is unknown, so nothing may be deleted."""
    stage(world)
    world.routing.edit("LIVE", b"// mine")
    with pytest.raises(ChangedByOthersError):
        world.site().prune([], 1)


def test_the_index_lists_the_shared_folders(world: World) -> None:
    """The routing function needs the folders, and reads no bundle."""
    revision = stage(world)
    head = world.s3.head_object(Bucket=SITE, Key=f"revisions/{revision.id}/.index.json")
    assert json.loads(head["Metadata"]["hashed"]) is None
