"""The component `stack`: forward by one change set, back by another, and nothing of anybody else's is touched."""

import io
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto.cloudformation.models import CloudFormationBackend

from controller.aws.client.clients import reading_text
from controller.aws.components.stack.component import StackComponent, mark_of
from controller.aws.components.stack.export import StackExport
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.stack.artifact import StackArtifact
from controller.domain.components.stack.target import StackTarget
from controller.domain.deployment import Awaited, Deployment, Left, Pending, Revision, Upload
from controller.domain.phases import Phase
from controller.errors import AwsError, ChangedByOthersError, InvalidBundleError, TrippedError
from controller.ports.components import Context
from tests.builders import bundle_parts
from tests.unit.aws.conftest import ARTIFACTS, REGION, World
from tests.unit.aws.fake_cloudformation import NOW, FakeCloudFormation

STACK, ROLE = "smartpack-prod-infra", "arn:aws:iam::123456789012:role/changes"
Resource = str | tuple[str, dict[str, Any]]
TOPIC, QUEUE = "AWS::SNS::Topic", "AWS::SQS::Queue"


def template(parameters: tuple[str, ...] = (), **resources: Resource) -> str:
    """A template of these resources: name → type, or type and properties."""
    made = {
        name: {"Type": one} if isinstance(one, str) else {"Type": one[0], "Properties": one[1]}
        for name, one in resources.items()
    }
    declared = {"Parameters": {name: {"Type": "String", "Default": "d"} for name in parameters}} if parameters else {}
    return json.dumps({**declared, "Resources": made})


ONE = template(Topic=(TOPIC, {"DisplayName": "one"}))
TWO = template(Topic=(TOPIC, {"DisplayName": "two"}))


class Infra:
    """A stack, the deployment that changes it, and everything that a test may do to them."""

    def __init__(self, world: World) -> None:
        self.aws = FakeCloudFormation(read=self.read)
        self.world = world
        upload = Upload("b", "incoming/k.zip", "v", 1, NOW)
        self.deployment = Deployment("d1", "smartpack", "prod", Phase.STAGING, upload, "arn", NOW, NOW)
        self.target: dict[str, Any] = {"kind": "stack", "stack_name": STACK, "role_arn": ROLE}
        self.permit: Callable[[], object] = lambda: None

    @property
    def component(self) -> StackComponent:
        """The component as this deployment has it."""
        clients = self.world.clients
        clients.stacks = self.aws  # type: ignore[assignment]
        target = StackTarget.model_validate(self.target)
        context = Context(self.deployment, self.permit)
        return StackComponent(target, "infra", ARTIFACTS, clients, context=context, sleep=self.world.slept.append)

    def read(self, url: str) -> str:
        """What CloudFormation reads at the URL of a template."""
        _, key = url.split(f"/{ARTIFACTS}/")
        text: str = self.world.s3.get_object(Bucket=ARTIFACTS, Key=key)["Body"].read().decode()
        return text

    def begin(self, name: str = "d1") -> Revision:
        """A deployment begins: what is live is noted."""
        stable = self.component.current()
        self.deployment = replace(self.deployment, deployment_id=name, restore_point={"infra": stable}, staged={})
        return stable

    def stage(self, text: str, **parameters: str) -> Revision | Pending:
        """Stage a bundle with this template."""
        bundle = BundleArchive(io.BytesIO(bundle_parts().with_stack(text, parameters).pack()))
        artifact = StackArtifact(kind="stack", artifact="infra.yaml", digest=_digest(), parameters=parameters)
        made = self.component.stage(artifact, bundle)
        if isinstance(made, Revision):
            self.deployment = replace(self.deployment, staged={"infra": made})
        return made

    def release(self, text: str, name: str = "d1", **parameters: str) -> Revision:
        """A whole release of it."""
        self.begin(name)
        made = self.stage(text, **parameters)
        assert isinstance(made, Revision)
        return made

    def restore(self) -> Pending | Left | None:
        """Roll it back."""
        self.deployment = replace(self.deployment, phase=Phase.ROLLING_BACK, rollback_attempts=1)
        stable = (self.deployment.restore_point or {})["infra"]
        return self.component.restore(stable, self.deployment.staged.get("infra"))

    @property
    def text(self) -> str:
        """The template that is there."""
        return self.aws.stacks[STACK].template


