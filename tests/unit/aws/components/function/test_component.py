import base64
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from controller.domain.bundle.archive import BundleArchive
from controller.domain.deployment import Awaited, Pending, Revision
from controller.errors import (
    AwsError,
    ChangedByOthersError,
    InvalidBundleError,
    NotFoundError,
    RefusedError,
)
from controller.ports.components import Context
from tests.builders import a_bundle
from tests.fakes import START
from tests.fences import BACK, FORWARD
from tests.unit.aws.conftest import ARTIFACTS, World
from tests.unit.aws.fake_lambda import sha
from tests.unit.aws.ledger_table import a_deployment

V1, V2 = Revision("1"), Revision("2")
CODE = b"def handler(event, context): ..."


def staged(world: World, code: bytes = CODE, **api: Any) -> Any:  # noqa: ANN401 - a revision
    """Stage the function of a bundle with this code and configuration."""
    variables = api.pop("environment", {})
    bundle = BundleArchive(io.BytesIO(a_bundle(api_code=code, api=api)))
    artifact = bundle.manifest().components["api"]
    return world.function(variables=variables).stage(artifact, bundle)


def variables(world: World, version: str) -> dict[str, str]:
    """The environment variables of a version."""
    return world.functions.versions[version]["Environment"]["Variables"]


def test_the_live_revision_is_the_version_of_the_alias(world: World) -> None:
    """The revision's id is the version's number, and its digest that of the code."""
    current = world.function().current()
    assert current.id == "1"
    assert len(bytes.fromhex(current.digest)) == 32


@pytest.mark.parametrize(("version", "shares"), [("1", {"2": 0.5}), ("$LATEST", None)])
def test_a_release_does_not_begin_on_an_alias_that_is_not_on_one_version(
    world: World, version: str, shares: dict[str, float] | None
) -> None:
    """A rollback could not restore half a shift or code that can change."""
    world.functions.point("live", version, shares)
    with pytest.raises(ChangedByOthersError, match="must be on one published version"):
        world.function().current()


def test_staging_publishes_a_version_and_moves_no_traffic(world: World) -> None:
    """A new version has the bundle's code; the alias stays where it is."""
    revision = staged(world)
    assert revision.id == "2"
    assert world.functions.versions["2"]["CodeSha256"] == sha_of(revision)
    assert world.functions.versions["2"]["Description"] == f"selfright sha256:{revision.digest}"
    assert world.functions.live == ("1", {})


def sha_of(revision: Revision) -> str:
    """A revision's digest as Lambda writes it."""
    return base64.b64encode(bytes.fromhex(revision.digest)).decode()


def test_the_key_of_the_artifact_is_its_digest(world: World) -> None:
    """The staging area is addressed by content, so one artifact is uploaded once."""
    revision = staged(world)
    staged(world)
    assert world.stored(ARTIFACTS) == {f"staging/{revision.digest}.zip"}
    assert world.s3_calls["PutObject"] == 1


def test_staging_twice_gives_the_same_version(world: World) -> None:
    """A state that runs again after a failure finds its work done."""
    first = staged(world, memory=256)
    world.functions.calls.clear()
    assert staged(world, memory=256) == first
    assert world.functions.mutations == ["publish_version"]


def test_an_unchanged_function_is_not_written(world: World) -> None:
    """The live version has this code and this configuration already, so there is no mutating call."""
    first = staged(world, memory=256, variables={"MODE": "fast"})
    world.functions.point("live", first.id)
    world.functions.calls.clear()
    world.s3_calls.clear()
    assert staged(world, memory=256, variables={"MODE": "fast"}) == first
    assert world.functions.mutations == []
    assert not world.s3_calls


def test_only_the_configuration_that_is_given_is_set(world: World) -> None:
    """Memory comes from the release; the timeout stays that of the template."""
    version = world.functions.versions[staged(world, memory=256).id]
    assert (version["MemorySize"], version["Timeout"], version["Handler"]) == (256, 3, "app.handler")


