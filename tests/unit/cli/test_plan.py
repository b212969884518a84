import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.aws.client.clients import Clients, client
from controller.domain.components.site.routing import RoutingTable
from selfright.cli import main
from tests.builders import a_bundle, bundle_parts
from tests.cli_world import ID, CliWorld
from tests.registering import register
from tests.unit.aws.fake_cloudfront import FakeCloudFront
from tests.unit.aws.fake_lambda import NAME, FakeLambda, NoCallers

API = {"kind": "function", "function_name": NAME}
SITE = {"kind": "site", "bucket": "some-bucket", "routing_function": "routing"}


def declare(**members: object) -> None:
    """An environment with an API and a site, whose bucket exists."""
    client("s3").create_bucket(Bucket="some-bucket")
    value = {"application": "smartpack", "environment": "prod", "components": {"api": API, "site": SITE}, **members}
    register(client("ssm"), value)


def run(world: CliWorld, *arguments: str) -> Result:
    """Run `selfright plan` with a function and a routing function in memory."""
    clients = Clients()
    clients.functions = FakeLambda()  # type: ignore[assignment]
    clients.events = clients.pipes = clients.schedules = NoCallers()  # type: ignore[assignment]
    clients.routing = FakeCloudFront(RoutingTable())  # type: ignore[assignment]
    tools = world.tools()
    tools.account.__dict__["clients"] = clients
    return CliRunner().invoke(main, ["plan", *arguments], obj=tools, catch_exceptions=False)


@pytest.fixture
def bundle(world: CliWorld, tmp_path: Path) -> Path:
    """A bundle for the environment."""
    declare()
    path = tmp_path / "smartpack-1.2.0.zip"
    path.write_bytes(a_bundle("1.2.0", api={"memory": 256}))
    return path


def test_a_plan_is_drawn(world: CliWorld, bundle: Path) -> None:
    """What changes, what is uploaded, how long it takes, and the command that does it."""
    result = run(world, str(bundle), "--environment", "smartpack/prod")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["smartpack", "1.2.0", "→", "smartpack/prod", "(1.1.0", "is", "live)"]
    assert ["●", "api", "function", "changes", "(now", "1)"] in lines
    assert ["memory", "128", "MB", "→", "256", "MB"] in lines
    assert ["files", "3", "added"] in lines
    assert ["traffic", "10", "%", "for", "5", "min", "▸", "100", "%,", "baked", "for", "5", "min"] in lines
    assert f"selfright release {bundle} --environment smartpack/prod" in result.stdout


def test_what_the_time_leaves_out_is_said(world: CliWorld, tmp_path: Path) -> None:
    """Tasks and hooks take as long as they take: the most of it is known."""
    declare(deployment_preference={"hooks": {"pre_traffic": "asks"}})
    parts = bundle_parts("1.2.0")
    parts.manifest["tasks"] = [{"component": "api", "timeout": "2s"}]
    path = tmp_path / "smartpack-1.2.0.zip"
    path.write_bytes(parts.pack())
    shown = run(world, str(path), "-e", "smartpack/prod").stdout
    assert "; and at most 2 s for its tasks, 5 min for hooks, 22 min if visitors do not come\n" in shown
    seconds = json.loads(run(world, str(path), "-e", "smartpack/prod", "--output", "json").stdout)["seconds"]
    assert (seconds["more_for_tasks"], seconds["more_for_hooks"]) == (2, 300)


@pytest.mark.parametrize(("checks", "blind"), [((), True), (({"component": "site", "path": "/"},), False)])
def test_a_release_that_nothing_would_judge_is_called_blind(
    world: CliWorld, tmp_path: Path, checks: tuple[dict[str, str], ...], blind: bool
) -> None:
    """No check, no alarm, and too few requests for a verdict: it would go live whatever it is."""
    declare()
    path = tmp_path / "smartpack-1.2.0.zip"
    path.write_bytes(a_bundle("1.2.0", checks=checks, api={"memory": 256}))
    shown = run(world, str(path), "-e", "smartpack/prod", "--requests-per-second", "0.001").stdout
    assert ("Blind: no check and no alarm looks at this release" in shown) is blind


