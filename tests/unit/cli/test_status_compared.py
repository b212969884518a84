"""`selfright status` compares what the ledger says with AWS."""

import json
from dataclasses import replace
from typing import Any

from click.testing import CliRunner, Result

from controller.aws.client.clients import client
from controller.aws.components.function.code import sha256_of
from controller.domain.components.site.routing import RoutingTable, render
from controller.domain.deployment import Revision
from controller.domain.phases import Phase
from selfright.cli import main
from tests.cli_world import BAKING, ID, LIVE, LIVE_ID, ROLLED_BACK, CliWorld
from tests.registering import register
from tests.unit.aws.fake_lambda import NAME, FakeLambda, refuse

ALL = {
    "api": {"kind": "function", "function_name": NAME},
    "site": {"kind": "site", "bucket": "some-bucket", "routing_function": "routing"},
    "settings": {"kind": "parameters", "prefix": "/smartpack/prod/settings"},
    "infra": {"kind": "stack", "stack_name": "infra", "role_arn": "arn:aws:iam::123456789012:role/stack"},
}
FAILED = replace(ROLLED_BACK, phase=Phase.ROLLBACK_FAILED)
DENIED = refuse("AccessDeniedException", 403, message="User: somebody is not authorized")


class Account:
    """smartpack/prod with a function on version 1, a site, and settings, as 1.1.0 left them."""

    def __init__(self, world: CliWorld) -> None:
        self.world, self.functions = world, FakeLambda()
        self.functions.latest["MemorySize"] = 256
        self.functions.publish_version()
        value = {"application": "smartpack", "environment": "prod", "components": ALL}
        register(client("ssm"), value)
        self.point("cccc")
        staged = {"api": Revision("2"), "site": Revision("bbbb", "bbbb"), "settings": Revision("cccc", "cccc")}
        self.functions.point("live", "2")
        world.write(replace(LIVE, staged=staged))

    def point(self, revision: str) -> None:
        """Let the settings' pointer name this revision."""
        name = "/smartpack/prod/settings/current"
        client("ssm").put_parameter(Name=name, Value=revision, Type="String", Overwrite=True)

    def run(self, *words: str) -> Result:
        """Run `selfright status`."""
        tools = self.world.tools()
        tools.account.clients.functions = self.functions  # type: ignore[assignment]
        return CliRunner().invoke(main, ["status", *words], obj=tools, catch_exceptions=False)

    def compared(self) -> dict[str, Any]:
        """What the document says of smartpack/prod."""
        found: dict[str, Any] = json.loads(self.run("smartpack/prod", "--output", "json").stdout)["compared"]
        return found

    def component(self, name: str) -> dict[str, Any]:
        """What it says of one component."""
        return next(one for one in self.compared()["components"] if one["name"] == name)


def test_what_is_as_it_was_released_is_said_in_a_line(world: CliWorld) -> None:
    """And nothing is read twice; a stack, which moves no visitors, is left out."""
    account = Account(world)
    assert "✔ Compared with AWS: as released.\n" in account.run().stdout
    assert [one["outcome"] for one in account.compared()["components"]] == ["as_released"] * 3
    assert world.time.slept == []


def test_an_alias_moved_by_hand_is_said_with_the_way_back(world: CliWorld) -> None:
    """Where it is, where it should be, and the command that puts it right; a release would take it for its stable."""
    account = Account(world)
    account.functions.point("live", "1")
    shown = account.run("smartpack/prod").stdout
    assert "✘ smartpack/prod: api is on 1 and should be on 2, as 1.1.0 left it: changed by hand.\n" in shown
    assert f"`aws lambda update-alias --function-name {NAME} --name live --function-version 2" in shown
    assert "--to" not in shown
    assert "as released" not in shown


def test_an_alias_between_two_versions_is_said(world: CliWorld) -> None:
    """No release has done that, and the next one would be refused."""
    account = Account(world)
    account.functions.point("live", "2", {"1": 0.5})
    found = account.component("api")
    assert (found["outcome"], found["found"]) == ("changed", None)
    assert "version 2 with 50% on 1" in found["reason"]


def test_an_alias_that_is_gone_is_said(world: CliWorld) -> None:
    """Then no visitor of that function gets an answer."""
    account = Account(world)
    del account.functions.aliases["live"]
    assert account.component("api")["outcome"] == "changed"


