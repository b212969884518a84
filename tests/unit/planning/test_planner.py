from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from controller.domain.advice import ALARM_ADVICE, CHANGED_ADVICE, INDIVISIBLE_ADVICE, held_advice
from controller.domain.deployment import Revision
from controller.domain.phases import Phase
from selfright.components.planned import Difference, Items, Transfer
from tests.builders import SITE_FILES, a_bundle, bundle_parts
from tests.unit.aws.fake_rest_api import API, STAGE
from tests.unit.planning.conftest import ENVIRONMENT, LIVE, ON_ITS_WAY, PlanWorld

LISTING = "before-parameter-build.s3.ListObjectsV2"
SETTINGS = {"DEBUG": "no", "GREETING": "hello"}


def with_settings(version: str = "1.0.0", **settings: str) -> bytes:
    """A bundle with all three components."""
    return bundle_parts(version).with_parameters(settings or SETTINGS).pack()


def test_what_is_live_already_is_skipped(world: PlanWorld) -> None:
    """The same contents under another version change nothing, and no traffic moves."""
    world.release(with_settings())
    plan = world.plan(with_settings("1.0.1"))
    assert {one.name: one.change for one in plan.components} == {
        "api": "unchanged",
        "settings": "unchanged",
        "site": "unchanged",
    }
    assert (plan.changed, plan.timing.steps, plan.refusals) == ([], (), ())
    assert (plan.version, plan.live_version) == ("1.0.1", "1.0.0")


def test_a_change_of_the_functions_template_is_a_change(world: PlanWorld) -> None:
    """The release is the live one, and the plan says what visitors will get besides."""
    world.release(a_bundle())
    world.functions.latest |= {"MemorySize": 1024, "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": []}}
    api = world.component(a_bundle("1.0.1"), "api")
    assert api.change == "changed"
    assert [(one.name, one.before, one.after) for one in api.differences] == [
        ("memory", "128", "1024"),
        ("subnets", None, "subnet-1"),
    ]


def test_the_first_release_goes_to_all_visitors_and_says_what_a_rollback_restores(world: PlanWorld) -> None:
    """Nothing is live, so a rollback restores the stack's placeholder."""
    plan = world.plan(with_settings())
    assert {one.name: one.change for one in plan.components} == {"api": "changed", "settings": "new", "site": "new"}
    assert [step.weight for step in plan.timing.steps] == [100]
    assert "nothing was released here before" in plan.irreversible[0]


def test_the_plan_makes_the_controller_s_remarks(world: PlanWorld) -> None:
    """What people may not have meant is said before the upload."""
    assert [one[:22] for one in world.plan(a_bundle(checks=())).remarks if "No check" in one] == [
        "api: No check looks at",
        "site: No check looks a",
    ]


def test_the_plan_says_when_a_task_runs_and_that_it_stays_done(world: PlanWorld) -> None:
    """A migration is what a rollback does not undo."""
    parts = bundle_parts()
    parts.manifest["tasks"] = [{"component": "api", "event": {"do": "migrate"}}]
    plan = world.plan(parts.pack())
    runs = (
        "api: task 1 runs once, when the component is staged and before its checks; no rollback undoes it or runs it."
    )
    assert runs in plan.remarks
    assert "api: task 1 stays done: no rollback undoes it or runs it" in plan.irreversible


def test_a_check_by_a_route_that_the_api_lacks_is_remarked_on(world: PlanWorld) -> None:
    """Before traffic it passes, because the event is made for that route; visitors never come by it."""
    behind = {**ENVIRONMENT["components"]["api"], "rest_api_id": API, "rest_api_stage": STAGE}
    world.configuration = {**ENVIRONMENT, "components": {**ENVIRONMENT["components"], "api": behind}}
    there, gone = {"component": "api", "path": "/generate"}, {"component": "api", "path": "/a", "route": "/{one}"}
    outside = {"component": "api", "path": "/b", "only": "outside"}
    world.release(a_bundle(checks=(there, gone, outside)))
    said = "api: Its API has no route GET /{one} now, so the check before traffic asks what no visitor can."
    assert [one for one in world.plan(a_bundle(checks=(there, gone, outside))).remarks if "route" in one] == [said]


