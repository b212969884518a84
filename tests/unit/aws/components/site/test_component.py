import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from controller.aws.components.site import staging
from controller.aws.components.site.component import SiteComponent
from controller.domain.bundle.archive import BundleArchive
from controller.domain.checks.verification import read_check
from controller.domain.components.site.routing import RoutingTable, render
from controller.domain.components.site.target import SiteTarget
from controller.domain.deployment import Pending, Revision
from controller.errors import ChangedByOthersError, InvalidBundleError
from tests.builders import a_bundle, bundle_parts
from tests.reading import Noting
from tests.unit.aws.conftest import ROUTING, SITE, World

ONE: Mapping[str, bytes] = {
    "index.html": b"<title>one",
    "robots.txt": b"User-agent: *",
    "assets/app-1.js": b"one()",
    "assets/shared-0.js": b"shared()",
}
TWO: Mapping[str, bytes] = {
    "index.html": b"<title>two",
    "robots.txt": b"User-agent: *",
    "assets/app-2.js": b"two()",
    "assets/shared-0.js": b"shared()",
}


def stage(world: World, files: Mapping[str, bytes] = ONE, bundle: bytes | None = None) -> Revision:
    """Stage a site of these files."""
    opened = BundleArchive(io.BytesIO(bundle or a_bundle(site_files=files)))
    return world.site().stage(opened.manifest().components["site"], opened)


def test_a_site_waits_until_its_distribution_is_deployed(world: World) -> None:
    """Nothing is uploaded meanwhile, so nothing is left if it is given up; without a distribution, nobody asks."""
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
    """Not its directory, not the index, no file and no file's header."""
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
    """Whether each check passed, and what it says."""
    results = world.site().check(revision, [read_check(json.dumps({"component": "site", **one})) for one in checks])
    return [(result.passed, result.detail) for result in results]


def delete(world: World, keys: Iterable[str]) -> None:
    """Take objects away behind the component's back."""
    for key in keys:
        world.s3.delete_object(Bucket=SITE, Key=key)


def test_a_revision_is_a_folder_and_shared_files_lie_outside(world: World) -> None:
    """The revision is named after its contents; its index is beside its files."""
    revision = stage(world)
    folder = f"revisions/{revision.id}/"
    own = {f"{folder}{name}" for name in ("index.html", "robots.txt", ".index.json")}
    assert world.stored() == {*own, "assets/app-1.js", "assets/shared-0.js"}


def test_files_are_served_as_what_they_are(world: World) -> None:
    """A page is asked for anew each time, a shared file is kept for ever, and a page says which revision it is."""
    revision = stage(world)
    page = world.s3.head_object(Bucket=SITE, Key=f"revisions/{revision.id}/index.html")
    script = world.s3.head_object(Bucket=SITE, Key="assets/app-1.js")
    assert (page["ContentType"], page["CacheControl"]) == (
        "text/html; charset=utf-8",
        "public, max-age=0, must-revalidate",
    )
    assert (script["ContentType"], script["CacheControl"]) == (
        "text/javascript; charset=utf-8",
        "public, max-age=31536000, immutable",
    )
    assert page["Metadata"] == {"revision": revision.id}


def test_a_release_uploads_only_what_is_new(world: World) -> None:
    """Shared files that are there already cost a listing and nothing more."""
    stage(world)
    world.s3_calls.clear()
    stage(world, TWO)
    assert world.s3_calls == {"HeadObject": 1, "ListObjectsV2": 2, "PutObject": 4}


def test_a_complete_revision_takes_one_call(world: World) -> None:
    """Its index is there, so all of it is: nothing is written, nothing is listed."""
    first = stage(world)
    world.s3_calls.clear()
    assert stage(world) == first
    assert world.s3_calls == {"HeadObject": 1}


def test_a_half_staged_revision_is_completed(world: World) -> None:
    """A run that died left some files and no index; the next one uploads what is missing, and the index last."""
    revision = stage(world)
    everything = world.stored()
    delete(world, [f"revisions/{revision.id}/.index.json", f"revisions/{revision.id}/robots.txt", "assets/app-1.js"])
    world.s3_calls.clear()
    assert stage(world) == revision
    assert world.stored() == everything
    assert world.s3_calls["PutObject"] == 3


