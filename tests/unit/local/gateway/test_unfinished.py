"""What AWS has accepted and not finished."""

import pytest

from selfright.local.gateway.unfinished import Unfinished, named
from tests.unit.local.gateway.calls import call, ok, said

FUNCTIONS = "/2015-03-31/functions"
ARN = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af"
UPDATE = call("lambda", method="PUT", path=f"{FUNCTIONS}/f/code")
PUBLISH = call("lambda", method="POST", path=f"{FUNCTIONS}/f/versions")
READ = call("lambda", path=f"{FUNCTIONS}/f/configuration")
DONE = {"State": "Active", "LastUpdateStatus": "Successful", "Version": "$LATEST"}
ROUTING = call("cloudfront", method="POST", path="/2020-05-31/function/routing/publish")
DISTRIBUTION = call("cloudfront", path="/2020-05-31/distribution/E1")


def xml(*names: str) -> bytes:
    """Distributions that are deployed, each with one routing function."""
    parts = [
        f"<Status>Deployed</Status><FunctionARN>arn:aws:cloudfront::0:function/{name}</FunctionARN>" for name in names
    ]
    body = parts[0] if len(parts) == 1 else "".join(f"<DistributionSummary>{part}" for part in parts)
    return ok(body.encode(), "text/xml")


@pytest.fixture
def now() -> list[float]:
    """A clock to turn."""
    return [0.0]


@pytest.fixture
def unfinished(now: list[float]) -> Unfinished:
    """An update takes 5 seconds, a deployment of a distribution 120."""
    return Unfinished(lambda: 5, lambda: 120, lambda: now[0])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/f", ("f", "", "")),
        ("/f:live/invocations", ("f", "live", "/invocations")),
        (f"/{ARN}%3A7/invocations", ("f", "7", "/invocations")),
        (f"/{ARN}/configuration?Qualifier=3", ("f", "3", "/configuration")),
        ("", ("", "", "")),
    ],
)
def test_a_function_is_named_in_many_ways(path: str, found: tuple[str, str, str]) -> None:
    """By name or ARN, with its qualifier or without."""
    assert named(call("lambda", path=FUNCTIONS + path)) == found


def test_an_update_is_in_progress_for_a_while(unfinished: Unfinished, now: list[float]) -> None:
    """Its own answer and all reads say so until it is done."""
    unfinished.note(UPDATE, ok(DONE))
    for request in (UPDATE, READ):
        assert said(unfinished.shown(request, ok(DONE))) == {**DONE, "LastUpdateStatus": "InProgress"}
    whole = call("lambda", path=f"{FUNCTIONS}/f")
    shown = said(unfinished.shown(whole, ok({"Configuration": DONE, "Code": {}})))
    assert shown == {"Configuration": {**DONE, "LastUpdateStatus": "InProgress"}, "Code": {}}
    now[0] = 5
    assert said(unfinished.shown(READ, ok(DONE))) == DONE


def test_nothing_is_updated_while_an_update_is_in_progress(unfinished: Unfinished, now: list[float]) -> None:
    """As on AWS: a conflict, also for publishing a version; another function is not concerned."""
    assert unfinished.refusal(UPDATE) == b""
    unfinished.note(UPDATE, ok(DONE))
    for request in (UPDATE, PUBLISH):
        refusal = unfinished.refusal(request)
        assert refusal.startswith(b"HTTP/1.1 409 ")
        assert b"x-amzn-errortype: ResourceConflictException" in refusal
    assert unfinished.refusal(call("lambda", method="PUT", path=f"{FUNCTIONS}/g/code")) == b""
    now[0] = 5
    assert unfinished.refusal(PUBLISH) == b""


def test_a_version_is_pending_first(unfinished: Unfinished, now: list[float]) -> None:
    """It cannot be invoked yet; the unqualified function is not concerned."""
    unfinished.note(PUBLISH, ok({**DONE, "Version": "7"}))
    version = call("lambda", path=f"{FUNCTIONS}/f/configuration?Qualifier=7")
    shown = said(unfinished.shown(version, ok({**DONE, "Version": "7"})))
    assert isinstance(shown, dict)
    assert (shown["State"], shown["LastUpdateStatus"]) == ("Pending", "Successful")
    invocation = call("lambda", method="POST", path=f"{FUNCTIONS}/f:7/invocations")
    assert b"Pending" in unfinished.refusal(invocation)
    assert said(unfinished.shown(READ, ok(DONE))) == DONE
    now[0] = 5
    assert unfinished.refusal(invocation) == b""


def test_a_distribution_is_deployed_again_minutes_after_a_publication(unfinished: Unfinished, now: list[float]) -> None:
    """`GetDistribution` says InProgress until then; a distribution with another function is not concerned."""
    unfinished.note(ROUTING, ok(b"<FunctionSummary/>"))
    assert b"<Status>InProgress</Status>" in unfinished.shown(DISTRIBUTION, xml("routing"))
    assert b"<Status>Deployed</Status>" in unfinished.shown(DISTRIBUTION, xml("other-routing"))
    both = unfinished.shown(call("cloudfront", path="/2020-05-31/distribution"), xml("other", "routing"))
    assert both.count(b"Deployed") == both.count(b"InProgress") == 1
    now[0] = 120
    assert b"<Status>Deployed</Status>" in unfinished.shown(DISTRIBUTION, xml("routing"))


def test_what_the_emulator_refuses_begins_nothing(unfinished: Unfinished) -> None:
    """A publication that fails leaves everything as it is."""
    unfinished.note(ROUTING, b"HTTP/1.1 412 No\r\n\r\n")
    assert b"<Status>Deployed</Status>" in unfinished.shown(DISTRIBUTION, xml("routing"))
