"""The component `state_machine`: versions that never change, and an alias that leads executions to two of them."""

import io
import json
from typing import Any

import pytest

from controller.aws.client.clients import Clients
from controller.aws.components.exports import AwsExports
from controller.aws.components.registry import AwsComponents
from controller.aws.components.state_machine.component import StateMachineComponent
from controller.aws.components.state_machine.versions import OURS
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.bypassing import Bypassing
from controller.domain.components.state_machine.target import StateMachineTarget
from controller.domain.deployment import Deployment, Revision, Upload
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from controller.errors import (
    ChangedByOthersError,
    ConflictError,
    InvalidBundleError,
    LedgerConflictError,
    TransientError,
    TrippedError,
)
from controller.ports.components import Context
from tests.builders import BundleParts, digest
from tests.fakes import START
from tests.fences import BACK, FORWARD, forward
from tests.unit.aws.fake_machines import MACHINE, PLACEHOLDER, FakeMachines, a_definition

TARGET = {"kind": "state_machine", "state_machine_arn": MACHINE, "definition_substitutions": {"Word": "here"}}


@pytest.fixture
def machines() -> FakeMachines:
    """A state machine on version 1."""
    return FakeMachines()


def clients_of(machines: FakeMachines) -> Clients:
    """Clients for which there is only this state machine."""
    clients = Clients()
    clients.machines = clients.machine_aliases = machines  # type: ignore[assignment]
    return clients


def the_component(machines: FakeMachines) -> StateMachineComponent:
    """The component, which waits for nothing."""
    return StateMachineComponent(StateMachineTarget(**TARGET), "flow", clients_of(machines), lambda _: None)


def opened(definition: dict[str, Any]) -> BundleArchive:
    """An open bundle with this definition."""
    data = json.dumps(definition, indent=1).encode()
    flow = {"kind": "state_machine", "artifact": "flow.json", "digest": digest(data)}
    manifest = {"application": "shop", "version": "1", "components": {"flow": flow}}
    return BundleArchive(io.BytesIO(BundleParts(manifest, {"flow.json": data}).pack()))


def staged(machines: FakeMachines, word: str = "hello") -> Revision:
    """Stage a definition that says a word."""
    bundle = opened(a_definition(word))
    return the_component(machines).stage(bundle.manifest().components["flow"], bundle)


def test_a_definition_becomes_a_version_that_no_execution_follows_yet(machines: FakeMachines) -> None:
    """With the environment's values in it, and marked as ours."""
    revision = staged(machines, "${Word}")
    version = machines.versions["2"]
    assert (revision.id, machines.live) == ("2", {"1": 100})
    assert json.loads(version["definition"])["States"]["Say"]["Result"] == "here"
    assert version["description"] == f"{OURS}sha256:{revision.digest}"
    assert machines.mutations == ["update_state_machine", "publish_state_machine_version"]


def test_staging_again_makes_the_same_version(machines: FakeMachines) -> None:
    """After a fault, or by two at the same time."""
    first = staged(machines)
    assert (staged(machines), sorted(machines.versions)) == (first, ["1", "2"])


def test_what_is_live_already_is_not_staged_again(machines: FakeMachines) -> None:
    """However its definition is written; nothing is changed."""
    revision = staged(machines)
    machines.point("live", {"2": 100})
    machines.versions["2"]["definition"] = json.dumps(a_definition(), indent=4)
    machines.calls.clear()
    assert staged(machines) == revision
    assert machines.mutations == []


def test_a_role_that_the_template_changed_comes_with_the_next_release(machines: FakeMachines) -> None:
    """The definition is the same, and the version is a new one."""
    staged(machines)
    machines.point("live", {"2": 100})
    machines.latest |= {"roleArn": "arn:aws:iam::111122223333:role/new", "revisionId": "by the template"}
    assert staged(machines).id == "3"
    assert machines.versions["3"]["roleArn"].endswith("role/new")


def test_a_definition_that_somebody_writes_meanwhile_is_not_published(machines: FakeMachines) -> None:
    """The revision id is the condition; the next attempt publishes the right one."""

    def somebody() -> None:
        machines.latest |= {"definition": json.dumps(a_definition("mine")), "revisionId": "mine"}

    machines.before["publish_state_machine_version"] = somebody
    revision = staged(machines)
    assert json.loads(machines.versions[revision.id]["definition"]) == a_definition()


