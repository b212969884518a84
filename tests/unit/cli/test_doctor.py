import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controller.aws.client.clients import Clients, client
from controller.aws.components.site.routing import index_key
from controller.domain.components.site.routing import RoutingTable, render
from controller.domain.deployment import Revision
from controller.domain.phases import Phase
from selfright.cli import main
from tests.cli_world import BAKING, ID, ROLLED_BACK, CliWorld
from tests.examining import ExaminedCloudFront, ExaminedLambda, FakeQuotas
from tests.registering import register

SITE = {"kind": "site", "bucket": "some-bucket", "routing_function": "routing", "distribution_id": "E1"}


class Surgery:
    """The account of `CliWorld` with smartpack/prod, whose site 1.1.0 left on `bbbb`, and what a doctor looks at."""

    def __init__(self, world: CliWorld) -> None:
        self.world, self.functions = world, ExaminedLambda()
        self.edge = ExaminedCloudFront(RoutingTable("bbbb"))
        client("s3").create_bucket(Bucket="some-bucket")
        client("s3").put_object(Bucket="some-bucket", Key=index_key("bbbb"), Body=b"{}")
        self.register()

    def register(self, key: str = "smartpack/prod", **members: object) -> None:
        """An environment with a site."""
        application, _, environment = key.partition("/")
        value = {"application": application, "environment": environment, "components": {"site": SITE}, **members}
        register(client("ssm"), value)

    def run(self, *words: str) -> Result:
        """Run `selfright doctor`."""
        tools, clients = self.world.tools(), Clients()
        clients.functions, clients.routing = self.functions, self.edge  # type: ignore[assignment]
        tools.account.__dict__.update(clients=clients, quotas=FakeQuotas())
        return CliRunner().invoke(main, ["doctor", *words], obj=tools, catch_exceptions=False)

    def all(self) -> list[dict[str, Any]]:
        """All findings about the account, the controller and smartpack/prod."""
        found: list[dict[str, Any]] = json.loads(self.run("smartpack/prod", "--output", "json").stdout)["findings"]
        return found

    def about(self, subject: str) -> list[dict[str, Any]]:
        """What the document says about a subject."""
        found = [one for one in self.all() if one["subject"].startswith(subject)]
        assert found, subject
        return found


@pytest.fixture
def surgery(world: CliWorld) -> Surgery:
    """An account in which smartpack/prod is well; the controller of `CliWorld` lacks its machines."""
    return Surgery(world)


def test_what_a_person_must_know_is_shown_with_what_to_do(surgery: Surgery) -> None:
    """By place; what is well is only counted."""
    result = surgery.run("smartpack/prod")
    assert "the account  5 of 5 are well\n" in result.stdout
    assert "✘  the machine selfright-deploy: states:DescribeStateMachine on arn:" in result.stdout
    assert "●  guarding alarms: the environment has none\n" in result.stdout
    assert "   Next: Name some in `deployment_preference.alarms`.\n" in result.stdout
    assert "Lambda's concurrency" not in result.stdout
    assert "✔  Lambda's concurrency: 900 of 1,000" in surgery.run("smartpack/prod", "--all").stdout


def test_a_problem_is_exit_code_1(surgery: Surgery) -> None:
    """A release would fail."""
    result = surgery.run("smartpack/prod")
    assert result.exit_code == 1
    assert "a release would fail, or could not be rolled back." in result.stdout


def test_without_a_problem_it_is_0(surgery: Surgery) -> None:
    """Notes alone do not stop a release."""
    machine = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}})
    role = "arn:aws:iam::123456789012:role/machine"
    for name in ("selfright-deploy", "selfright-rollback"):
        made = client("stepfunctions").create_state_machine(name=name, definition=machine, roleArn=role)
        client("events").put_rule(Name=name, EventPattern='{"source": ["aws.s3"]}')
        client("events").put_targets(Rule=name, Targets=[{"Id": "1", "Arn": made["stateMachineArn"]}])
    topic = client("sns").create_topic(Name="selfright")
    assert topic["TopicArn"].endswith(":selfright")
    result = surgery.run("smartpack/prod")
    assert result.exit_code == 0, result.stdout
    assert "✔ Nothing speaks against a release." in result.stdout


def test_nothing_is_changed(surgery: Surgery) -> None:
    """It reads only."""
    surgery.functions.calls.clear()
    surgery.run()
    assert surgery.functions.mutations == []
    assert {call for call in surgery.edge.calls if not call.startswith(("get", "list"))} == set()


def test_without_a_name_every_environment_is_examined(surgery: Surgery) -> None:
    """One whose configuration is not valid does not stop the others."""
    surgery.register("a/broken", final_bake="for ever")
    surgery.register("shop/test")
    findings = json.loads(surgery.run("--output", "json").stdout)["findings"]
    places = list(dict.fromkeys(one["place"] for one in findings))
    assert places == ["the account", "the controller", "a/broken", "shop/test", "smartpack/prod"]
    (broken,) = [one for one in findings if one["place"] == "a/broken"]
    assert (broken["subject"], broken["severity"]) == ("its configuration", "problem")


