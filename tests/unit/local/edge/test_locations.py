"""The site's edge locations in weather."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from selfright.local.edge.counts import EdgeCounts
from selfright.local.edge.http import EdgeRequest, EdgeResponse
from selfright.local.edge.locations import LOCATIONS, LateSite, Site
from selfright.local.edge.targets import Targets

TARGETS = Targets("f", "live", "d.cloudfront.net")


class Bucket:
    """An origin whose "code" is the folder to which it routes; `/own` is answered by the function itself."""

    def __init__(self) -> None:
        self.published, self.objects = "one", {"/one/": "first page", "/two/": "second page"}
        self.fetched: Counter[str] = Counter()

    def code(self, _: Targets) -> str:
        """What is published now."""
        return self.published

    def sees_answers(self, _: Targets) -> bool:
        """The function sees them."""
        return True

    def run(self, code: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Route to the code's folder, and say in each answer for which query it is."""
        request = event["request"]
        if "response" in event:
            asked = {"x-asked": {"value": ",".join(request["querystring"])}}
            return {**event["response"], "headers": {**event["response"]["headers"], **asked}}
        if request["uri"] == "/broken":
            raise RuntimeError("as wished")
        if request["uri"] == "/own":
            own = {"content-type": {"value": "application/json"}}
            return {"statusCode": 200, "headers": own, "body": json.dumps({"publication": code})}
        return {**request, "uri": f"/{code}{request['uri']}"}

    def fetch(self, _: Targets, uri: str) -> EdgeResponse:
        """The object, or a 403."""
        self.fetched[uri] += 1
        if uri not in self.objects:
            return EdgeResponse(403, b"no")
        headers = (("content-type", "text/html"), ("etag", '"e"'), ("x-amz-meta-revision", "r"))
        return EdgeResponse(200, self.objects[uri].encode(), headers)

    def lifetime(self, _: Targets, answer: EdgeResponse) -> float:
        """Errors for 10 seconds, objects for a day."""
        return 10 if answer.status == 403 else 86_400

    def headers(self, _: Targets) -> tuple[tuple[str, str], ...]:
        """One of the distribution's."""
        return (("x-frame-options", "DENY"),)


@pytest.fixture
def bucket() -> Bucket:
    """The bucket."""
    return Bucket()


@pytest.fixture
def now() -> list[float]:
    """A clock to turn."""
    return [0.0]


@pytest.fixture
def site(bucket: Bucket, now: list[float]) -> LateSite:
    """The locations: the first one learns at once, the others after 1, 2 and 3 minutes; probes come to the first."""
    late = iter([60.0 * number for number in range(LOCATIONS)] * 9)
    return LateSite(bucket, EdgeCounts(), lambda: next(late), lambda: 0.0, lambda: now[0])


def ask(site: LateSite, path: str = "/", address: str = "", **headers: str) -> EdgeResponse:
    """What a visitor from this address gets; a probe has none."""
    forwarded = {"x-forwarded-for": address} if address else {}
    return site.answer(EdgeRequest("GET", path, {**forwarded, **headers}, b"", "127.0.0.1"), TARGETS)


def everybody(site: LateSite) -> Counter[bytes]:
    """What visitors from a hundred addresses get."""
    return Counter(ask(site, "/", f"198.51.100.{number}").body for number in range(100))


def test_each_location_runs_a_publication_from_a_time_of_its_own_on(
    site: LateSite, bucket: Bucket, now: list[float]
) -> None:
    """Visitors get the old and the new release at the same time, until the last location has learned."""
    assert set(everybody(site)) == {b"first page"}
    bucket.published = "two"
    site.learn()
    assert set(everybody(site)) == {b"first page", b"second page"}
    now[0] = 60.0 * (LOCATIONS - 1)
    assert set(everybody(site)) == {b"second page"}


def test_a_visitor_is_always_served_by_the_same_location(site: LateSite, bucket: Bucket) -> None:
    """Their address decides, so they do not flicker between two releases."""
    ask(site, "/", "198.51.100.1")
    bucket.published = "two"
    site.learn()
    for number in range(20):
        assert len({ask(site, "/", f"198.51.100.{number}").body for _ in range(5)}) == 1


def test_the_routing_function_answers_by_itself(site: LateSite, bucket: Bucket) -> None:
    """Each location says what it runs, and no cache keeps that; one location's answer says nothing of the others."""
    assert json.loads(ask(site, "/own").body) == {"publication": "one"}
    bucket.published = "two"
    site.learn()
    assert json.loads(ask(site, "/own").body) == {"publication": "two"}
    others = {ask(site, "/own", f"198.51.100.{number}").body for number in range(100)}
    assert others == {b'{"publication": "one"}', b'{"publication": "two"}'}
    assert bucket.fetched == {}


def test_a_location_keeps_an_object(site: LateSite, bucket: Bucket) -> None:
    """It is read once, however often it is asked for; the counts still see every answer."""
    first, second = ask(site), ask(site)
    assert (first.body, second.body) == (b"first page", b"first page")
    assert (dict(first.headers)["x-cache"], dict(second.headers)["x-cache"]) == (
        "Miss from cloudfront",
        "Hit from cloudfront",
    )
    assert bucket.fetched == {"/one/": 1}
    assert dict(first.headers)["x-frame-options"] == "DENY"


def test_a_location_keeps_an_error_for_a_while(site: LateSite, bucket: Bucket, now: list[float]) -> None:
    """What was missing a moment ago is still missing there, although it has been uploaded."""
    assert ask(site, "/late.html").status == 403
    bucket.objects["/one/late.html"] = "here"
    assert ask(site, "/late.html").status == 403
    now[0] = 10
    assert ask(site, "/late.html").body == b"here"


def test_who_has_the_object_is_told_that_it_has_not_changed(site: LateSite) -> None:
    """A browser asks before each use."""
    assert ask(site, **{"if-none-match": '"e"'}).status == 304


def test_a_function_that_fails_is_a_503(site: LateSite) -> None:
    """As CloudFront answers."""
    assert ask(site, "/broken").status == 503


def test_a_site_takes_no_posts(site: LateSite) -> None:
    """The distribution allows reads."""
    assert site.answer(EdgeRequest("POST", "/", {}, b"", "127.0.0.1"), TARGETS).status == 403


def test_the_function_sees_every_answer_but_errors(site: LateSite, bucket: Bucket) -> None:
    """Also those from the cache, with the visitor's own query; CloudFront does not run it at 400 and above."""
    assert [dict(ask(site, path).headers)["x-asked"] for path in ("/?a=1", "/?b")] == ["a", "b"]
    assert bucket.fetched["/one/"] == 1
    assert "x-asked" not in dict(ask(site, "/gone").headers)


def test_without_weather_a_publication_is_seen_at_once(bucket: Bucket) -> None:
    """Nobody waits for it."""
    still = Site(bucket, EdgeCounts())
    for expected in (b"first page", b"second page"):
        assert still.answer(EdgeRequest("GET", "/", {}, b"", "127.0.0.1"), TARGETS).body == expected
        bucket.published = "two"
