"""A release's checks really run: by invocations and objects before traffic, as a visitor after it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from tests.e2e.lab import Lab
from tests.registering import register

LOAD = "\n  load: {component: api, path: /health, requests: 60, concurrency: 6, p95_ms: 5000, max_errors: 0}\n"
ABSENT_SCRIPT = '<script src="/assets/gone.js"></script></head>'


def release(lab: Lab, change: Callable[[Path], None]) -> str:
    """Upload a new version whose folder was changed; returns the deployment's id."""
    version = lab.new_version()
    source = lab.source(version)
    change(source)
    return lab.upload(make_bundle(source, lab.folder / "bundles" / f"{version}.zip", builder=None).read_bytes())


def with_load(source: Path) -> None:
    """A release that is put under load."""
    manifest = source / "release.yaml"
    manifest.write_text(manifest.read_text().rstrip() + LOAD)


def with_a_torn_page(source: Path) -> None:
    """A release whose page needs a script that was forgotten."""
    page = source / "frontend" / "dist" / "index.html"
    page.write_text(page.read_text().replace("</head>", ABSENT_SCRIPT))


@contextmanager
def public_urls_only(lab: Lab) -> Iterator[None]:
    """The environment as it would be on AWS."""
    before = lab.configuration()
    register(lab.client("ssm"), {**before, "allow_private_urls": False})
    try:
        yield
    finally:
        register(lab.client("ssm"), before)


def test_a_version_is_put_under_load_before_it_gets_visitors(lab: Lab) -> None:
    """The load is one more check of the staged version, and none from outside."""
    deployment = release(lab, with_load)
    assert lab.ended(deployment).phase == Phase.SUCCEEDED
    told = [event.message for event in lab.ledger.timeline(deployment) if event.kind in {"tested", "verified"}]
    assert told == [
        "api: 5 checks passed before traffic.",
        "site: 4 checks passed before traffic.",
        "Step 1: 8 checks passed from outside.",
    ]


def test_a_page_that_lacks_a_script_gets_no_visitors(lab: Lab) -> None:
    """Its own files are all there: only loading the page as a browser does shows it."""
    deployment = release(lab, with_a_torn_page)
    ended = lab.ended(deployment)
    assert ended.phase == Phase.ROLLED_BACK
    assert "Check failed before traffic: page / of site" in ended.reason
    assert "/assets/gone.js has status 404" in ended.reason
    assert "shifted" not in lab.kinds(deployment)


def test_an_address_that_may_not_be_asked_is_known_before_anything_is_touched(lab: Lab) -> None:
    """The local edge is on loopback; an environment on AWS would not allow that."""
    with public_urls_only(lab):
        ended = lab.ended(lab.release())
    assert (ended.phase, ended.restore_point) == (Phase.REJECTED, None)
    assert "leads to the loopback address 127.0.0.1" in ended.reason
    assert "`allow_private_urls`" in ended.next_step