@pytest.mark.parametrize(("own", "said"), [(30, ["30s"]), (900, [])])
def test_a_task_that_the_function_s_own_timeout_ends_is_said(world: PlanWorld, own: int, said: list[str]) -> None:
    """The template has it, so the bundle alone does not show it."""
    world.functions.latest |= {"Timeout": own}
    parts = bundle_parts()
    parts.manifest["tasks"] = [{"component": "api", "timeout": "10m"}]
    found = [one for one in world.plan(parts.pack()).remarks if "its timeout is 10m" in one]
    assert [one.rpartition(" ")[2].rstrip(".") for one in found] == said


def test_nothing_is_changed_by_planning(world: PlanWorld) -> None:
    """Only what reads is called, and the buckets stay as they are."""
    world.release(with_settings())
    world.functions.calls.clear()
    world.routing.calls.clear()
    before = [world.s3.list_objects_v2(Bucket=bucket).get("Contents") for bucket in ("artifacts", "site-bucket")]
    world.plan(bundle_parts("1.1.0", b"other").with_parameters({"DEBUG": "yes"}).pack())
    assert (world.functions.mutations, world.routing.mutations) == ([], [])
    after = [world.s3.list_objects_v2(Bucket=bucket).get("Contents") for bucket in ("artifacts", "site-bucket")]
    assert before == after


def test_the_configuration_is_compared_with_what_the_new_version_will_have(world: PlanWorld) -> None:
    """The release's settings, and what the function's template has changed meanwhile: both come with the version."""
    world.release(a_bundle(api={"memory": 256, "variables": {"LOG_LEVEL": "info", "OLD": "x"}}))
    world.functions.latest |= {"Timeout": 20}
    planned = world.component(a_bundle("1.1.0", api={"memory": 512, "variables": {"LOG_LEVEL": "debug"}}), "api")
    assert planned.differences == (
        Difference("memory", "256", "512"),
        Difference("timeout", "3", "20"),
        Difference("variable LOG_LEVEL", "info", "debug"),
        Difference("variable OLD", "x", None),
    )
    assert planned.package
    assert planned.package.same


def test_a_variable_that_no_release_has_set_is_not_told(world: PlanWorld) -> None:
    """Somebody may have put a secret into the function, under any name; that it changes is told."""
    world.release(a_bundle(api={"variables": {"MODE": "a"}}))
    has = world.functions.latest["Environment"]["Variables"]
    world.functions.latest["Environment"] = {"Variables": {**has, "BACKEND": "hunter2"}}
    planned = world.component(a_bundle("1.1.0", api={"variables": {"MODE": "b"}}), "api")
    assert planned.differences == (
        Difference("variable BACKEND", None, "", secret=True),
        Difference("variable MODE", "a", "b"),
    )


def test_a_value_that_looks_secret_is_not_in_the_plan(world: PlanWorld) -> None:
    """By its name, or by its shape."""
    world.release(a_bundle(api={"variables": {"API_KEY": "first", "DATABASE": "none"}}))
    variables = {"API_KEY": "hunter2", "DATABASE": "postgres://me:hunter2@host/db"}
    planned = world.component(a_bundle("1.1.0", api={"variables": variables}), "api")
    assert [(one.name, one.secret) for one in planned.differences] == [
        ("variable API_KEY", True),
        ("variable DATABASE", True),
    ]
    assert "hunter2" not in repr(planned)


def test_the_sizes_of_the_code(world: PlanWorld) -> None:
    """As Lambda tells of the live version, as it lies in the bundle, and unpacked."""
    world.release(a_bundle())
    world.functions.versions["2"] |= {"CodeSize": 1000}
    code = b"#" * 5000
    package = world.component(a_bundle("1.1.0", code), "api").package
    assert package
    assert (package.before, package.unpacked, package.limit) == (1000, 5000, 250 * 1024 * 1024)
    assert package.after
    assert package.after < 1000