def test_variables_are_the_templates_the_releases_and_the_environments(world: World) -> None:
    """The later wins: the environment's win over all, because they are about one place."""
    revision = staged(world, variables={"MODE": "fast", "STAGE": "any"}, environment={"STAGE": "prod"})
    assert variables(world, revision.id) == {
        "TABLE": "trips",
        "MODE": "fast",
        "STAGE": "prod",
        "SELFRIGHT_VARIABLES": "MODE,STAGE",
    }


def test_a_variable_that_a_release_drops_is_removed(world: World) -> None:
    """This also holds when the other release was rolled back and left its configuration in `$LATEST`."""
    staged(world, variables={"OLD": "1", "KEPT": "1"})
    second = staged(world, b"# two", variables={"KEPT": "2"})
    assert variables(world, second.id) == {"TABLE": "trips", "KEPT": "2", "SELFRIGHT_VARIABLES": "KEPT"}
    third = staged(world, b"# three")
    assert variables(world, third.id) == {"TABLE": "trips"}


def test_a_setting_that_a_release_drops_has_the_value_from_before_all_releases(world: World) -> None:
    """This also holds when the other release was rolled back and left its configuration in `$LATEST`."""
    staged(world, b"# one", memory=256, timeout="20s")
    second = world.functions.versions[staged(world, b"# two", memory=512).id]
    assert (second["MemorySize"], second["Timeout"]) == (512, 3)
    third = world.functions.versions[staged(world, b"# three").id]
    assert (third["MemorySize"], third["Timeout"]) == (128, 3)
    assert variables(world, third["Version"]) == {"TABLE": "trips"}


def test_a_setting_that_is_given_as_it_was_is_left_to_the_template(world: World) -> None:
    """A later change of the template takes effect."""
    staged(world, b"# one", memory=128)
    world.functions.latest["MemorySize"] = 1024
    assert world.functions.versions[staged(world, b"# two").id]["MemorySize"] == 1024


def test_a_setting_that_somebody_changed_since_is_kept(world: World) -> None:
    """The template may have been deployed again: its new value is not overwritten."""
    staged(world, b"# one", memory=256)
    world.functions.latest["MemorySize"] = 1024
    assert world.functions.versions[staged(world, b"# two").id]["MemorySize"] == 1024


def test_a_dropped_setting_is_a_change(world: World) -> None:
    """The code is the live version's, but the configuration is not."""
    first = staged(world, memory=256)
    world.functions.point("live", first.id)
    second = staged(world)
    assert second.id != first.id
    world.functions.point("live", second.id)
    assert staged(world).id == second.id


@pytest.mark.parametrize("record", ["not JSON", "[]", '{"MemorySize":1}', '{"Role":["a","b"]}'])
def test_a_damaged_record_of_settings_is_ignored(world: World, record: str) -> None:
    """People can edit variables; only settings that a release can have are restored."""
    world.functions.latest["Environment"]["Variables"]["SELFRIGHT_SETTINGS"] = record
    version = world.functions.versions[staged(world, memory=256).id]
    assert (version["MemorySize"], version.get("Role")) == (256, world.functions.latest.get("Role"))


def test_a_dropped_variable_is_a_change(world: World) -> None:
    """The code is the live version's, but the configuration is not."""
    first = staged(world, variables={"OLD": "1"})
    world.functions.point("live", first.id)
    assert staged(world).id != first.id


def test_variables_that_cannot_be_decrypted_are_not_lost(world: World) -> None:
    """Lambda leaves them out of its answer, and a merge would delete them, so nothing is written."""
    world.functions.latest["Environment"] = {"Error": {"ErrorCode": "AccessDeniedException"}}
    with pytest.raises(AwsError, match="kms:Decrypt"):
        staged(world, variables={"MODE": "fast"})
    assert world.functions.mutations == []


