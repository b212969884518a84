"""The edge's parts without an emulator."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3

from selfright.local.edge import payload
from selfright.local.edge.alias import EdgeAlias, Route
from selfright.local.edge.cors import Cors, cors_in
from selfright.local.edge.counts import EdgeCounts
from selfright.local.edge.http import EdgeRequest, EdgeResponse
from selfright.local.edge.metrics import EdgeMetrics, Invocation, data
from selfright.local.edge.server import LARGEST_BODY, EdgeDoor, Server
from selfright.local.edge.targets import Targets, TargetsFile, save

REQUEST = EdgeRequest(
    "POST", "/generate?a=1&a=2&b=", {"user-agent": "me", "x-forwarded-for": "1.2.3.4, 5.6.7.8"}, b"{}", "::1"
)


def test_an_event_has_the_form_2_0() -> None:
    """Route, query, body and the first forwarded address are where a function looks for them."""
    event = payload.event(REQUEST)
    assert (event["version"], event["routeKey"], event["rawQueryString"]) == ("2.0", "POST /generate", "a=1&a=2&b=")
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["requestContext"]["http"]["sourceIp"] == "1.2.3.4"
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)


def test_a_binary_body_is_encoded() -> None:
    """Bytes that are no text travel as base64."""
    event = payload.event(EdgeRequest("POST", "/generate", {}, b"\xff", "::1"))
    assert (event["body"], event["isBase64Encoded"]) == ("/w==", True)


def test_a_result_becomes_a_response() -> None:
    """Status, headers, cookies and an encoded body are taken over."""
    result = {"statusCode": 201, "headers": {"X-A": "b"}, "cookies": ["c=d"], "body": "aGk=", "isBase64Encoded": True}
    answer = payload.response(result)
    assert (answer.status, answer.body) == (201, b"hi")
    assert {("x-a", "b"), ("set-cookie", "c=d")} <= set(answer.headers)


def test_a_result_without_status_is_a_body() -> None:
    """As on AWS, a bare result is the JSON body of a 200."""
    answer = payload.response({"a": 1})
    assert (answer.status, answer.body) == (200, b'{"a": 1}')


MALFORMED: list[dict[str, object]] = [
    {"statusCode": "many"},
    {"statusCode": None},
    {"statusCode": 200, "body": {"ok": True}},
    {"statusCode": 200, "headers": {"x-many": ["1", "2"]}},
]


@pytest.mark.parametrize("result", MALFORMED)
def test_a_malformed_result_is_a_500(result: object) -> None:
    """What an HTTP API cannot understand is its Internal Server Error."""
    assert payload.response(result).status == 500


@pytest.mark.parametrize(("dice", "version"), [(0.0, "2"), (0.09, "2"), (0.1, "1"), (0.99, "1")])
def test_a_route_follows_the_weights(dice: float, version: str) -> None:
    """A tenth of the dice leads to the canary."""
    assert Route("arn", "1", {"2": 0.1}).choose(dice) == version


def test_an_alias_is_remembered_for_an_instant_only() -> None:
    """Within 50 ms it is read once, after that again."""
    now, routes = [0.0], iter([Route("arn", "1"), Route("arn", "2")])
    alias = EdgeAlias(lambda: next(routes), clock=lambda: now[0], dice=lambda: 0.5)
    assert [alias.choose(), alias.choose()] == [("1", "arn:1"), ("1", "arn:1")]
    now[0] = 0.06
    assert alias.choose() == ("2", "arn:2")


def test_metrics_come_by_alias_and_by_version() -> None:
    """Two versions behind one alias give three dimension sets, each with its own sums."""
    invocations = [Invocation("f", "live", version, 5.0, failed) for version, failed in (("1", False), ("2", True))]
    errors = {
        tuple(one["Value"] for one in datum["Dimensions"]): (datum["Values"], datum["Counts"])
        for datum in data(invocations)
        if datum["MetricName"] == "Errors"
    }
    assert errors == {
        ("f", "f:live"): ([0.0, 1.0], [1.0, 1.0]),
        ("f", "f:live", "1"): ([0.0], [1.0]),
        ("f", "f:live", "2"): ([1.0], [1.0]),
    }


def test_metrics_are_published_once() -> None:
    """A flush publishes what is new; a flush with nothing new calls nobody."""
    published: list[str] = []
    metrics = EdgeMetrics(lambda namespace, _: published.append(namespace))
    metrics.add(Invocation("f", "live", "1", 5.0, error=False))
    metrics.flush()
    metrics.flush()
    assert published == ["AWS/Lambda"]


def test_many_durations_are_split() -> None:
    """PutMetricData takes at most 150 values in one datum."""
    data_ = data([Invocation("f", "live", "1", 5.0, error=False)] * 200)
    sizes = [len(datum["Values"]) for datum in data_ if datum["MetricName"] == "Duration"]
    assert sizes == [150, 50, 150, 50]


def test_targets_are_read_again_when_they_change(tmp_path: Path) -> None:
    """A running edge follows a new deployment."""
    file = TargetsFile(tmp_path / "targets.json")
    assert file.get() is None
    save(tmp_path / "targets.json", Targets("f", "live", "d.cloudfront.net"))
    assert file.get() == Targets("f", "live", "d.cloudfront.net")
    save(tmp_path / "targets.json", Targets("g", "live", "d.cloudfront.net", cors=CORS))
    assert file.get() == Targets("g", "live", "d.cloudfront.net", cors=CORS)


PARTNER = "https://partner.example"
CORS = Cors((PARTNER,), ("GET", "POST"), ("content-type",), 3600)
ASKS = {"origin": PARTNER, "access-control-request-method": "POST"}
PREFLIGHT = EdgeRequest("OPTIONS", "/generate", ASKS, b"", "::1")


def test_a_preflight_is_answered_as_an_http_api_does() -> None:
    """The allowed origin, methods, headers, and how long the browser may remember them."""
    answer = CORS.preflight(PREFLIGHT)
    assert answer == EdgeResponse(
        204,
        b"",
        (
            ("access-control-allow-origin", PARTNER),
            ("access-control-allow-methods", "GET,POST"),
            ("access-control-allow-headers", "content-type"),
            ("access-control-max-age", "3600"),
        ),
    )


def test_another_origin_is_told_nothing() -> None:
    """Its preflight has no header, nor has the answer to a request, whatever the function says."""
    headers = {**PREFLIGHT.headers, "origin": "https://evil.example"}
    request = replace(PREFLIGHT, headers=headers)
    assert CORS.preflight(request) == EdgeResponse(204)
    told = CORS.told(request, EdgeResponse(200, b"{}", (("x-a", "b"), ("access-control-allow-origin", "*"))))
    assert told.headers == (("x-a", "b"),)


def test_everybody_is_a_star() -> None:
    """`*` is told as it is; a request without an origin is nobody's page, and is told nothing."""
    everybody = Cors(("*",))
    assert everybody.told(PREFLIGHT, EdgeResponse(200)).headers == (("access-control-allow-origin", "*"),)
    assert everybody.told(replace(PREFLIGHT, headers={}), EdgeResponse(200)).headers == ()