def _digest() -> str:
    return f"sha256:{'0' * 64}"


@pytest.fixture
def infra(world: World) -> Infra:
    """An environment whose stack nobody has created yet."""
    return Infra(world)


@pytest.fixture
def live(infra: Infra) -> Infra:
    """One whose stack was made by a release."""
    infra.release(ONE, "d0")
    infra.aws.executed.clear()
    return infra


def test_the_first_release_creates_the_stack(infra: Infra) -> None:
    """With the service role, and the revision is what is there then."""
    assert infra.begin() == Revision("")
    made = infra.stage(ONE)
    assert made == infra.component.current()
    assert (infra.aws.stacks[STACK].status, infra.aws.stacks[STACK].role) == ("CREATE_COMPLETE", ROLE)


def test_a_release_changes_the_stack(live: Infra) -> None:
    """By one change set."""
    made = live.release(TWO)
    assert (live.text, live.component.current()) == (TWO, made)
    assert len(live.aws.executed) == 1
    assert all(one.passed for one in live.component.check(made, []))


def test_what_is_unchanged_is_skipped(live: Infra) -> None:
    """The same template is not asked about at all; another text for the same resources makes an empty change set."""
    stable = live.begin()
    assert live.stage(ONE) == stable
    assert live.stage(json.dumps(json.loads(ONE), indent=2)) == stable
    assert (live.aws.executed, live.aws.change_sets) == ([], {})


def test_staging_twice_is_staging_once(live: Infra) -> None:
    """The second call finds that it is done."""
    live.begin()
    assert live.stage(TWO) == live.stage(TWO)
    assert len(live.aws.executed) == 1


def test_values_come_from_the_bundle_and_the_environments_win(infra: Infra) -> None:
    """A default holds where neither says anything."""
    infra.target |= {"parameters": {"Mode": "careful"}}
    infra.release(template(("Mode", "Size", "Name"), Topic=TOPIC), Mode="fast", Size="3")
    assert infra.aws.stacks[STACK].parameters == {"Mode": "careful", "Size": "3", "Name": "d"}


def test_what_takes_long_is_asked_again(live: Infra) -> None:
    """It answers after some seconds, and is done when it is asked again; one change set in all."""
    live.aws.patience = 18
    live.begin()
    live.world.slept.clear()
    first = live.stage(TWO)
    assert isinstance(first, Pending)
    assert (first.patience, "UPDATE_IN_PROGRESS" in first.doing) == (3600, True)
    assert sum(live.world.slept) <= 16
    assert isinstance(live.stage(TWO), Revision)
    assert len(live.aws.executed) == 1


def test_a_question_that_is_asked_again_waits_less(live: Infra) -> None:
    """The workflow waits between the questions, and costs nothing meanwhile."""
    live.aws.patience = 100
    live.begin()
    live.deployment = replace(live.deployment, awaited={"infra": Awaited(NOW, "it works")})
    live.world.slept.clear()
    assert isinstance(live.stage(TWO), Pending)
    assert sum(live.world.slept) <= 4


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (("AWS::DynamoDB::Table", {"KeySchema": "a"}), ("AWS::DynamoDB::Table", {"KeySchema": "b"}), "KeySchema"),
        (("AWS::RDS::DBInstance", {"Maybe": "a"}), ("AWS::RDS::DBInstance", {"Maybe": "b"}), "might be replaced"),
        (("AWS::S3::Bucket", {}), None, "would be deleted"),
    ],
)
def test_the_loss_of_data_is_refused(infra: Infra, before: Resource, after: Resource | None, said: str) -> None:
    """Nothing is touched, the change set is gone, and the reason names the resource and what would become of it."""
    infra.release(template(Topic=TOPIC, Data=before), "d0")
    infra.begin()
    text = template(Topic=TOPIC, **({"Data": after} if after else {}))
    with pytest.raises(InvalidBundleError, match=rf"Data \({before[0]}\).*{said}|{said}") as refused:
        infra.stage(text)
    assert "Data" in refused.value.reason
    assert "in the environment" in refused.value.reason
    assert infra.aws.change_sets == {}
    assert infra.restore() is None
    assert json.loads(infra.text)["Resources"]["Data"]["Type"] == before[0]