def test_a_routing_function_that_leads_nowhere_is_said(world: CliWorld) -> None:
    """The stack's placeholder was published over the release: everybody gets 503."""
    account = Account(world)
    world.write(replace(LIVE, staged={"site": Revision("bbbb")}, export="digest"))
    world.routing.edit("LIVE", render(RoutingTable()))
    found = account.component("site")
    assert found["reason"] == "is on nothing"
    assert f"`selfright restore {LIVE_ID} --component site` brings back what was there" in found["next_step"]


def test_foreign_code_in_the_routing_function_is_said(world: CliWorld) -> None:
    """What it does with visitors is unknown."""
    account = Account(world)
    world.routing.edit("LIVE", b"function handler(event) { return event.request; }")
    assert "somebody edited it" in account.run().stdout
    assert account.component("site")["outcome"] == "changed"


def test_a_settings_pointer_that_was_written_by_hand_is_said(world: CliWorld) -> None:
    """With the command that writes it back."""
    account = Account(world)
    account.point("dddd")
    found = account.component("settings")
    assert (found["found"], found["expected"]) == ("dddd", "cccc")
    assert "--name /smartpack/prod/settings/current --value cccc`" in found["next_step"]


def test_a_stale_read_is_not_believed(world: CliWorld) -> None:
    """A read just after a write may show the state before it: the second one counts."""
    account = Account(world)
    account.functions.point("live", "1")
    account.functions.before["get_function_configuration"] = lambda: account.functions.point("live", "2")
    assert account.component("api")["outcome"] == "as_released"
    assert world.time.slept == [0.5]


def test_a_change_is_believed_after_three_reads(world: CliWorld) -> None:
    """Only what looks changed is read again."""
    account = Account(world)
    account.functions.point("live", "1")
    account.functions.calls.clear()
    account.run()
    assert account.functions.calls.count("get_alias") == 3
    assert world.routing.calls == ["get_function"]


def test_a_denied_read_is_not_compared_and_never_fine(world: CliWorld) -> None:
    """With the permission that is missing."""
    account = Account(world)

    def deny() -> None:
        raise DENIED

    account.functions.before["get_alias"] = deny
    found = account.component("api")
    assert found["outcome"] == "not_compared"
    assert "lambda:GetAlias" in found["reason"]
    account.functions.before["get_alias"] = deny
    shown = account.run().stdout
    assert "? smartpack/prod: api was not compared with AWS: lambda:GetAlias" in shown
    assert "as released" not in shown


def test_nothing_is_compared_while_a_deployment_is_on_its_way(world: CliWorld) -> None:
    """It may be anywhere between the two releases, and the table says so."""
    account = Account(world)
    account.functions.point("live", "1")
    world.write(BAKING)
    world.lock(holder=ID)
    assert account.compared() == {"why_not": "a deployment is on its way", "components": []}
    assert "✘" not in account.run().stdout


def test_nothing_is_compared_while_a_recovery_holds_the_environment(world: CliWorld) -> None:
    """Its state is unknown until that has ended, and the table says why it is held."""
    account = Account(world)
    world.lock(held="A recovery is running.", held_by=LIVE_ID)
    assert account.compared()["why_not"] == "the environment is held"


def hold(world: CliWorld) -> None:
    """The rollback of 1.2.0 has failed, which brought api 3 and settings dddd; the site is 1.1.0's."""
    before, after = (
        {"api": Revision("2"), "settings": Revision("cccc")},
        {"api": Revision("3"), "settings": Revision("dddd")},
    )
    world.write(replace(FAILED, restore_point=before, staged=after, export="digest"))
    world.lock(held="The rollback failed.", held_by=ID)


def test_a_held_environment_is_compared_with_what_should_have_been_restored(world: CliWorld) -> None:
    """The restore point of the release whose rollback failed, and what earlier releases left of the rest."""
    account = Account(world)
    hold(world)
    assert "✔ Compared with AWS: as it should be.\n" in account.run().stdout
    assert [one["outcome"] for one in account.compared()["components"]] == ["as_released"] * 3


def test_a_change_by_hand_in_a_held_environment_is_said_with_the_way_out(world: CliWorld) -> None:
    """First the command that puts it right, then the rollback, which verifies everything and frees the environment."""
    account = Account(world)
    hold(world)
    account.functions.point("live", "1")
    shown = account.run("smartpack/prod").stdout
    assert "✘ smartpack/prod: api is on 1 and should be on 2, as 1.1.0 left it: changed by hand.\n" in shown
    step = account.component("api")["next_step"]
    assert step.startswith("Put it right: `aws lambda update-alias")
    assert step.endswith(f"Then `selfright rollback {ID}` verifies everything and frees the environment.")


