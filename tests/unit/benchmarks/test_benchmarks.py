"""What the benchmarks measure is what they say: the work, the count of requests, the walk through the machine."""

from pathlib import Path

import pytest

from benchmarks.counting import Counts, name_of
from benchmarks.walk import Walk
from benchmarks.workload import KB, Work, build

WORK = Work(300, 300 * KB, 10 * KB)


def test_one_percent_changes(tmp_path: Path) -> None:
    """A change gives the page and some assets other contents, and the assets other names; the rest stays."""
    before, after = build(WORK, tmp_path / "a", 0).md5s(), build(WORK, tmp_path / "b", 1).md5s()
    changed = set(after.items()) - set(before.items())
    assert (len(before), len(after), len(changed)) == (300, 300, 3)
    assert {path.partition("-")[0] for path, _ in changed} == {"index.html", "assets/chunk0", "assets/chunk1"}


def test_the_same_build_has_the_same_bytes(tmp_path: Path) -> None:
    """Nothing changed means nothing: not the site, not the code, not the bundle."""
    one, other = build(WORK, tmp_path / "a", 1), build(WORK, tmp_path / "b", 1)
    assert one.md5s() == other.md5s()
    assert one.code.read_bytes() == other.code.read_bytes()
    assert one.bundle.read_bytes() == other.bundle.read_bytes()


@pytest.mark.parametrize(
    ("method", "target", "headers", "name"),
    [
        ("POST", "/", {"x-amz-target": "DynamoDB_20120810.UpdateItem"}, "unsigned UpdateItem"),
        ("PUT", "/bucket/a%20b?x=1", {}, "unsigned PUT /bucket/a%20b"),
        (
            "GET",
            "/2020-05-31/function/f",
            {"authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/cloudfront/aws4_request, Signed"},
            "cloudfront GET /2020-05-31/function/f",
        ),
    ],
)
def test_requests_have_names(method: str, target: str, headers: dict[str, str], name: str) -> None:
    """A request is named by its service and action."""
    assert name_of(method, target, headers, b"") == name


def test_what_changes_the_application_is_told_from_what_does_not() -> None:
    """Reading, invoking, and the controller's own ledger and bucket are no changes of the application."""
    counts = Counts()
    for request in (
        "s3 PUT /site/a",
        "lambda PUT /2015-03-31/functions/f/code",
        "cloudfront PUT /2020-05-31/function/f",
    ):
        counts.add(request)
    for request in (
        "s3 GET /site",
        "s3 PUT /own/a",
        "lambda POST /2015-03-31/functions/f/invocations",
        "dynamodb PutItem",
    ):
        counts.add(request)
    assert (counts.total, counts.changing("site")) == (7, 3)
    assert counts.objects("site") == {"PUT object": 1, "GET list": 1}


def test_the_walk_passes_every_state_of_a_good_release() -> None:
    """Steps, components and looks are entered as often as they are there."""
    walk = Walk(2, [1, 3])
    expected = {"Stage component": 2, "Shift traffic": 2, "Judge canary": 4, "Guard alarms": 2, "Complete": 1}
    assert {name: walk.entered[name] for name in expected} == expected
    assert "Roll back" not in walk.entered


def test_a_wave_more_costs_three_transitions() -> None:
    """A wave is staged and tested by itself; a release without an order between its components has one wave."""
    assert Walk([1, 1], [1, 1]).transitions == Walk(2, [1, 1]).transitions + 3
