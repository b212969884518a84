"""The deployer, the edge and the visitors against the real emulator, with a small app for these tests."""

from collections.abc import Iterator

import pytest

from selfright.local import emulator
from selfright.local.deployer import deploy
from selfright.local.errors import DeployError
from selfright.local.visitors import VisitorLoad, from_list, visiting
from tests.e2e.small_app import App, assembly, small_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The small app, deployed behind an edge."""
    with small_app(tmp_path_factory.mktemp("edge")) as app:
        yield app


def test_a_second_deployment_changes_nothing_and_says_so(app: App) -> None:
    """An unchanged assembly gives an empty change set."""
    lines: list[str] = []
    assert not deploy(app.running.endpoint, app.folder / "cdk.out", lines.append)[0].changed
    assert lines[0] == "0 of 1 assets uploaded"
    assert "no change" in lines[1]


def test_a_stack_that_fails_names_the_resource(app: App) -> None:
    """The error of a failed stack lists what failed and why."""
    bad = {"Resources": {"Wrong": {"Type": "AWS::No::Such", "Properties": {}}}}
    folder = assembly(app.folder / "bad.out", bad)
    manifest = (folder / "manifest.json").read_text().replace('"stackName": "edge"', '"stackName": "bad"')
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(DeployError, match=r"AWS::No::Such"):
        deploy(app.running.endpoint, folder)


def test_the_api_gets_a_payload_2_0_event(app: App) -> None:
    """The function sees path, body and the visitor's own address."""
    answer = app.http.request(
        "POST", f"{app.running.edge_url}/generate", body=b'{"a":1}', headers={"x-forwarded-for": "198.51.100.7"}
    )
    assert answer.status == 200
    assert answer.json() == {"version": "1", "address": "198.51.100.7", "body": '{"a":1}'}


def test_the_site_comes_through_cloudfront_and_its_function(app: App) -> None:
    """Every other path is rewritten by the routing function and served from the bucket."""
    answer = app.get("/any/page")
    assert (answer.status, answer.data) == (200, b"<title>hello</title>")
    assert app.counts()["site"]["abc"]["ok"] >= 1


def test_a_failing_function_is_a_500_and_an_error_of_its_version(app: App) -> None:
    """The visitor gets what an HTTP API gives, and CloudWatch what Lambda publishes."""
    version = {"FunctionName": "edge-api", "Resource": "edge-api:live", "ExecutedVersion": "1"}
    before = app.errors(**version)[1]
    answer = app.get("/health?fail")
    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})
    assert emulator._until(lambda: app.errors(**version)[1] == before + 1, 5)
    assert app.errors(FunctionName="edge-api", Resource="edge-api:live") == app.errors(**version)
    assert app.errors(FunctionName="edge-api") == app.errors(**version)


def test_alias_weights_are_followed_at_once(app: App) -> None:
    """A shift reaches visitors, and so does its undoing."""
    client = app.client("lambda")
    client.update_function_configuration(FunctionName="edge-api", Description="second")
    second = client.publish_version(FunctionName="edge-api")["Version"]
    client.update_alias(FunctionName="edge-api", Name="live", RoutingConfig={"AdditionalVersionWeights": {second: 1.0}})
    assert emulator._until(lambda: app.get("/health").json()["version"] == second, 1)
    client.update_alias(FunctionName="edge-api", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert emulator._until(lambda: app.get("/health").json()["version"] == "1", 1)


def test_visitors_count_what_they_saw(app: App) -> None:
    """A stream of visitors loads pages and asks for lists until it is stopped."""
    with visiting(app.running.edge_url, from_list([{"days": 3}]), VisitorLoad(rate=100)) as stream:
        assert emulator._until(lambda: stream.outcome().ok >= 20, 10)
        outcome = stream.stop()
    assert outcome.failed == 0
    assert set(outcome.site_ok) == {"abc"}
    assert set(outcome.api_ok) == {"1"}