def test_staging_waits_for_every_update(world: World) -> None:
    """Lambda takes no second change before the first is done; a pause is 0.05 s or a tenth of the wait so far."""
    world.functions.polls = 12
    staged(world, memory=256)
    assert world.slept[:12] == pytest.approx([0.05] * 11 + [0.055])
    assert len(world.slept) == 24


def test_an_update_that_fails_says_why(world: World) -> None:
    """The message has Lambda's own reason."""
    world.functions.fails = "The image is invalid."
    with pytest.raises(AwsError, match="The image is invalid"):
        staged(world)


@pytest.mark.parametrize("code", [b"# corrected", b"# broken"])
def test_an_update_that_failed_once_does_not_stop_the_next(world: World, code: bytes) -> None:
    """Lambda keeps the failure until an update succeeds: of other code, or of the same code once the cause is gone."""
    world.functions.fails = "The role may not be assumed."
    with pytest.raises(AwsError):
        staged(world, b"# broken", memory=256)
    world.functions.fails = ""
    revision = staged(world, code, memory=256)
    assert world.functions.latest["LastUpdateStatus"] == "Successful"
    assert world.functions.versions[revision.id]["CodeSha256"] == sha_of(revision)


def failing(world: World) -> Callable[[], None]:
    """From now on, what Lambda makes fails in the end."""

    def begin() -> None:
        world.functions.fails = "The image is invalid."

    return begin


def finished(world: World, **api: Any) -> Revision:  # noqa: ANN401 - as in release.yaml
    """Stage the function for a deployment that has asked for it before, until it is done."""
    bundle = BundleArchive(io.BytesIO(a_bundle(api_code=CODE, api=api)))
    context = Context(a_deployment(awaited={"api": Awaited(START, "it is being made")}), lambda: None)
    for _ in range(10):
        made = world.function(context).stage(bundle.manifest().components["api"], bundle)
        if isinstance(made, Revision):
            return made
    raise AssertionError


def test_an_update_that_takes_minutes_is_pending(world: World) -> None:
    """An image, a VPC or SnapStart takes longer than a call waits; a later call goes on where the first one stopped."""
    world.functions.polls = 60
    first = staged(world, b"def handler(event, context): ...", memory=256)
    assert isinstance(first, Pending)
    assert (first.doing, first.patience) == ("Lambda prepares smartpack-prod-api:$LATEST", 20 * 60)
    assert 30 <= sum(world.slept) < 32
    assert finished(world, memory=256).id == "2"
    mutations = ["update_function_configuration", "update_function_code", "publish_version"]
    assert world.functions.mutations == mutations


def test_a_version_that_takes_minutes_is_pending(world: World) -> None:
    """SnapStart makes a snapshot of every new version; a second call finds the version, and publishes no other."""
    world.functions.preparing = 60
    first = staged(world)
    assert isinstance(first, Pending)
    assert first.doing == "Lambda prepares smartpack-prod-api:2"
    assert finished(world).id == "2"
    assert [*world.functions.versions] == ["1", "2"]


@pytest.mark.parametrize("slow", ["polls", "preparing"])
def test_a_slow_update_that_fails_is_not_tried_for_ever(world: World, slow: str) -> None:
    """The failure that a later call finds is its own deployment's, and is reported with Lambda's reason."""
    setattr(world.functions, slow, 60)
    world.functions.before["publish_version" if slow == "preparing" else "update_function_code"] = failing(world)
    assert isinstance(staged(world), Pending)
    with pytest.raises(AwsError, match=r"Lambda could not update smartpack-prod-api: .* Correct the release"):
        finished(world)


def test_a_version_that_failed_once_is_published_anew(world: World) -> None:
    """Lambda would answer with the version that can never be invoked."""
    world.functions.preparing = 1
    world.functions.before["publish_version"] = failing(world)
    with pytest.raises(AwsError):
        staged(world)
    world.functions.fails, world.functions.remembers = "", True
    assert staged(world).id == "3"