def test_a_revisions_own_file_with_other_contents_is_replaced(world: World) -> None:
    """A file of the right name may be left from an upload that was cut short."""
    revision = stage(world)
    key = f"revisions/{revision.id}/index.html"
    world.s3.put_object(Bucket=SITE, Key=key, Body=b"<tit")
    delete(world, [f"revisions/{revision.id}/.index.json"])
    stage(world)
    assert world.s3.get_object(Bucket=SITE, Key=key)["Body"].read() == ONE["index.html"]


def test_a_shared_name_never_changes_its_contents(world: World) -> None:
    """Browsers keep such files for ever, so the release is refused, with the two ways out."""
    stage(world)
    with pytest.raises(InvalidBundleError, match=r"'assets/app-1\.js' is in the site's bucket") as caught:
        stage(world, {**ONE, "assets/app-1.js": b"changed()"})
    assert "`hashed`" in caught.value.next_step
    assert world.s3.get_object(Bucket=SITE, Key="assets/app-1.js")["Body"].read() == ONE["assets/app-1.js"]


def test_an_etag_that_is_no_md5_is_not_believed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With KMS encryption the ETag says nothing, and S3's own SHA-256 decides."""
    stage(world)
    monkeypatch.setattr("controller.aws.components.site.files.Stored.is_like", lambda *_: False)
    stage(world, TWO)
    assert "assets/app-2.js" in world.stored()


def test_large_files_go_through_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film in the site does not have to fit into the Lambda's memory."""
    monkeypatch.setattr(staging, "IN_MEMORY", 4)
    stage(world)
    assert world.s3.get_object(Bucket=SITE, Key="assets/app-1.js")["Body"].read() == b"one()"