def test_the_environment_may_allow_it(infra: Infra) -> None:
    """By the resource's name."""
    infra.release(template(Topic=TOPIC, Data="AWS::S3::Bucket"), "d0")
    infra.target |= {"allow_deletion": ["Data"]}
    infra.release(template(Topic=TOPIC))
    assert "Data" not in infra.text


def test_all_pages_of_a_change_set_are_read(infra: Infra) -> None:
    """What is dangerous may be on the last one."""
    many = {f"Topic{number}": TOPIC for number in range(30)}
    infra.release(template(**many, Zuletzt="AWS::S3::Bucket"), "d0")
    infra.aws.page = 7
    infra.begin()
    with pytest.raises(InvalidBundleError, match="Zuletzt"):
        infra.stage(template(**{name: (TOPIC, {"DisplayName": "x"}) for name in many}))


def test_macros_are_refused_unless_allowed(infra: Infra) -> None:
    """What they make cannot be told before."""
    text = json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Topic": {"Type": TOPIC}}})
    infra.begin()
    with pytest.raises(InvalidBundleError, match="macros"):
        infra.stage(text)
    assert STACK not in infra.aws.stacks
    infra.target |= {"capabilities": ["CAPABILITY_AUTO_EXPAND"]}
    assert isinstance(infra.stage(text), Revision)


def test_a_failure_half_way_says_what_failed_first(live: Infra) -> None:
    """CloudFormation has undone it itself; the restoration finds that, and does nothing."""
    live.begin()
    live.aws.failing = {"Queue": "The queue name is taken"}
    with pytest.raises(AwsError, match=r"UPDATE_ROLLBACK_COMPLETE.*Queue \(AWS::SQS::Queue\): The queue name is taken"):
        live.stage(template(Topic=TOPIC, Queue=QUEUE))
    with pytest.raises(AwsError, match="The queue name is taken"):
        live.stage(template(Topic=TOPIC, Queue=QUEUE))
    assert live.restore() is None
    assert (live.text, len(live.aws.executed)) == (ONE, 1)


def test_another_attempt_of_the_same_template_is_made(live: Infra) -> None:
    """What failed in one deployment may succeed in the next."""
    live.begin("d1")
    live.aws.failing = {"Queue": "Not now"}
    with pytest.raises(AwsError, match="Not now"):
        live.stage(template(Topic=TOPIC, Queue=QUEUE))
    live.aws.failing = {}
    assert live.release(template(Topic=TOPIC, Queue=QUEUE), "d2") == live.component.current()


def test_a_creation_that_fails_leaves_nothing(infra: Infra) -> None:
    """What is left of the stack is deleted, so that the next release can create it."""
    infra.begin()
    infra.aws.failing = {"Queue": "Not allowed"}
    with pytest.raises(AwsError, match="Not allowed"):
        infra.stage(template(Queue=QUEUE))
    assert infra.restore() is None
    assert infra.aws.stacks == {}
    infra.aws.failing = {}
    assert infra.release(template(Queue=QUEUE), "d2").id


def test_an_update_of_somebody_else_is_waited_for_by_nobody(live: Infra) -> None:
    """Before a deployment begins it is a reason not to; in between it stops."""
    live.begin()
    live.aws.by_hand(STACK, ONE, "UPDATE_IN_PROGRESS")
    with pytest.raises(ChangedByOthersError, match="being changed"):
        live.component.current()
    with pytest.raises(ChangedByOthersError, match="Somebody else is changing"):
        live.stage(TWO)
    with pytest.raises(ChangedByOthersError, match="somebody else is changing"):
        live.restore()
    assert live.aws.executed == []


def test_a_change_by_hand_since_the_restore_point_is_kept(live: Infra) -> None:
    """Neither forward nor back."""
    live.begin()
    live.aws.by_hand(STACK, template(Mine=TOPIC))
    with pytest.raises(ChangedByOthersError, match="not as it was when this deployment began"):
        live.stage(TWO)
    with pytest.raises(ChangedByOthersError, match="somebody else changed it"):
        live.restore()
    assert "Mine" in live.text