def test_the_document_has_every_finding_and_counts(surgery: Surgery) -> None:
    """The documented keys."""
    document = json.loads(surgery.run("smartpack/prod", "--output", "json").stdout)
    assert set(document) == {"environment", "problems", "notes", "findings"}
    assert document["environment"] == "smartpack/prod"
    keys = {"place", "subject", "severity", "found", "means", "next_step", "denied_action"}
    assert all(set(one) == keys for one in document["findings"])
    counted = [one["severity"] for one in document["findings"]]
    assert (counted.count("problem"), counted.count("note")) == (document["problems"], document["notes"])


def test_a_change_by_hand_is_a_problem(surgery: Surgery) -> None:
    """As `status` says it."""
    surgery.edge.edit("LIVE", render(RoutingTable("cccc")))
    (found,) = surgery.about("what is live")
    assert (found["severity"], found["found"]) == ("problem", "site is on cccc")
    assert "as 1.1.0 left it" in found["means"]


@pytest.mark.parametrize(
    ("revision", "why"), [("cccc", "somebody changed it by hand"), ("bbbb", "it was not restored")]
)
def test_a_held_environment_that_is_not_as_it_should_be_is_a_problem(surgery: Surgery, revision: str, why: str) -> None:
    """With the way out: put it right, then roll back again."""
    before, after = {"site": Revision("aaaa")}, {"site": Revision("bbbb")}
    failed = replace(ROLLED_BACK, phase=Phase.ROLLBACK_FAILED, restore_point=before, staged=after, export="digest")
    surgery.world.write(failed)
    surgery.world.lock(held="The rollback failed.", held_by=ID)
    surgery.edge.edit("LIVE", render(RoutingTable(revision)))
    (found,) = surgery.about("what is live")
    assert (found["severity"], found["found"]) == ("problem", f"site is on {revision}")
    assert found["means"] == f"It should be on aaaa, as 1.1.0 left it: {why}."
    assert f"Then `selfright rollback {ID}`" in found["next_step"]


@pytest.mark.parametrize(
    ("members", "severity"), [({"held": "The rollback failed."}, "problem"), ({"holder": ID}, "note"), ({}, "ok")]
)
def test_the_state_of_the_environment_is_told(surgery: Surgery, members: dict[str, str], severity: str) -> None:
    """Held, on its way, or free."""
    surgery.world.write(BAKING)
    surgery.world.lock(**members)
    assert surgery.about("its state")[0]["severity"] == severity


@pytest.mark.parametrize(("members", "severity"), [({"holder": ID}, "note"), ({}, "problem")])
def test_what_a_deployment_divides_is_no_problem(surgery: Surgery, members: dict[str, str], severity: str) -> None:
    """Nobody is to move visitors by hand in the middle of a canary."""
    surgery.world.write(BAKING)
    surgery.world.lock(**members)
    surgery.edge.edit("LIVE", render(RoutingTable("aaaa", "bbbb", 10)))
    (found,) = surgery.about("the routing function")
    assert found["severity"] == severity
    assert (f"{ID}, which is on its way," in found["means"]) == bool(members)


def test_what_may_not_be_read_is_a_note_with_the_action(surgery: Surgery) -> None:
    """And never a crash."""
    surgery.functions.denied = {"get_account_settings"}
    found = [one for one in surgery.all() if one["denied_action"]]
    assert {one["denied_action"] for one in found} == {"lambda:GetAccountSettings"}
    assert {one["severity"] for one in found} == {"note"}
    shown = surgery.run("smartpack/prod").stdout
    assert "●  denied: you may not read everything\n" in shown
    assert "trouble there: lambda:GetAccountSettings.\n" in shown
    assert "Lambda's code storage" not in shown
    assert "●  Lambda's code storage: you may not call" in surgery.run("smartpack/prod", "--all").stdout


@pytest.mark.parametrize(
    ("prepare", "severity"),
    [
        (lambda surgery: None, "ok"),
        (lambda surgery: surgery.functions.missing.add("asks"), "problem"),
        (lambda surgery: surgery.functions.latest.update(State="Failed"), "problem"),
    ],
)
def test_a_hook_must_exist_and_work(surgery: Surgery, prepare: Callable[[Surgery], object], severity: str) -> None:
    """A release whose hook does not answer is rolled back."""
    surgery.register(deployment_preference={"hooks": {"pre_traffic": "asks"}})
    prepare(surgery)
    assert surgery.about("the hook pre_traffic")[0]["severity"] == severity


def test_a_secret_must_exist(surgery: Surgery) -> None:
    """Its value is not read."""
    surgery.register(secrets={"mail": "mail"})
    assert surgery.about("the secret mail")[0]["severity"] == "problem"
    client("secretsmanager").create_secret(Name="mail", SecretString="{}")
    assert surgery.about("the secret mail")[0]["severity"] == "ok"


def test_an_unknown_environment_is_an_error(surgery: Surgery) -> None:
    """With the known ones; a malformed one is wrong usage."""
    result = surgery.run("smartpack/nowhere")
    assert result.exit_code == 1
    assert "Registered are: smartpack/prod." in result.stderr
    assert surgery.run("Smart Pack").exit_code == 2


def test_an_account_without_a_controller_is_an_error(surgery: Surgery) -> None:
    """As for every other command."""
    client("ssm").delete_parameter(Name="/selfright/controller")
    result = surgery.run()
    assert result.exit_code == 1
    assert "There is no Selfright controller" in result.stderr