def test_the_json_has_all_of_it(world: CliWorld, bundle: Path) -> None:
    """The documented keys."""
    document = json.loads(run(world, str(bundle), "-e", "smartpack/prod", "--output", "json").stdout)
    assert set(document) >= {
        *("environment", "application", "version", "digest", "bundle_bytes", "live_version", "waits_for"),
        *("components", "steps", "seconds", "lambda_calls", "cannot_be_rolled_back", "refused", "refusals"),
    }
    api, site = document["components"]
    assert (api["change"], api["live"], site["change"]) == ("changed", "1", "new")
    assert {"name": "memory", "before": "128", "after": "256", "secret": False} in api["configuration"]
    assert site["items"]["added"] == ["assets/app-1a2b3c4d.js", "index.html", "robots.txt"]
    assert site["transfer"]["what"] == "files"
    assert document["refused"] is False


def test_a_refusal_is_exit_code_1_with_reason_and_advice(world: CliWorld, bundle: Path) -> None:
    """And the plan is shown all the same."""
    world.lock(held=f"The rollback of {ID} failed.")
    result = run(world, str(bundle), "-e", "smartpack/prod")
    assert result.exit_code == 1
    assert "✘ It would be refused.\n" in result.stdout
    assert f"The environment is held: The rollback of {ID} failed." in result.stdout
    assert "Look at `selfright status smartpack/prod`" in result.stdout
    assert "smartpack 1.2.0" in result.stdout


def test_a_missing_secret_is_told(world: CliWorld, tmp_path: Path) -> None:
    """Asked of Secrets Manager without reading the value."""
    client("secretsmanager").create_secret(Name="mail", SecretString="{}")  # type: ignore[attr-defined]
    declare(secrets={"mail": "mail", "ai": "gone"})
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle_parts("1.2.0").needing(mail=["user"], ai=["key"]).pack())
    document = json.loads(run(world, str(path), "-e", "smartpack/prod", "--output", "json").stdout)
    assert [one["reason"] for one in document["refusals"]] == ["The secret 'ai' (gone) does not exist."]


def test_an_unknown_environment_is_an_error(world: CliWorld, bundle: Path) -> None:
    """The known ones are listed."""
    result = run(world, str(bundle), "-e", "smartpack/nowhere")
    assert result.exit_code == 1
    assert "Registered are: smartpack/prod." in result.stderr


def test_a_bundle_that_is_no_zip_is_refused(world: CliWorld, tmp_path: Path) -> None:
    """In the controller's words."""
    declare()
    path = tmp_path / "bundle.zip"
    path.write_bytes(b"no zip")
    result = run(world, str(path), "-e", "smartpack/prod")
    assert result.exit_code == 1
    assert "the bundle is not a zip file" in result.stdout


def test_what_the_judge_would_see_is_told(world: CliWorld, bundle: Path) -> None:
    """By the traffic that is given, in words and as numbers."""
    options = (str(bundle), "-e", "smartpack/prod", "--requests-per-second", "50")
    shown = run(world, *options).stdout
    assert "api  usually 50 requests a second, 0.1 % of them fail" in shown
    (outlook,) = json.loads(run(world, *options, "--output", "json").stdout)["outlooks"]
    assert (outlook["component"], outlook["requests_per_second"], outlook["at_weight"]) == ("api", 50, 10)
    assert outlook["smallest"]["chance"] >= 0.95
    assert outlook["any_test_needs"] > 0
    assert "its usual traffic is unknown" in run(world, *options[:3]).stdout


def test_a_change_by_hand_is_said(world: CliWorld, bundle: Path) -> None:
    """The release would take it for its stable."""
    result = run(world, str(bundle), "-e", "smartpack/prod")
    assert "✘ smartpack/prod: api is on 1 and should be on 7, as 1.1.0 left it: changed by hand." in result.stdout
    assert "✔ It can be released. But look at api and site first: changed by hand, see below." in result.stdout
    document = json.loads(run(world, str(bundle), "-e", "smartpack/prod", "--output", "json").stdout)
    assert {one["name"]: one["outcome"] for one in document["compared"]["components"]}["api"] == "changed"