@pytest.mark.parametrize("reads", [1, 4, 12])
def test_reads_from_before_our_own_updates_are_not_believed(world: World, reads: int) -> None:
    """An old answer looks like somebody else's change, and is none: nothing is written twice because of it."""
    world.functions.polls = 1
    world.functions.lag(reads)
    revision = staged(world, memory=256)
    assert world.functions.versions[revision.id]["MemorySize"] == 256
    assert revision.id == "2"
    mutations = ["update_function_configuration", "update_function_code", "publish_version"]
    assert world.functions.mutations == mutations


def test_a_version_that_cannot_be_read_yet_is_not_missing(world: World) -> None:
    """It was published a moment ago."""
    world.functions.preparing = 2
    world.functions.before["publish_version"] = lambda: world.functions.lag(3)
    assert staged(world).id == "2"


def test_a_function_that_somebody_changed_in_between_is_read_again(world: World) -> None:
    """A change between our read and our write makes the write fail; the next attempt builds on that change."""

    def touch() -> None:
        world.functions.latest |= {"RevisionId": "theirs", "Timeout": 30}

    world.functions.before["update_function_code"] = touch
    assert world.functions.versions[staged(world).id]["Timeout"] == 30


def test_other_code_in_place_of_ours_is_detected(world: World) -> None:
    """The published code is compared with the bundle's digest, whatever happened before."""
    world.functions._fetch = lambda bucket, key: b"something else"
    with pytest.raises(AwsError, match=r"not have the code of the bundle's api\.zip"):
        staged(world)


def test_a_site_is_not_staged_as_a_function(world: World) -> None:
    """The bundle and the environment disagree about the component's kind."""
    bundle = BundleArchive(io.BytesIO(a_bundle()))
    artifact = bundle.manifest().components["site"]
    with pytest.raises(InvalidBundleError, match="is a function in this environment and a site in the bundle"):
        world.function().stage(artifact, bundle)


def test_an_unknown_alias_is_reported(world: World) -> None:
    """The message names the call and the alias."""
    with pytest.raises(NotFoundError, match="lambda:GetAlias on smartpack-prod-api:beta"):
        world.function(alias="beta").current()


def test_a_canary_gets_its_share_and_then_all_traffic(world: World) -> None:
    """The alias has weights between the steps, and none at the end."""
    staged(world)
    world.function().shift(V1, V2, 10, FORWARD)
    assert world.functions.live == ("1", {"2": 0.1})
    world.function().shift(V1, V2, 100, FORWARD)
    assert world.functions.live == ("2", {})


@pytest.mark.parametrize("weight", [10, 100])
def test_a_finished_shift_is_not_made_again(world: World, weight: int) -> None:
    """The second run only reads."""
    staged(world)
    world.function().shift(V1, V2, weight, FORWARD)
    world.functions.calls.clear()
    world.function().shift(V1, V2, weight, FORWARD)
    assert world.functions.calls == ["get_alias"]


def test_a_prune_keeps_versions_that_may_be_needed(world: World) -> None:
    """Only our versions that are old, not to be kept, and used by no alias are deleted."""
    for number in range(6):
        staged(world, b"# %d" % number)
    world.functions.point("live", "7")
    world.functions.point("beta", "3", {"2": 0.5})
    assert world.function().prune([Revision("4")], 1) == 2
    assert set(world.functions.versions) == {"1", "2", "3", "4", "7"}


def test_a_version_that_an_alias_begins_to_use_stays(world: World) -> None:
    """Lambda refuses to delete a version that an alias uses, and the prune goes on."""
    for number in range(3):
        staged(world, b"# %d" % number)
    world.functions.before["delete_function"] = lambda: world.functions.point("beta", "2")
    assert world.function().prune([], 1) == 1
    assert set(world.functions.versions) == {"1", "2", "4"}