def test_an_update_that_begins_before_the_change_set_is_made_wins(live: Infra) -> None:
    """CloudFormation refuses ours then, and the next evaluation says whose it is."""
    live.begin()
    create = live.aws.create_change_set

    def late(**named: Any) -> None:  # noqa: ANN401 - AWS's
        live.aws.by_hand(STACK, ONE, "UPDATE_IN_PROGRESS")
        create(**named)

    live.aws.create_change_set = late  # type: ignore[method-assign, assignment]
    with pytest.raises(ChangedByOthersError, match="Somebody else is changing"):
        live.stage(TWO)
    assert live.aws.executed == []


def test_a_change_by_hand_at_the_last_moment_wins(live: Infra) -> None:
    """Its change set is obsolete then, and is not carried out."""
    live.begin()
    live.aws.before_execute = lambda: live.aws.by_hand(STACK, template(Mine=TOPIC)) and None
    with pytest.raises(ChangedByOthersError):
        live.stage(TWO)
    assert "Mine" in live.text


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_stack_that_cannot_be_updated_is_a_reason_not_to_begin(live: Infra, status: str) -> None:
    """With the command that helps."""
    live.aws.by_hand(STACK, ONE, status)
    command = "continue-update-rollback" if status.startswith("UPDATE") else "delete-stack"
    with pytest.raises(ChangedByOthersError, match=f"{command} --stack-name {STACK}"):
        live.component.current()


def test_a_deployment_that_trips_changes_nothing(live: Infra) -> None:
    """The change set is taken away again."""

    def tripped() -> None:
        raise TrippedError("It broke.")

    live.permit = tripped
    live.begin()
    with pytest.raises(TrippedError):
        live.stage(TWO)
    assert (live.aws.change_sets, live.text) == ({}, ONE)


def test_the_former_template_and_parameters_are_put_back(infra: Infra) -> None:
    """Exactly the former text, with the former values."""
    text = template(("Mode",), Topic=TOPIC, Link=(TOPIC, {"DisplayName": {"Ref": "Mode"}}))
    before = infra.release(text, "d0", Mode="one")
    infra.release(template(("Mode", "New"), Topic=TOPIC, Link=(TOPIC, {"DisplayName": "x"})), Mode="two", New="n")
    assert infra.restore() is None
    assert infra.component.current() == before
    assert (infra.text, infra.aws.stacks[STACK].parameters) == (text, {"Mode": "one"})


def test_restoring_twice_is_restoring_once(live: Infra) -> None:
    """The second call finds that it is done."""
    live.release(TWO)
    assert live.restore() is None
    assert live.restore() is None
    assert len(live.aws.executed) == 2


def test_a_way_back_that_takes_long_is_asked_again(live: Infra) -> None:
    """As the way forward is."""
    live.release(TWO)
    live.aws.patience = 30
    assert isinstance(live.restore(), Pending)
    assert live.restore() is None
    assert live.text == ONE


def test_an_update_that_is_under_way_is_cancelled(live: Infra) -> None:
    """CloudFormation goes back by itself then."""
    live.aws.patience = 40
    live.begin()
    assert isinstance(live.stage(TWO), Pending)
    live.aws.patience = 3
    assert live.restore() is None
    assert (live.text, live.aws.stacks[STACK].status) == (ONE, "UPDATE_ROLLBACK_COMPLETE")


def test_an_update_that_is_only_about_to_begin_is_waited_for(live: Infra) -> None:
    """The stack looks as before, but CloudFormation has been told: saying so would end the rollback too early."""
    live.begin("d2")
    name = f"{mark_of(Context(live.deployment, live.permit))}-stage"
    told = {"Status": "CREATE_COMPLETE", "ExecutionStatus": "EXECUTE_IN_PROGRESS", "StatusReason": "", "changes": []}
    live.aws.change_sets[name] = told
    assert isinstance(live.restore(), Pending)
    live.aws.change_sets.clear()
    assert live.restore() is None