@pytest.mark.parametrize("in_memory", [4, 1000])
def test_a_file_that_is_not_as_its_index_says_is_not_uploaded(
    world: World, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    """The digest is compared while the bundle is read, and no index is written."""
    monkeypatch.setattr(staging, "IN_MEMORY", in_memory)
    parts = bundle_parts(site_files=ONE)
    parts.files["site/assets/app-1.js"] = b"evil!"
    with pytest.raises(InvalidBundleError, match="does not match its digest"):
        stage(world, bundle=parts.pack())
    assert not any(key.endswith(".index.json") for key in world.stored())


def test_a_function_is_not_staged_as_a_site(world: World) -> None:
    """The bundle and the environment disagree about the component's kind."""
    bundle = BundleArchive(io.BytesIO(a_bundle()))
    artifact = bundle.manifest().components["api"]
    with pytest.raises(InvalidBundleError, match="is a site in this environment and a function in the bundle"):
        world.site().stage(artifact, bundle)


def test_a_whole_revision_passes(world: World) -> None:
    """The listings have every file, and each path is answered as visitors would see it."""
    revision = stage(world)
    assert check(world, revision, {"path": "/", "contains": "one"}, {"path": "/trips/7"}, {"path": "/nothing.txt"}) == [
        (True, "all 4 files are there"),
        (True, "status 200, as expected"),
        (True, "status 200, as expected"),
        (False, "expected status 200, got 404: (empty answer)"),
    ]


@pytest.mark.parametrize(
    ("request_", "status"),
    [({"path": "/../x"}, 400), ({"path": "/", "method": "POST"}, 405), ({"path": "/", "method": "HEAD"}, 200)],
)
def test_a_site_answers_only_what_a_site_can(world: World, request_: Mapping[str, Any], status: int) -> None:
    """Odd paths and other methods have the answers that visitors would get."""
    _, (passed, _) = check(world, stage(world), {**request_, "status": status})
    assert passed


def test_a_staged_page_is_loaded_with_all_it_needs(world: World) -> None:
    """From the revision's objects, shared files included, while no visitor can see it."""
    page = b"<link rel=icon href=/i.svg><script src=assets/app-1.js></script><img src=https://cdn.example/x.png>"
    revision = stage(world, {**ONE, "index.html": page, "i.svg": b"<svg/>"})
    assert check(world, revision, {"kind": "site"})[1] == (True, "the page and 2 files that it needs are there")
    assert check(world, revision, {"kind": "site", "path": "/trips/7"})[1] == (
        False,
        "1 of 3 files are not right: /trips/assets/app-1.js has status 404",
    )


def test_a_link_to_a_page_that_stands_in_for_a_missing_file_is_found(world: World) -> None:
    """A path without a dot is answered with the site's page."""
    revision = stage(world, {**ONE, "index.html": b"<img src=/logo>"})
    assert check(world, revision, {"kind": "site"})[1] == (
        False,
        "1 of 2 files are not right: /logo is text/html and used as an image",
    )


def test_headers_that_an_object_has_are_compared_before_traffic(world: World) -> None:
    """Those that CloudFront adds can only be seen from outside; and nobody waits for an object as for a page."""
    header = {"content-type": "text/plain", "strict-transport-security": "present"}
    results = check(world, stage(world), {"path": "/", "header": header}, {"path": "/", "max_latency_ms": 1})
    assert results[1:] == [
        (False, "the header content-type is text/html; charset=utf-8, expected text/plain"),
        (True, "status 200, as expected"),
    ]


def test_a_missing_file_fails_the_test(world: World) -> None:
    """Listings find it, without a request for every file."""
    revision = stage(world)
    delete(world, ["assets/app-1.js"])
    assert check(world, revision) == [(False, "1 of 4 files are missing or cut short: assets/app-1.js")]


def test_a_revision_without_index_fails_the_test(world: World) -> None:
    """It is not complete, so it must not get visitors."""
    [(passed, detail)] = check(world, Revision("f" * 16))
    assert not passed
    assert "has no index" in detail


def test_checks_of_other_components_are_not_made(world: World) -> None:
    """Each component makes its own."""
    results = world.site().check(stage(world), [read_check('{"component":"api","path":"/health"}')])
    assert [result.check for result in results] == ["files of site"]


def test_pruning_keeps_what_is_live_and_what_it_shares(world: World) -> None:
    """An old revision goes with the files that only it used; what the others use stays."""
    first, second = stage(world), stage(world, TWO)
    publish(world, second)
    assert world.site().prune([], 1) == 1
    assert world.stored() == {
        f"revisions/{second.id}/index.html",
        f"revisions/{second.id}/robots.txt",
        f"revisions/{second.id}/.index.json",
        "assets/app-2.js",
        "assets/shared-0.js",
    }
    assert first.id not in str(world.stored())


def test_pruning_keeps_the_restore_point_and_the_newest(world: World) -> None:
    """Nothing goes that a rollback may need."""
    first, second = stage(world), stage(world, TWO)
    publish(world, second)
    before = world.stored()
    assert world.site().prune([first], 1) == 0
    assert world.site().prune([], 5) == 0
    assert world.stored() == before


def test_what_was_staged_in_vain_goes_with_the_files_that_only_it_used(world: World) -> None:
    """What is live keeps all its files, and the same site can be staged again."""
    first = stage(world)
    publish(world, first)
    before = world.stored()
    second = stage(world, TWO)
    staged = world.stored()
    assert world.site().discard(second)
    assert world.stored() == before
    assert not world.site().discard(second)
    assert (stage(world, TWO), world.stored()) == (second, staged)


def test_what_is_live_is_not_discarded(world: World) -> None:
    """Not even when it is asked for."""
    first = stage(world)
    publish(world, first)
    before = world.stored()
    assert not world.site().discard(first)
    assert world.stored() == before


def test_pruning_takes_leftovers_away_but_no_strangers_files(world: World) -> None:
    """A half-staged revision is nobody's; a shared file that no index lists may be somebody's."""
    second = stage(world, TWO)
    publish(world, second)
    world.s3.put_object(Bucket=SITE, Key="revisions/0000/index.html", Body=b"half")
    world.s3.put_object(Bucket=SITE, Key="assets/theirs.js", Body=b"theirs()")
    assert world.site().prune([], 1) == 1
    assert "revisions/0000/index.html" not in world.stored()
    assert "assets/theirs.js" in world.stored()


def test_an_index_goes_before_its_files(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the deleting is interrupted, nobody takes what is left for a complete revision."""
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
    """What is live cannot be told, so nothing may go."""
    stage(world)
    world.routing.edit("LIVE", b"// mine")
    with pytest.raises(ChangedByOthersError):
        world.site().prune([], 1)


def test_the_index_lists_the_shared_folders(world: World) -> None:
    """The routing function needs them, and reads no bundle."""
    revision = stage(world)
    head = world.s3.head_object(Bucket=SITE, Key=f"revisions/{revision.id}/.index.json")
    assert json.loads(head["Metadata"]["hashed"]) == ["assets/"]