def test_sha_is_base64() -> None:
    """The fake writes digests as Lambda does."""
    assert sha(b"") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_a_discarded_version_is_deleted_and_can_be_staged_again(world: World) -> None:
    """The version is deleted, and the same artifact makes a new one."""
    first = staged(world)
    assert world.function().discard(first)
    assert not world.function().discard(first)
    assert set(world.functions.versions) == {"1"}
    again = staged(world)
    assert (again.id, again.digest) == ("3", first.digest)


def test_a_deleted_version_that_lambda_still_returns_is_published_again(world: World) -> None:
    """Nothing changed since then, so Lambda may publish nothing until the configuration is written again."""
    world.functions.remembers = True
    world.function().discard(staged(world))
    assert staged(world).id == "3"
    assert world.functions.versions["3"]["Environment"] == world.functions.latest["Environment"]


def test_a_version_that_is_live_or_not_ours_is_not_discarded(world: World) -> None:
    """A version with any share of an alias stays, and so does one that a person published."""
    revision = staged(world)
    assert not world.function().discard(V1)
    world.functions.point("live", "1", {revision.id: 0.1})
    assert not world.function().discard(revision)
    assert set(world.functions.versions) == {"1", "2"}


def test_a_restore_is_one_call_when_the_alias_has_not_moved_since(world: World) -> None:
    """The mark of the last shift is the condition of the write, so nothing has to be read."""
    staged(world)
    mark = world.function().shift(V1, V2, 10, FORWARD) or ""
    world.functions.calls.clear()
    world.function().restore(V1, replace(V2, mark=mark), BACK)
    assert world.functions.calls == ["update_alias"]
    assert world.functions.live == ("1", {})


def test_an_old_mark_overwrites_no_change_of_others(world: World) -> None:
    """A person moved the alias after the shift: the condition fails, and the read shows that the change is not ours."""
    staged(world)
    staged(world, b"# theirs")
    mark = world.function().shift(V1, V2, 10, FORWARD) or ""
    world.functions.point("live", "3")
    with pytest.raises(ChangedByOthersError):
        world.function().restore(V1, replace(V2, mark=mark), BACK)
    assert world.functions.live == ("3", {})


def test_an_old_mark_of_our_own_does_not_prevent_a_restore(world: World) -> None:
    """A later shift was not recorded: one call fails, and the alias is restored nevertheless."""
    staged(world)
    mark = world.function().shift(V1, V2, 10, FORWARD) or ""
    world.function().shift(V1, V2, 100, FORWARD)
    world.function().restore(V1, replace(V2, mark=mark), BACK)
    assert world.functions.live == ("1", {})


# Versions that cannot share an alias


ROLE, QUEUE = "arn:aws:iam::123456789012:role/other", {"TargetArn": "arn:aws:sqs:eu-central-1:123456789012:dead"}


def why_indivisible(world: World, code: bytes = CODE) -> str:
    """What the function says of a bundle with this code, before anything is made."""
    bundle = BundleArchive(io.BytesIO(a_bundle(api_code=code)))
    component = world.function()
    return component.why_indivisible(bundle.manifest().components["api"], bundle, component.current())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"Role": ROLE},
            f"its execution role changes from none to {ROLE}, and AWS lets no such versions share an alias",
        ),
        ({"DeadLetterConfig": QUEUE}, f"its dead-letter queue changes from none to {QUEUE['TargetArn']}, and AWS"),
        ({"Role": ROLE, "DeadLetterConfig": QUEUE}, f"to {ROLE} and its dead-letter queue changes"),
        ({"DeadLetterConfig": {}, "Timeout": 30}, ""),
    ],
)
def test_a_version_with_another_role_or_queue_cannot_share_the_alias(
    world: World, change: dict[str, Any], said: str
) -> None:
    """Whoever changed `$LATEST`: it is said before anything is made, and noted in what is staged."""
    world.functions.latest |= change
    found = why_indivisible(world)
    assert (said in found) if said else (not found)
    assert world.functions.mutations == []
    assert bool(staged(world).indivisible) == bool(said)