def test_what_was_not_restored_is_no_change_by_hand(world: CliWorld) -> None:
    """It is still on what the release has brought."""
    account = Account(world)
    hold(world)
    account.point("dddd")
    assert account.component("settings")["outcome"] == "not_restored"
    said = "✘ smartpack/prod: settings is still on dddd and should be on cccc: it was not restored.\n"
    assert said in account.run("smartpack/prod").stdout


def test_a_component_that_the_failed_release_did_not_have_is_compared_too(world: CliWorld) -> None:
    """Mostly, that is why the checks after the rollback failed; what has no command is restored from the export."""
    account = Account(world)
    hold(world)
    world.routing.edit("LIVE", render(RoutingTable("eeee")))
    step = account.component("site")["next_step"]
    assert step.startswith(f"Put it right: `selfright restore {ID} --component site`. Then `selfright rollback {ID}`")


def test_an_environment_that_is_freed_meanwhile_is_not_compared(world: CliWorld) -> None:
    """Somebody else has put it right, or accepted it."""
    account = Account(world)
    hold(world)
    account.functions.point("live", "1")
    world.time.plan(1, lambda: world.lock(held="", held_by=""))
    assert account.compared()["why_not"] == "a deployment began meanwhile"


def test_a_deployment_that_begins_meanwhile_is_no_change_by_hand(world: CliWorld) -> None:
    """What it moved is not blamed on anybody."""
    account = Account(world)
    world.write(BAKING)
    account.functions.point("live", "1")
    world.time.plan(1, lambda: world.lock(holder=ID))
    assert account.compared()["why_not"] == "a deployment began meanwhile"


def test_what_a_person_accepted_is_not_compared(world: CliWorld) -> None:
    """After `unlock`, visitors get parts of a release, and nobody knows which."""
    account = Account(world)
    world.write(replace(LIVE, phase=Phase.ROLLBACK_FAILED))
    assert "a person accepted the environment" in account.run().stdout


def test_a_component_that_an_earlier_release_brought_is_compared_with_that(world: CliWorld) -> None:
    """The live bundle has the site alone."""
    account = Account(world)
    world.write(replace(LIVE, deployment_id="older", staged={"api": Revision("2")}, version="1.0.0"))
    world.write(replace(LIVE, staged={"site": Revision("bbbb")}, previous="older"))
    account.functions.point("live", "1")
    found = account.component("api")
    assert (found["outcome"], found["version"]) == ("changed", "1.0.0")
    assert "--to" not in found["next_step"]


def test_a_component_that_no_release_brought_is_not_compared(world: CliWorld) -> None:
    """Nobody knows where it should be."""
    account = Account(world)
    world.write(replace(LIVE, staged={"site": Revision("bbbb")}, served_before=("site",)))
    account.functions.point("live", "1")
    assert [one["name"] for one in account.compared()["components"]] == ["site"]


def test_a_recovered_version_has_another_number_and_the_same_code(world: CliWorld) -> None:
    """`selfright restore` publishes the code again when the version is gone."""
    account = Account(world)
    world.write(replace(LIVE, staged={"api": Revision("9", "c0de")}))
    assert account.component("api")["outcome"] == "changed"
    world.write(replace(LIVE, staged={"api": Revision("9", sha256_of(account.functions.latest))}))
    assert account.component("api")["outcome"] == "as_released"


def test_all_environments_are_compared(world: CliWorld) -> None:
    """Each with its own live release; what is wrong in one is said with its name."""
    account = Account(world)
    world.register("shop/test")
    other = replace(LIVE, deployment_id="shop-1", application="shop", environment="test", version="3.0.0")
    world.write(replace(other, staged={"site": Revision("dddd")}))
    world.locks.save(replace(world.locks.load("shop/test"), live="shop-1"))
    result = account.run()
    assert "✘ shop/test: site is on bbbb and should be on dddd, as 3.0.0 left it: changed by hand.\n" in result.stdout
    assert "✘ smartpack/prod" not in result.stdout
    documents = json.loads(account.run("--output", "json").stdout)["environments"]
    assert [len(one["compared"]["components"]) for one in documents] == [1, 3]


def test_watching_compares_only_now_and_then(world: CliWorld) -> None:
    """Lambda's control plane belongs to the releases."""
    account = Account(world)

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.time.plan(45, interrupt)
    account.functions.calls.clear()
    assert account.run("smartpack/prod", "--watch").exit_code == 130
    assert account.functions.calls.count("get_alias") == 2