def test_an_update_that_ends_before_it_is_cancelled_is_put_back(live: Infra) -> None:
    """CloudFormation refuses to cancel it then."""
    live.aws.patience = 40
    live.begin()
    assert isinstance(live.stage(TWO), Pending)
    cancel = live.aws.cancel_update_stack

    def too_late(**named: str) -> None:
        live.aws.patience = 0
        live.aws.end_now(STACK)
        cancel(**named)

    live.aws.cancel_update_stack = too_late  # type: ignore[method-assign, assignment]
    assert live.restore() is None
    assert (live.text, live.aws.stacks[STACK].status) == (ONE, "UPDATE_COMPLETE")


def test_a_change_set_that_comes_too_late_finds_nothing_to_carry_out(live: Infra) -> None:
    """The way back begins between the permit and the execution."""
    live.begin()

    def rolled_back() -> None:
        live.aws.before_execute = lambda: None
        assert live.restore() is None

    live.aws.before_execute = rolled_back
    deployment = live.deployment
    assert isinstance(_staged_late(live, deployment), (Pending, AwsError))
    assert live.text == ONE


def _staged_late(live: Infra, deployment: Deployment) -> object:
    live.deployment = deployment
    live.world.slept.clear()
    calls = 0

    def tripped_later() -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise TrippedError("It broke.")

    live.permit = tripped_later
    try:
        return live.stage(TWO)
    except TrippedError as error:
        return AwsError(str(error))


def test_a_way_back_that_fails_says_why(live: Infra) -> None:
    """A person has to do something; asked again by a new attempt, it tries again."""
    live.release(TWO)
    live.aws.failing = {"Topic": "The topic is locked"}
    with pytest.raises(AwsError, match=r"could not be restored.*The topic is locked"):
        live.restore()
    live.aws.failing = {}
    live.deployment = replace(live.deployment, rollback_attempts=2)
    stable = (live.deployment.restore_point or {})["infra"]
    assert live.component.restore(stable, live.deployment.staged["infra"]) is None
    assert live.text == ONE


def test_what_was_added_and_holds_data_stays(live: Infra) -> None:
    """What was changed is put back, what was added stays with all that it needs, and that is said, twice the same."""
    live.release(template(("Mode",), Topic=(TOPIC, {"DisplayName": "two"}), Data="AWS::DynamoDB::Table"), Mode="m")
    left = live.restore()
    assert isinstance(left, Left)
    assert left.reason == f"The stack {STACK} is as before, except for what the release added: Data."
    resources = json.loads(live.text)["Resources"]
    assert (resources["Topic"]["Properties"], "Data" in resources) == ({"DisplayName": "one"}, True)
    assert live.restore() == left
    live.deployment = replace(live.deployment, rollback_attempts=2)
    assert isinstance(live.component.restore(live.deployment.restore_point["infra"], None), Left)  # type: ignore[index]


def test_what_cannot_be_put_back_without_loss_is_not(infra: Infra) -> None:
    """A table that the release was allowed to replace is not replaced again without being asked."""
    infra.release(template(Data=("AWS::DynamoDB::Table", {"KeySchema": "a"})), "d0")
    infra.target |= {"allow_replacement": ["Data"]}
    infra.release(template(Data=("AWS::DynamoDB::Table", {"KeySchema": "b"})))
    infra.target |= {"allow_replacement": []}
    with pytest.raises(AwsError, match=r"cannot be restored: Data .*replaced.*allow_replacement: \[Data\].*roll back"):
        infra.restore()
    assert '"b"' in infra.text


def test_a_stack_that_the_release_created_is_deleted(infra: Infra) -> None:
    """Unless something in it may hold data: then all of it stays."""
    infra.release(template(Topic=TOPIC))
    assert infra.restore() is None
    assert infra.aws.stacks == {}
    infra.release(template(Topic=TOPIC, Data="AWS::S3::Bucket"), "d2")
    left = infra.restore()
    assert isinstance(left, Left)
    assert "stays: Data (AWS::S3::Bucket) may hold data" in left.reason
    assert infra.aws.stacks[STACK].status == "CREATE_COMPLETE"


def test_a_stack_that_somebody_deleted_is_not_made_anew(live: Infra) -> None:
    """That was their wish: it is made neither on the way back nor on the way forward."""
    live.release(TWO)
    del live.aws.stacks[STACK]
    with pytest.raises(ChangedByOthersError, match="was deleted by somebody else"):
        live.restore()
    with pytest.raises(ChangedByOthersError, match="Somebody else deleted the stack"):
        live.stage(ONE)
    assert STACK not in live.aws.stacks