def test_the_files_of_a_site(world: PlanWorld) -> None:
    """By the two indexes: hashed files that the live revision has are not uploaded again."""
    world.release(a_bundle())
    files = {**SITE_FILES, "index.html": b"<title>new</title>", "assets/new-5f6a7b8c.js": b"12345"}
    del files["robots.txt"]
    planned = world.component(a_bundle("1.1.0", site_files=files), "site")
    assert planned.items == Items(("assets/new-5f6a7b8c.js",), ("index.html",), ("robots.txt",), "files", listed=False)
    assert planned.transfer == Transfer("files", 2, 3, len(b"<title>new</title>") + 5)


def test_who_may_not_list_the_bucket_gets_a_plan_and_is_told(world: PlanWorld) -> None:
    """Releasers read a site's index alone; what the live revision shares is known from that."""
    world.release(a_bundle())

    def denied(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")

    world.s3.meta.events.register(LISTING, denied)
    try:
        planned = world.component(a_bundle("1.1.0", site_files={**SITE_FILES, "index.html": b"new"}), "site")
    finally:
        world.s3.meta.events.unregister(LISTING, denied)
    assert planned.transfer
    assert planned.transfer.count < planned.transfer.total
    assert "You may not list the site's bucket" in planned.remarks[-1]


def test_a_hashed_name_with_other_contents_is_refused_as_the_controller_would(world: PlanWorld) -> None:
    """Browsers would keep the old ones for a year."""
    world.release(a_bundle())
    files = {**SITE_FILES, "assets/app-1a2b3c4d.js": b"other()"}
    planned = world.component(a_bundle("1.1.0", site_files=files), "site")
    assert planned.refusal
    assert "'assets/app-1a2b3c4d.js' is in the site's bucket with other contents" in planned.refusal.reason
    assert "`hashed`" in planned.refusal.next_step


def test_a_file_without_a_hash_may_change_in_assets(world: PlanWorld) -> None:
    """Only names that carry a hash are kept."""
    files = {**SITE_FILES, "assets/logo.svg": b"<svg/>"}
    world.release(a_bundle(site_files=files))
    planned = world.component(a_bundle("1.1.0", site_files={**files, "assets/logo.svg": b"<svg></svg>"}), "site")
    assert not planned.refusal
    assert planned.items == Items((), ("assets/logo.svg",), (), "files", listed=False)


def test_parameters_are_told_by_their_names_only(world: PlanWorld) -> None:
    """Values stay where they are."""
    world.release(with_settings())
    planned = world.component(with_settings("1.1.0", DEBUG="hunter2", NEW="y"), "settings")
    assert planned.items == Items(("NEW",), ("DEBUG",), ("GREETING",))
    assert "hunter2" not in repr(planned)


def test_roles_and_dead_letters_that_change_are_risks(world: PlanWorld) -> None:
    """A restored version has the former ones: they must still exist."""
    world.functions.latest |= {"Role": "arn:old"}
    world.functions.versions["1"] |= {"Role": "arn:old", "DeadLetterConfig": {"TargetArn": "arn:queue"}}
    world.make_live("0.9.0")
    world.functions.latest |= {"Role": "arn:new"}
    queue, role = world.plan(a_bundle("1.1.0")).irreversible
    assert queue.startswith("api: the dead-letter queue changes from arn:queue to none")
    assert role.startswith("api: the execution role changes from arn:old to arn:new; a rollback returns to version 1")


def test_a_bad_bundle_is_refused_in_the_controllers_words(world: PlanWorld) -> None:
    """The reason of the first check that fails, and nothing else is looked at."""
    parts = bundle_parts()
    parts.files["api.zip"] = b"other"
    plan = world.plan(parts.pack())
    assert "api.zip" in plan.refusals[0].reason
    assert plan.components == ()
    assert world.functions.calls == []


def test_a_component_that_the_environment_has_not_is_refused(world: PlanWorld) -> None:
    """As the controller would say it."""
    world.configuration["components"] = {"site": world.configuration["components"]["site"]}
    (refusal,) = world.plan(a_bundle()).refusals
    assert "the environment smartpack/prod has no such component (it has: site)" in refusal.reason


def test_what_is_odd_beside_what_is_live_is_planned(world: PlanWorld) -> None:
    """An older version, a component that is left out, an alarm without data: as the timeline will say it."""
    world.configuration["deployment_preference"] = {"alarms": ["errors"]}
    world.ports.alarms.known["errors"] = "INSUFFICIENT_DATA"
    world.make_live("1.0.10")
    world.ports.deployments.update(LIVE, {"staged": {"settings": Revision("1")}}, phases={Phase.SUCCEEDED})
    assert world.plan(a_bundle("1.0.9")).remarks[:3] == (
        "Version 1.0.9 is older than 1.0.10, which is live.",
        "settings: It is not in this bundle, so what is live of it stays.",
        "Alarm errors has no data: until there are some, it guards nothing.",
    )


@pytest.mark.parametrize(
    ("phase", "said"), [(Phase.ROLLED_BACK, "was rolled back"), (Phase.SUCCEEDED, "other contents")]
)
def test_a_version_with_a_past_is_refused(world: PlanWorld, phase: Phase, said: str) -> None:
    """A version that was rolled back, or had other contents."""
    world.ports.versions.previous_attempts["smartpack/prod", "1.0.0"] = ("other digest", phase)
    assert said in world.plan(a_bundle()).refusals[0].reason


def test_a_spent_version_names_the_deployment_to_retry(world: PlanWorld) -> None:
    """The command runs as it is printed."""
    bundle = a_bundle()
    world.ports.versions.previous_attempts["smartpack/prod", "1.0.0"] = (world.plan(bundle).digest, Phase.ROLLED_BACK)
    (refusal,) = world.plan(bundle, attempt=lambda version: f"smartpack-prod-{version}").refusals
    assert '`selfright retry smartpack-prod-1.0.0 --reason "…"`' in refusal.next_step


def test_a_held_environment_and_a_firing_alarm_are_both_told(world: PlanWorld) -> None:
    """The controller stops at the first; a plan reports all."""
    world.configuration["deployment_preference"] = {"alarms": ["errors"]}
    world.ports.alarms.known["errors"] = "ALARM"
    world.release(a_bundle())
    world.lock(held="The rollback of x failed.", held_by="x")
    refusals = world.plan(a_bundle("1.1.0")).refusals
    assert [(one.reason, one.next_step) for one in refusals] == [
        (
            "The environment is held: The rollback of x failed.",
            held_advice("smartpack/prod", "The rollback of x failed.", "x"),
        ),
        ("Alarm errors is firing.", ALARM_ADVICE),
    ]


@pytest.mark.parametrize("version", ["$LATEST", "1"])
def test_a_missing_stable_version_is_refused(world: PlanWorld, version: str) -> None:
    """An alias on `$LATEST`, or one that divides its traffic, cannot be restored."""
    world.functions.point("live", version, {"2": 0.1} if version == "1" else None)
    plan = world.plan(a_bundle())
    (refusal,) = plan.refusals
    assert "must be on one published version" in refusal.reason
    assert refusal.next_step == CHANGED_ADVICE
    assert next(one.change for one in plan.components if one.name == "api") == "unknown"


def test_a_function_of_another_kind_is_refused(world: PlanWorld) -> None:
    """AWS cannot turn a function of an image into one of a zip."""
    world.functions.package("f" * 64)
    assert "package type Image" in world.plan(a_bundle()).refusals[0].reason


def test_missing_secrets_are_refused_without_reading_any(world: PlanWorld) -> None:
    """Whether a secret is there is asked by its id; the keys within it are left to the controller."""
    world.configuration["secrets"] = {"mail": "smartpack/mail", "ai": "smartpack/ai"}
    world.secrets.add("smartpack/mail")
    plan = world.plan(bundle_parts().needing(mail=["password"], ai=["key"]).pack())
    (refusal,) = plan.refusals
    assert refusal.reason == "The secret 'ai' (smartpack/ai) does not exist."
    assert world.ports.secrets.asked == []


def test_a_deployment_on_its_way_is_waited_for(world: PlanWorld) -> None:
    """That is no refusal."""
    world.lock(holder="another")
    plan = world.plan(a_bundle())
    assert (plan.waits_for, plan.refusals) == ("another", ())


def test_what_the_deployment_on_its_way_divides_is_no_persons_change(world: PlanWorld) -> None:
    """The release waits for it, and is compared with what it will leave; the supposition is said."""
    world.release(a_bundle())
    before = world.begin(a_bundle("1.1.0", b"next", site_files={**SITE_FILES, "index.html": b"next"}))
    plan = world.plan(a_bundle("1.2.0", b"next", site_files={**SITE_FILES, "index.html": b"last"}))
    assert plan.refusals == ()
    assert {one.name: one.change for one in plan.components} == {"api": "unchanged", "site": "changed"}
    assert [one.live for one in plan.components] == [before.staged[name].id for name in ("api", "site")]
    assert plan.remarks[0] == f"The plan supposes that {ON_ITS_WAY} (1.1.0), which is on its way, ends well."


def test_what_is_being_rolled_back_is_supposed_to_be_restored(world: PlanWorld) -> None:
    """Then what was live before it is what the release stands on."""
    world.release(a_bundle())
    before = world.begin(a_bundle("1.1.0", b"next"))
    world.ports.deployments.update(ON_ITS_WAY, {"phase": Phase.ROLLING_BACK}, phases={Phase.BAKING})
    plan = world.plan(a_bundle("1.2.0", b"last"))
    assert plan.refusals == ()
    assert before.restore_point
    assert [one.live for one in plan.components] == [before.restore_point[name].id for name in ("api", "site")]
    assert "(1.1.0), which is being rolled back, is restored." in plan.remarks[0]


def test_what_the_deployment_on_its_way_has_not_staged_is_compared_later(world: PlanWorld) -> None:
    """Nobody knows yet what it will leave; that is no refusal, whatever state it is in."""
    world.release(a_bundle())
    before = world.begin(a_bundle("1.1.0", b"next"))
    staged = {"site": before.staged["site"]}
    world.ports.deployments.known[ON_ITS_WAY] = replace(before, staged=staged, phase=Phase.STAGING)
    plan = world.plan(a_bundle("1.2.0", b"last"))
    assert (plan.refusals, plan.components[0].change) == ((), "unknown")


def test_what_a_person_divides_is_refused_also_while_another_release_is_on_its_way(world: PlanWorld) -> None:
    """That deployment does not have the component, so it leaves it as it is."""
    world.release(a_bundle())
    before = world.begin(a_bundle("1.1.0", b"next"))
    world.ports.deployments.known[ON_ITS_WAY] = replace(before, components=("site",))
    (refusal,) = world.plan(a_bundle("1.2.0", b"last")).refusals
    assert "must be on one published version" in refusal.reason


def test_an_alarm_that_fires_while_another_release_is_on_its_way_refuses_nothing_yet(world: PlanWorld) -> None:
    """It may be that release's own, and is looked at when that has ended."""
    world.configuration["deployment_preference"] = {"alarms": ["errors"]}
    world.ports.alarms.known["errors"] = "ALARM"
    world.release(a_bundle())
    world.begin(a_bundle("1.1.0", b"next"))
    plan = world.plan(a_bundle("1.2.0", b"last"))
    said = f"Alarm errors is firing. If it still is so when {ON_ITS_WAY} has ended, this release is refused."
    assert (plan.refusals, plan.remarks[1]) == ((), said)
    assert said not in world.plan(a_bundle("1.2.0", b"last"), hotfix=True).remarks


def test_the_version_that_is_on_its_way_with_other_contents_is_refused(world: PlanWorld) -> None:
    """As it will be when that deployment has ended."""
    world.release(a_bundle())
    world.begin(a_bundle("1.1.0", b"next"))
    assert world.plan(a_bundle("1.1.0", b"next")).refusals == ()
    assert "with other contents" in world.plan(a_bundle("1.1.0", b"last")).refusals[0].reason


def test_the_first_release_on_its_way_makes_no_newcomers(world: PlanWorld) -> None:
    """The one after it goes by the steps, and a rollback restores the first."""
    world.begin(a_bundle())
    plan = world.plan(a_bundle("1.2.0", b"last"))
    assert [step.weight for step in plan.timing.steps] == [10, 100]
    assert plan.irreversible == []


def test_components_are_told_in_their_waves(world: PlanWorld) -> None:
    """What comes after something else is told after it."""
    parts = bundle_parts().with_parameters(SETTINGS)
    parts.manifest["components"]["api"]["after"] = ["settings"]
    plan = world.plan(parts.pack())
    assert [(one.name, one.wave) for one in plan.components] == [("settings", 0), ("site", 0), ("api", 1)]


def test_a_hotfix_may_begin_although_an_alarm_is_firing(world: PlanWorld) -> None:
    """But not without an alarm that it needs."""
    world.configuration["deployment_preference"] = {"alarms": ["errors", "gone"]}
    world.ports.alarms.known["errors"] = "ALARM"
    (refusal,) = world.plan(a_bundle(), hotfix=True).refusals
    assert refusal.reason == "Alarm gone does not exist any more."


def test_an_alarm_of_what_was_there_before_refuses_no_first_release(world: PlanWorld) -> None:
    """It measures a placeholder, which the release replaces; an alarm that is gone is refused all the same."""
    world.configuration["deployment_preference"] = {"alarms": ["errors"]}
    world.ports.alarms.known["errors"] = "ALARM"
    assert world.plan(a_bundle()).refusals == ()


def test_a_database_is_not_rolled_back(world: PlanWorld) -> None:
    """A snapshot is taken first; of a release that changes nothing there is nothing to say."""
    database = {"kind": "database", "instance": "shop-db"}
    world.configuration["components"] = {**world.configuration["components"], "db": database}
    world.release(a_bundle())
    (risk,) = world.plan(a_bundle("1.1.0", b"other")).irreversible
    assert risk.startswith("db: changes that the release makes to the database shop-db stay; a snapshot is taken first")
    assert world.plan(a_bundle("1.0.1")).irreversible == []


def test_a_component_that_was_never_live_goes_at_once(world: PlanWorld) -> None:
    """Beside others that go by the steps; where there are no others, there is one step, as there always was."""
    world.release(with_settings())
    world.ports.deployments.update(LIVE, {"staged": {"api": Revision("2")}}, phases={Phase.SUCCEEDED})
    both = world.plan(bundle_parts("1.1.0", b"other", {"index.html": b"new"}).pack())
    assert {one.name: one.at_once for one in both.components} == {"api": False, "site": True}
    assert [step.weight for step in both.timing.steps] == [10, 100]
    alone = world.plan(bundle_parts("1.1.0", site_files={"index.html": b"new"}).pack())
    assert alone.changed == ["site"]
    assert [step.weight for step in alone.timing.steps] == [100]


ROLE = "arn:aws:iam::123456789012:role/other"


def test_a_version_that_cannot_share_the_alias_is_refused(world: PlanWorld) -> None:
    """In the words of the controller, which refuses it before anything is touched."""
    world.release(a_bundle())
    world.functions.latest["Role"] = ROLE
    plan = world.plan(a_bundle("1.1.0", b"other"))
    (refusal,) = plan.refusals
    assert refusal.reason.startswith("api: its execution role changes from none to arn:aws:iam")
    assert refusal.next_step == INDIVISIBLE_ADVICE, held_advice


def test_a_version_that_may_go_at_once_is_planned_so(world: PlanWorld) -> None:
    """All visitors get it at the first step; nothing is compared, and where nothing else changes, there is one step."""
    world.release(a_bundle())
    world.functions.latest["Role"] = ROLE
    known = world.configuration["components"]
    world.configuration["components"] = {**known, "api": {**known["api"], "when_indivisible": "at_once"}}
    plan = world.plan(a_bundle("1.1.0", b"other", site_files={**SITE_FILES, "index.html": b"<title>new</title>"}))
    assert plan.refusals == ()
    assert {one.name: one.at_once for one in plan.components} == {"api": True, "site": False}
    assert plan.outlooks == ()
    alone = world.plan(a_bundle("1.1.0", b"other"))
    assert [step.weight for step in alone.timing.steps] == [100]


def test_an_alias_with_warm_instances_of_its_own_is_refused(world: PlanWorld) -> None:
    """The next step says where they belong."""
    world.release(a_bundle())
    world.functions.warm["live"] = {"RequestedProvisionedConcurrentExecutions": 5}
    (refusal,) = world.plan(a_bundle("1.1.0", b"other")).refusals
    assert "has provisioned concurrency (5)" in refusal.reason
    assert "delete-provisioned-concurrency-config" in refusal.next_step