@pytest.mark.parametrize(
    "request_", [replace(PREFLIGHT, method="POST"), replace(PREFLIGHT, headers={"origin": PARTNER})]
)
def test_what_is_no_preflight_goes_on(request_: EdgeRequest) -> None:
    """Another method, or an OPTIONS that does not ask for one, is the function's business."""
    assert CORS.preflight(request_) is None


def test_cors_is_what_the_template_says() -> None:
    """Read from the HTTP API of the synthesized template, and handed to the edge in its file."""
    said = {
        "AllowOrigins": [PARTNER],
        "AllowMethods": ["GET", "POST"],
        "AllowHeaders": ["content-type"],
        "MaxAge": 3600,
    }
    api = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"CorsConfiguration": {**said, "MaxAge": 3600}}}
    assert cors_in({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "Http": api}}) == CORS
    assert cors_in({"Resources": {"Http": {**api, "Properties": {}}}}) is None


class Echo:
    """Answers with its name and the method, or fails."""

    def __init__(self, name: str) -> None:
        self.name = name

    def answer(self, request: EdgeRequest, targets: Targets) -> EdgeResponse:
        """The name and the method, and an error for the path /broken."""
        if request.path == "/broken":
            raise RuntimeError(self.name)
        return EdgeResponse(200, f"{self.name} {request.method}".encode())


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[urllib3.HTTPConnectionPool]:
    """A server with two echoes behind it."""
    save(tmp_path / "targets.json", Targets("f", "live", "d.cloudfront.net"))
    door = EdgeDoor(TargetsFile(tmp_path / "targets.json"), Echo("api"), Echo("site"), EdgeCounts())
    server = Server(0, door.answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    pool = urllib3.HTTPConnectionPool("127.0.0.1", server.server_address[1], retries=False)
    yield pool
    pool.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "name"), [("/health", "api"), ("/generate", "api"), ("/", "site"), ("/health/x", "site")]
)
def test_the_path_decides_who_answers(edge: urllib3.HTTPConnectionPool, path: str, name: str) -> None:
    """The API has its paths, the site has the rest."""
    assert edge.request("PUT", path).data == f"{name} PUT".encode()


def test_connections_are_kept(edge: urllib3.HTTPConnectionPool) -> None:
    """Several requests of one visitor share a connection."""
    for _ in range(3):
        edge.request("POST", "/generate", body=b"{}")
    assert edge.num_connections == 1


def test_a_failure_behind_the_door_is_a_502(edge: urllib3.HTTPConnectionPool) -> None:
    """The door stays open whatever happens behind it."""
    assert edge.request("GET", "/broken").status == 502
    assert edge.request("GET", "/health").status == 200


def test_a_head_has_no_body(edge: urllib3.HTTPConnectionPool) -> None:
    """HEAD says how long the answer would be and sends nothing."""
    answer = edge.request("HEAD", "/")
    assert (answer.data, answer.headers["content-length"]) == (b"", "9")


def test_too_large_a_body_is_refused(edge: urllib3.HTTPConnectionPool) -> None:
    """A body over 10 MB is refused before it is read."""
    answer = edge.request("POST", "/generate", headers={"content-length": str(LARGEST_BODY + 1)})
    assert answer.status == 413


def test_a_body_of_unknown_length_is_refused(edge: urllib3.HTTPConnectionPool) -> None:
    """Chunked bodies are not taken."""
    assert edge.request("POST", "/generate", body=iter([b"a"]), chunked=True).status == 411