def test_a_place_for_a_stack_that_was_never_made_is_cleared_away(infra: Infra) -> None:
    """A change set that creates leaves an empty stack when it is not carried out."""

    def tripped() -> None:
        raise TrippedError("It broke.")

    infra.permit = tripped
    infra.begin()
    with pytest.raises(TrippedError):
        infra.stage(ONE)
    assert infra.aws.stacks[STACK].status == "REVIEW_IN_PROGRESS"
    assert infra.component.current() == Revision("")
    infra.restore()
    infra.component.current()
    assert infra.aws.stacks == {}


def test_the_restore_point_has_the_template(live: Infra) -> None:
    """And the values of its parameters; of another revision than the one that was noted, nothing."""
    clients = live.world.clients
    clients.stacks = live.aws  # type: ignore[assignment]
    export = StackExport(clients, StackTarget.model_validate(live.target))
    stable = live.begin()
    expected = {"stack_name": STACK, "template": ONE, "parameters": {}, "capabilities": []}
    assert export.of(stable) == expected
    with pytest.raises(ChangedByOthersError, match="has just changed the stack"):
        export.of(Revision("another"))
    live.aws.stacks.clear()
    assert export.of(Revision("")) == {"stack_name": STACK}


def test_secret_values_are_never_kept(live: Infra) -> None:
    """CloudFormation does not tell them, and is asked to keep the one that it has."""
    key = {"Parameters": {"Key": {"Type": "String", "NoEcho": True}}}
    text = json.dumps({**key, "Resources": {"Topic": {"Type": TOPIC}}})
    live.aws.by_hand(STACK, text, Key="****")
    live.release(json.dumps({"Parameters": {"Key": {"Type": "String", "Default": "k"}}, **json.loads(TWO)}))
    live.aws.stacks[STACK].parameters["Key"] = "kept by AWS"
    live.restore()
    assert live.aws.stacks[STACK].parameters == {"Key": "kept by AWS"}


def test_a_secret_that_the_stack_has_is_not_replaced_by_the_default(live: Infra) -> None:
    """Nobody could put it back. On the first release there is none, and the default is taken."""
    key = {"Key": {"Type": "String", "NoEcho": True, "Default": "none yet"}}
    one, two = (json.dumps({"Parameters": key, **json.loads(text)}) for text in (ONE, TWO))
    live.aws.by_hand(STACK, one, Key="****")
    stable = live.begin()
    assert live.stage(one) == stable
    live.release(two)
    assert live.aws.stacks[STACK].parameters == {"Key": "****"}
    live.aws.stacks.clear()
    live.release(two, "d2")
    assert live.aws.stacks[STACK].parameters == {"Key": "none yet"}


def test_a_large_template_is_read_from_the_bucket(live: Infra) -> None:
    """CloudFormation takes 51,200 bytes with a request and no more."""
    text = json.dumps({"Resources": {"Topic": {"Type": TOPIC, "Metadata": "x" * 52_000}}})
    live.release(text)
    assert live.text == text
    assert live.restore() is None
    assert live.text == ONE


def test_the_whole_way_on_moto(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls and answers are those of AWS: created, changed, put back; templates stay the text that they are."""
    delete = CloudFormationBackend.delete_change_set

    def quietly(backend: CloudFormationBackend, change_set_name: str) -> None:
        with suppress(UnboundLocalError):  # Moto stumbles over one that is not there.
            delete(backend, change_set_name)

    monkeypatch.setattr(CloudFormationBackend, "delete_change_set", quietly)
    infra = Infra(world)
    boto: Any = reading_text(boto3.client("cloudformation", region_name=REGION))
    infra.aws = boto
    infra.begin("d1")
    first = infra.stage(ONE)
    infra.release(TWO, "d2")
    assert boto.get_template(StackName=STACK)["TemplateBody"] == TWO
    assert infra.restore() is None
    assert boto.get_template(StackName=STACK)["TemplateBody"] == ONE
    assert infra.component.current() == first