def test_somebody_who_never_stops_writing_is_named(machines: FakeMachines) -> None:
    """The release can be tried again."""

    def again() -> None:
        machines.latest["revisionId"] = f"another after {len(machines.calls)}"
        machines.before["publish_state_machine_version"] = again

    again()
    with pytest.raises(ConflictError, match="Somebody else is updating orders"):
        staged(machines)


def test_a_definition_that_step_functions_refuses_is_not_staged(machines: FakeMachines) -> None:
    """In its own words; `plan` says the same."""
    machines.invalid = "SCHEMA_VALIDATION_FAILED at /States/Say"
    with pytest.raises(InvalidBundleError, match="Step Functions refuses the definition: SCHEMA_VALIDATION_FAILED"):
        staged(machines)
    assert sorted(machines.versions) == ["1"]


def test_executions_are_divided_and_brought_back(machines: FakeMachines) -> None:
    """By two weights that are 100 together; one version has no second weight."""
    stable, canary = Revision("1"), staged(machines)
    component = the_component(machines)
    for weight, expected in ((10, {"1": 90, "2": 10}), (100, {"2": 100})):
        component.shift(stable, canary, weight, FORWARD)
        assert machines.live == expected
        assert component.arrival(stable, canary, weight, ()).missing == ""
    component.restore(stable, canary, BACK)
    assert machines.live == {"1": 100}
    assert component.arrival(stable, canary, 50, ()).missing == "orders:live is read as version 1"


def test_running_executions_end_on_their_version(machines: FakeMachines) -> None:
    """Whatever happens to the alias, and to the version itself."""
    canary = staged(machines)
    component = the_component(machines)
    component.shift(Revision("1"), canary, 100, FORWARD)
    running = machines.start(canary.id)
    component.restore(Revision("1"), canary, BACK)
    assert component.discard(canary)
    assert (running["status"], json.loads(running["definition"])) == ("RUNNING", a_definition())


def test_the_fence_is_asked_between_reading_and_writing(machines: FakeMachines) -> None:
    """A tripped deployment moves nothing."""

    def tripped() -> None:
        raise TrippedError("the alarm fired")

    canary = staged(machines)
    with pytest.raises(TrippedError):
        the_component(machines).shift(Revision("1"), canary, 10, forward(tripped))
    assert machines.live == {"1": 100}


def test_a_restoration_leaves_its_seal_even_where_nothing_moves(machines: FakeMachines) -> None:
    """And is not written twice."""
    component = the_component(machines)
    component.restore(Revision("1"), Revision("2"), BACK)
    assert machines.aliases["live"]["description"] == f"Moved by Selfright, fencing token {BACK.seal}"
    component.restore(Revision("1"), Revision("2"), BACK)
    assert machines.mutations == ["update_state_machine_alias"]


def test_an_alias_that_a_person_moved_is_left_alone(machines: FakeMachines) -> None:
    """It leads to a version that this deployment does not know."""
    canary = staged(machines)
    machines.versions["9"] = machines.versions["1"]
    machines.point("live", {"9": 100})
    with pytest.raises(ChangedByOthersError, match=r"orders:live is on version 9"):
        the_component(machines).shift(Revision("1"), canary, 10, FORWARD)
    assert machines.live == {"9": 100}


def test_a_divided_alias_begins_no_release(machines: FakeMachines) -> None:
    """With both versions and their weights."""
    staged(machines)
    machines.point("live", {"1": 60, "2": 40})
    with pytest.raises(ChangedByOthersError, match=r"version 1 \(60 %\) and version 2 \(40 %\)"):
        the_component(machines).current()


def test_a_weight_of_nothing_does_not_count(machines: FakeMachines) -> None:
    """A person's console leaves such routes."""
    staged(machines)
    machines.point("live", {"1": 100, "2": 0})
    assert the_component(machines).current().id == "1"


def test_a_staged_version_is_compared_before_it_gets_executions(machines: FakeMachines) -> None:
    """It must have the definition that was staged; nothing is started."""
    revision = staged(machines)
    component = the_component(machines)
    (good,) = component.check(revision, ())
    (other,) = component.check(Revision("1", revision.digest), ())
    (gone,) = component.check(Revision("7", revision.digest), ())
    assert (good.passed, other.passed, gone.passed) == (True, False, False)
    assert (other.detail, gone.detail) == ("the version has another definition", "the version does not exist")
    assert machines.executions == []