def test_a_function_that_does_not_change_is_divided_from_nothing(world: World) -> None:
    """Its live version stays, so what its alias has does not matter, and costs no call."""
    revision = staged(world)
    world.functions.point("live", revision.id)
    world.functions.warm["live"] = {"RequestedProvisionedConcurrentExecutions": 5}
    world.functions.calls.clear()
    assert why_indivisible(world) == ""
    assert world.functions.calls == ["get_alias", "get_function_configuration", "get_function_configuration"]
    assert staged(world) == revision


OF_THE_TEMPLATE: list[dict[str, Any]] = [
    {"MemorySize": 1024},
    {"Timeout": 60},
    {"Role": ROLE},
    {"Layers": [{"Arn": "arn:aws:lambda:eu-central-1:123456789012:layer:tools:2", "CodeSize": 1}]},
    {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "VpcId": "vpc-1"}},
    {"DeadLetterConfig": QUEUE},
    {"LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/x"}},
    {"FileSystemConfigs": [{"Arn": "arn:aws:elasticfilesystem:x", "LocalMountPath": "/mnt/x"}]},
    {"Environment": {"Variables": {"TABLE": "journeys"}}},
]


@pytest.mark.parametrize("change", OF_THE_TEMPLATE, ids=lambda change: next(iter(change)))
def test_a_change_of_the_template_reaches_visitors_with_the_next_release(world: World, change: dict[str, Any]) -> None:
    """Also when that release changes nothing else; after it, nothing changes any more."""
    first = staged(world)
    world.functions.point("live", first.id)
    world.functions.latest |= change
    second = staged(world)
    assert second.id != first.id
    assert {name: world.functions.versions[second.id][name] for name in change} == change
    world.functions.point("live", second.id)
    assert staged(world) == replace(second, indivisible="")


UNSAID: list[dict[str, Any]] = [
    {"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": ""}},
    {"TracingConfig": {"Mode": "PassThrough"}, "EphemeralStorage": {"Size": 512}, "Layers": []},
    {"SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"}, "Description": "mine", "LastModified": "now"},
    {"Environment": {"Variables": {"TABLE": "trips", "SELFRIGHT_VARIABLES": ""}}},
]


@pytest.mark.parametrize("change", UNSAID)
def test_what_changes_nothing_for_visitors_makes_no_version(world: World, change: dict[str, Any]) -> None:
    """Lambda says the same in more than one way, and our own records are no variables of the application."""
    first = staged(world)
    world.functions.point("live", first.id)
    world.functions.latest |= change
    assert staged(world) == first


def test_what_a_rejected_release_left_behind_is_no_change_of_the_template(world: World) -> None:
    """Its code, settings and variables stand in `$LATEST`; the next release wants what is live."""
    first = staged(world, memory=256, variables={"MODE": "fast"})
    world.functions.point("live", first.id)
    staged(world, b"# bad", memory=512, timeout="20s", handler="bad.handler", variables={"MODE": "bad", "MORE": "1"})
    assert staged(world, memory=256, variables={"MODE": "fast"}) == first


def test_an_alias_with_warm_instances_of_its_own_is_refused(world: World) -> None:
    """AWS would divide its visitors itself, whatever the weights are; the next step says how to change that."""
    world.functions.warm["live"] = {"RequestedProvisionedConcurrentExecutions": 5}
    with pytest.raises(RefusedError, match=r"The alias smartpack-prod-api:live has provisioned concurrency") as caught:
        why_indivisible(world)
    assert "`provisioned_concurrency: 5`" in caught.value.next_step
    assert "--function-name smartpack-prod-api --qualifier live" in caught.value.next_step
    assert world.functions.mutations == []