def test_after_a_rollback_the_state_machine_itself_is_stables_again(machines: FakeMachines) -> None:
    """Unless somebody else has changed it since; twice is harmless."""
    staged(machines)
    component, bundle = the_component(machines), opened(a_definition("hello"))
    artifact = bundle.manifest().components["flow"]
    for _ in range(2):
        assert component.unstage(artifact, bundle, Revision("1")) is None
        assert json.loads(machines.latest["definition"]) == PLACEHOLDER
    machines.latest["definition"] = json.dumps(a_definition("mine"))
    left = component.unstage(artifact, bundle, Revision("1"))
    assert left
    assert "was not touched" in left.reason
    assert json.loads(machines.latest["definition"]) == a_definition("mine")
    assert component.bypassed_by() == Bypassing()


def test_old_versions_of_ours_are_pruned(machines: FakeMachines) -> None:
    """Neither those of others, nor what is kept, nor what any alias leads to."""
    component = the_component(machines)
    revisions = [staged(machines, word) for word in ("a", "b", "c", "d", "e")]
    machines.point("live", {revisions[4].id: 100})
    machines.point("old", {revisions[1].id: 100})
    assert component.prune([revisions[2]], 1) == 2
    assert sorted(machines.versions) == ["1", "3", "4", "6"]


def test_a_version_that_an_alias_takes_just_now_stays(machines: FakeMachines) -> None:
    """Step Functions refuses to delete it."""
    revision = staged(machines)
    machines.before["delete_state_machine_version"] = lambda: machines.point("mine", {revision.id: 100})
    assert not the_component(machines).discard(revision)
    assert revision.id in machines.versions


def test_discarding_is_harmless(machines: FakeMachines) -> None:
    """Twice, of a version of others, of one that is live, and of what is no version."""
    revision = staged(machines)
    component = the_component(machines)
    assert [component.discard(one) for one in (Revision("1"), Revision(""), revision, revision)] == [
        False,
        False,
        True,
        False,
    ]
    assert (component.has(revision), component.has(Revision("1"))) == (False, True)


def test_it_is_exported_as_it_is_live(machines: FakeMachines) -> None:
    """Definition, role and type: all that a recovery needs."""
    document = {"application": "shop", "environment": "prod", "components": {"flow": TARGET}}
    environment = Environment.model_validate(document)
    found = AwsExports("artifacts", clients_of(machines)).of(environment, "flow", Revision("1"))
    assert (found["version"], json.loads(found["definition"])["StartAt"]) == ("1", "Begin")
    assert found["configuration"]["type"] == "STANDARD"


def test_the_registry_makes_it(machines: FakeMachines) -> None:
    """By the name of its kind, from its folder alone."""
    document = {"application": "shop", "environment": "prod", "components": {"flow": TARGET}}
    found = AwsComponents("artifacts", clients_of(machines)).get(Environment.model_validate(document), "flow")
    assert found.current().id == "1"
    assert found.why_indivisible(opened({}).manifest().components["flow"], opened({}), Revision("1")) == ""


def test_an_alias_that_never_stays_is_said(machines: FakeMachines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state on which every write is refused is tried again by the workflow."""
    monkeypatch.setattr("controller.clock.sleep", lambda _: None)

    def refuse() -> None:
        machines.before["update_state_machine_alias"] = refuse
        raise ConflictError("busy")

    canary = staged(machines)
    machines.before["update_state_machine_alias"] = refuse
    with pytest.raises(TransientError, match="was changed 5 times"):
        the_component(machines).shift(Revision("1"), canary, 10, FORWARD)


@pytest.mark.parametrize("what", ["stage", "unstage"])
def test_a_call_that_comes_too_late_changes_nothing(machines: FakeMachines, what: str) -> None:
    """AWS has no condition here, so the ledger is asked right before the write."""

    def over() -> None:
        msg = "It has ended."
        raise LedgerConflictError(msg)

    if what == "unstage":
        staged(machines)
    machines.calls.clear()
    upload = Upload("artifacts", "incoming/shop/prod/x.zip", "v1", 1, START)
    context = Context(Deployment("d2", "shop", "prod", Phase.STAGING, upload, "arn", START, START), over)
    late = StateMachineComponent(
        StateMachineTarget(**TARGET), "flow", clients_of(machines), lambda _: None, context=context
    )
    bundle = opened(a_definition())
    artifact = bundle.manifest().components["flow"]
    with pytest.raises(LedgerConflictError):
        late.stage(artifact, bundle) if what == "stage" else late.unstage(artifact, bundle, Revision("1"))
    assert machines.mutations == []
