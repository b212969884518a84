"""The component `stack`: one change set updates, another restores, and the work of others is never touched."""

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
from controller.errors import AwsError, ChangedByOthersError, InvalidBundleError, LedgerConflictError, TrippedError
from controller.ports.components import Context
from tests.builders import bundle_parts
from tests.fences import BACK, back
from tests.unit.aws.conftest import ARTIFACTS, REGION, World
from tests.unit.aws.fake_cloudformation import NOW, FakeCloudFormation

STACK, ROLE = "smartpack-prod-infra", "arn:aws:iam::123456789012:role/changes"
Resource = str | tuple[str, dict[str, Any]]
TOPIC, QUEUE = "AWS::SNS::Topic", "AWS::SQS::Queue"


def template(parameters: tuple[str, ...] = (), **resources: Resource) -> str:
    """A template with these resources: name → type, or type and properties."""
    made = {
        name: {"Type": one} if isinstance(one, str) else {"Type": one[0], "Properties": one[1]}
        for name, one in resources.items()
    }
    declared = {"Parameters": {name: {"Type": "String", "Default": "d"} for name in parameters}} if parameters else {}
    return json.dumps({**declared, "Resources": made})


ONE = template(Topic=(TOPIC, {"DisplayName": "one"}))
TWO = template(Topic=(TOPIC, {"DisplayName": "two"}))


class Infra:
    """A stack, the deployment that changes it, and what a test may do to them."""

    def __init__(self, world: World) -> None:
        self.aws = FakeCloudFormation(read=self.read)
        self.world = world
        upload = Upload("b", "incoming/k.zip", "v", 1, NOW)
        self.deployment = Deployment("d1", "smartpack", "prod", Phase.STAGING, upload, "arn", NOW, NOW)
        self.target: dict[str, Any] = {"kind": "stack", "stack_name": STACK, "role_arn": ROLE}
        self.permit: Callable[[], object] = lambda: None

    @property
    def component(self) -> StackComponent:
        """The component for this deployment."""
        clients = self.world.clients
        clients.stacks = self.aws  # type: ignore[assignment]
        target = StackTarget.model_validate(self.target)
        context = Context(self.deployment, self.permit)
        return StackComponent(target, "infra", ARTIFACTS, clients, context=context, sleep=self.world.slept.append)

    def read(self, url: str) -> str:
        """The template that CloudFormation reads at a URL."""
        _, key = url.split(f"/{ARTIFACTS}/")
        text: str = self.world.s3.get_object(Bucket=ARTIFACTS, Key=key)["Body"].read().decode()
        return text

    def begin(self, name: str = "d1") -> Revision:
        """Begin a deployment, and record the restore point."""
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
        """Begin a deployment, and stage this template to the end."""
        self.begin(name)
        made = self.stage(text, **parameters)
        assert isinstance(made, Revision)
        return made

    def restore(self) -> Pending | Left | None:
        """Roll the deployment back."""
        self.deployment = replace(self.deployment, phase=Phase.ROLLING_BACK, rollback_attempts=1)
        stable = (self.deployment.restore_point or {})["infra"]
        return self.component.restore(stable, self.deployment.staged.get("infra"), BACK)

    @property
    def text(self) -> str:
        """The stack's present template."""
        return self.aws.stacks[STACK].template


def _digest() -> str:
    return f"sha256:{'0' * 64}"


@pytest.fixture
def infra(world: World) -> Infra:
    """An environment whose stack does not exist yet."""
    return Infra(world)


@pytest.fixture
def live(infra: Infra) -> Infra:
    """An environment whose stack a release has created."""
    infra.release(ONE, "d0")
    infra.aws.executed.clear()
    return infra


def test_the_first_release_creates_the_stack(infra: Infra) -> None:
    """It uses the service role, and the revision is that of the new stack."""
    assert infra.begin() == Revision("")
    made = infra.stage(ONE)
    assert made == infra.component.current()
    assert (infra.aws.stacks[STACK].status, infra.aws.stacks[STACK].role) == ("CREATE_COMPLETE", ROLE)


def test_a_release_changes_the_stack(live: Infra) -> None:
    """One change set updates it."""
    made = live.release(TWO)
    assert (live.text, live.component.current()) == (TWO, made)
    assert len(live.aws.executed) == 1
    assert all(one.passed for one in live.component.check(made, []))


def test_an_unchanged_stack_is_not_updated(live: Infra) -> None:
    """The same template makes no change set; another text for the same resources makes an empty one."""
    stable = live.begin()
    assert live.stage(ONE) == stable
    assert live.stage(json.dumps(json.loads(ONE), indent=2)) == stable
    assert (live.aws.executed, live.aws.change_sets) == ([], {})


SIZE = "/shop/prod/size"
READING = json.dumps(
    {
        "Parameters": {"Size": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": SIZE}},
        "Resources": {"Topic": {"Type": TOPIC, "Properties": {"DisplayName": {"Ref": "Size"}}}},
    }
)
"""A template with a parameter whose value CloudFormation reads from SSM."""


@pytest.fixture
def reading(infra: Infra) -> Infra:
    """An environment whose stack has read a value from SSM."""
    infra.aws.ssm[SIZE] = "small"
    infra.release(READING, "d0")
    infra.aws.executed.clear()
    return infra


def test_a_value_in_ssm_that_has_changed_is_seen(reading: Infra) -> None:
    """Template and parameters are the same, and the stack is not: CloudFormation reads the value anew."""
    stable = reading.begin()
    reading.aws.ssm[SIZE] = "large"
    made = reading.stage(READING)
    assert isinstance(made, Revision)
    assert made != stable
    assert (reading.aws.stacks[STACK].read, len(reading.aws.executed)) == ({"Size": "large"}, 1)
    assert all(one.passed for one in reading.component.check(made, []))


def test_a_value_in_ssm_that_is_the_same_changes_nothing(reading: Infra) -> None:
    """The empty change set says so."""
    assert reading.begin() == reading.stage(READING)
    assert (reading.aws.executed, reading.aws.change_sets) == ([], {})


@pytest.mark.parametrize("text", [READING, READING.replace('"Ref": "Size"', '"Fn::Sub": "${Size}!"')])
def test_a_rollback_says_that_a_value_in_ssm_is_not_restored(reading: Infra, text: str) -> None:
    """It is not the stack's: the template is restored, and reads what SSM has now."""
    reading.begin()
    reading.aws.ssm[SIZE] = "large"
    reading.stage(text)
    left = reading.restore()
    assert isinstance(left, Left)
    assert "has its former template; Size: CloudFormation reads the value from SSM, as it is now" in left.reason
    assert (reading.text, reading.restore()) == (READING, left)


def test_a_template_that_read_the_same_value_is_restored(reading: Infra) -> None:
    """Nothing else than the release changed it."""
    stable = reading.begin()
    reading.stage(TWO)
    assert reading.restore() is None
    assert reading.component.current() == stable


def test_staging_twice_has_one_effect(live: Infra) -> None:
    """The second call finds the work done."""
    live.begin()
    assert live.stage(TWO) == live.stage(TWO)
    assert len(live.aws.executed) == 1


def test_values_come_from_the_bundle_and_those_of_the_environment_win(infra: Infra) -> None:
    """The default applies where neither has a value."""
    infra.target |= {"parameters": {"Mode": "careful"}}
    infra.release(template(("Mode", "Size", "Name"), Topic=TOPIC), Mode="fast", Size="3")
    assert infra.aws.stacks[STACK].parameters == {"Mode": "careful", "Size": "3", "Name": "d"}


def test_a_resource_of_another_type_is_refused_before_anything_is_made(live: Infra) -> None:
    """CloudFormation would refuse the change set itself, and say neither which type nor what to do."""
    live.target |= {"allow_replacement": ["*"], "allow_deletion": ["*"]}
    live.begin()
    with pytest.raises(InvalidBundleError, match="Topic is AWS::SNS::Topic, and would become AWS::SQS::Queue"):
        live.stage(template(Topic=QUEUE))
    assert live.aws.change_sets == {}


def test_a_long_update_is_pending(live: Infra) -> None:
    """The first call returns after some seconds, and a later one finds the work done, with one change set in all."""
    live.aws.patience = 18
    live.begin()
    live.world.slept.clear()
    first = live.stage(TWO)
    assert isinstance(first, Pending)
    assert (first.patience, "UPDATE_IN_PROGRESS" in first.doing) == (3600, True)
    assert sum(live.world.slept) <= 16
    assert isinstance(live.stage(TWO), Revision)
    assert len(live.aws.executed) == 1


def test_a_repeated_call_waits_less(live: Infra) -> None:
    """The workflow waits between the calls, which costs nothing."""
    live.aws.patience = 100
    live.begin()
    live.deployment = replace(live.deployment, awaited={"infra": Awaited(NOW, "it works")})
    live.world.slept.clear()
    assert isinstance(live.stage(TWO), Pending)
    assert sum(live.world.slept) <= 4


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (("AWS::DynamoDB::Table", {"KeySchema": "a"}), ("AWS::DynamoDB::Table", {"KeySchema": "b"}), "KeySchema"),
        (("AWS::RDS::DBInstance", {"Maybe": "a"}), ("AWS::RDS::DBInstance", {"Maybe": "b"}), "might be replaced"),
        (("AWS::S3::Bucket", {}), None, "would be deleted"),
    ],
)
def test_the_loss_of_data_is_refused(infra: Infra, before: Resource, after: Resource | None, message: str) -> None:
    """Nothing changes, the change set is deleted, and the reason names the resource and what would happen to it."""
    infra.release(template(Topic=TOPIC, Data=before), "d0")
    infra.begin()
    text = template(Topic=TOPIC, **({"Data": after} if after else {}))
    with pytest.raises(InvalidBundleError, match=rf"Data \({before[0]}\).*{message}|{message}") as refused:
        infra.stage(text)
    assert "Data" in refused.value.reason
    assert "in the environment" in refused.value.reason
    assert infra.aws.change_sets == {}
    assert infra.restore() is None
    assert json.loads(infra.text)["Resources"]["Data"]["Type"] == before[0]


def test_the_environment_may_allow_the_loss(infra: Infra) -> None:
    """The environment names the resource."""
    infra.release(template(Topic=TOPIC, Data="AWS::S3::Bucket"), "d0")
    infra.target |= {"allow_deletion": ["Data"]}
    infra.release(template(Topic=TOPIC))
    assert "Data" not in infra.text


def test_all_pages_of_a_change_set_are_read(infra: Infra) -> None:
    """A dangerous change may be on the last page."""
    many = {f"Topic{number}": TOPIC for number in range(30)}
    infra.release(template(**many, Zuletzt="AWS::S3::Bucket"), "d0")
    infra.aws.page = 7
    infra.begin()
    with pytest.raises(InvalidBundleError, match="Zuletzt"):
        infra.stage(template(**{name: (TOPIC, {"DisplayName": "x"}) for name in many}))


def test_macros_are_refused_unless_allowed(infra: Infra) -> None:
    """What a macro makes is unknown beforehand."""
    text = json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Topic": {"Type": TOPIC}}})
    infra.begin()
    with pytest.raises(InvalidBundleError, match="macros"):
        infra.stage(text)
    assert STACK not in infra.aws.stacks
    infra.target |= {"capabilities": ["CAPABILITY_AUTO_EXPAND"]}
    assert isinstance(infra.stage(text), Revision)


def test_a_failed_update_names_the_first_failure(live: Infra) -> None:
    """CloudFormation has rolled it back itself; the restore finds that, and does nothing."""
    live.begin()
    live.aws.failing = {"Queue": "The queue name is taken"}
    with pytest.raises(AwsError, match=r"UPDATE_ROLLBACK_COMPLETE.*Queue \(AWS::SQS::Queue\): The queue name is taken"):
        live.stage(template(Topic=TOPIC, Queue=QUEUE))
    with pytest.raises(AwsError, match="The queue name is taken"):
        live.stage(template(Topic=TOPIC, Queue=QUEUE))
    assert live.restore() is None
    assert (live.text, len(live.aws.executed)) == (ONE, 1)


def test_a_failure_is_named_without_secrets(live: Infra) -> None:
    """The failure of a custom resource is what the application's own code says."""
    live.begin()
    live.aws.failing = {"Queue": "connect to postgres://app:hunter2@db/x, token=hunter2"}
    with pytest.raises(AwsError, match="token=") as failed:
        live.stage(template(Topic=TOPIC, Queue=QUEUE))
    assert "hunter2" not in str(failed.value)


def test_the_same_template_can_be_tried_again(live: Infra) -> None:
    """A template that failed in one deployment may succeed in the next."""
    live.begin("d1")
    live.aws.failing = {"Queue": "Not now"}
    with pytest.raises(AwsError, match="Not now"):
        live.stage(template(Topic=TOPIC, Queue=QUEUE))
    live.aws.failing = {}
    assert live.release(template(Topic=TOPIC, Queue=QUEUE), "d2") == live.component.current()


def test_a_failed_creation_leaves_nothing(infra: Infra) -> None:
    """The remains of the stack are deleted, so that the next release can create it."""
    infra.begin()
    infra.aws.failing = {"Queue": "Not allowed"}
    with pytest.raises(AwsError, match="Not allowed"):
        infra.stage(template(Queue=QUEUE))
    assert infra.restore() is None
    assert infra.aws.stacks == {}
    infra.aws.failing = {}
    assert infra.release(template(Queue=QUEUE), "d2").id


def test_an_update_by_somebody_else_stops_a_deployment(live: Infra) -> None:
    """A deployment does not begin during it, and does not wait for it."""
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
    """Neither staging nor a restore overwrites it."""
    live.begin()
    live.aws.by_hand(STACK, template(Mine=TOPIC))
    with pytest.raises(ChangedByOthersError, match="not as it was when this deployment began"):
        live.stage(TWO)
    with pytest.raises(ChangedByOthersError, match="somebody else changed it"):
        live.restore()
    assert "Mine" in live.text


def test_an_update_that_begins_before_the_change_set_is_made_wins(live: Infra) -> None:
    """CloudFormation refuses our change set, and the next read of the stack shows the other update."""
    live.begin()
    create = live.aws.create_change_set

    def late(**named: Any) -> None:  # noqa: ANN401 - AWS's
        live.aws.by_hand(STACK, ONE, "UPDATE_IN_PROGRESS")
        create(**named)

    live.aws.create_change_set = late  # type: ignore[method-assign, assignment]
    with pytest.raises(ChangedByOthersError, match="Somebody else is changing"):
        live.stage(TWO)
    assert live.aws.executed == []


def test_a_change_by_hand_just_before_the_execution_wins(live: Infra) -> None:
    """The change set is obsolete then, and is not executed."""
    live.begin()
    live.aws.before_execute = lambda: live.aws.by_hand(STACK, template(Mine=TOPIC)) and None
    with pytest.raises(ChangedByOthersError):
        live.stage(TWO)
    assert "Mine" in live.text


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_deployment_does_not_begin_on_a_stack_that_cannot_be_updated(live: Infra, status: str) -> None:
    """The message has the command that helps."""
    live.aws.by_hand(STACK, ONE, status)
    command = "continue-update-rollback" if status.startswith("UPDATE") else "delete-stack"
    with pytest.raises(ChangedByOthersError, match=f"{command} --stack-name {STACK}"):
        live.component.current()


def test_a_tripped_deployment_changes_nothing(live: Infra) -> None:
    """The change set is deleted again."""

    def tripped() -> None:
        raise TrippedError("It broke.")

    live.permit = tripped
    live.begin()
    with pytest.raises(TrippedError):
        live.stage(TWO)
    assert (live.aws.change_sets, live.text) == ({}, ONE)


def test_the_former_template_and_parameters_are_restored(infra: Infra) -> None:
    """The stack has exactly the former text and values."""
    text = template(("Mode",), Topic=TOPIC, Link=(TOPIC, {"DisplayName": {"Ref": "Mode"}}))
    before = infra.release(text, "d0", Mode="one")
    infra.release(template(("Mode", "New"), Topic=TOPIC, Link=(TOPIC, {"DisplayName": "x"})), Mode="two", New="n")
    assert infra.restore() is None
    assert infra.component.current() == before
    assert (infra.text, infra.aws.stacks[STACK].parameters) == (text, {"Mode": "one"})


def test_what_has_ended_is_not_restored(live: Infra) -> None:
    """The next deployment may be changing the stack."""

    def refuse() -> None:
        raise LedgerConflictError("It has ended.")

    text = live.text
    with pytest.raises(LedgerConflictError):
        live.component.restore(Revision("a"), None, back(refuse))
    assert live.text == text


def test_restoring_twice_has_one_effect(live: Infra) -> None:
    """The second call finds the work done."""
    live.release(TWO)
    assert live.restore() is None
    assert live.restore() is None
    assert len(live.aws.executed) == 2


def test_a_long_restore_is_pending(live: Infra) -> None:
    """It behaves like a long update."""
    live.release(TWO)
    live.aws.patience = 30
    assert isinstance(live.restore(), Pending)
    assert live.restore() is None
    assert live.text == ONE


def test_a_running_update_is_cancelled(live: Infra) -> None:
    """CloudFormation then rolls it back by itself."""
    live.aws.patience = 40
    live.begin()
    assert isinstance(live.stage(TWO), Pending)
    live.aws.patience = 3
    assert live.restore() is None
    assert (live.text, live.aws.stacks[STACK].status) == (ONE, "UPDATE_ROLLBACK_COMPLETE")


def test_a_restore_waits_for_an_update_that_is_about_to_begin(live: Infra) -> None:
    """The stack looks restored, but CloudFormation will execute the change set: the rollback must not end yet."""
    live.begin("d2")
    name = f"{mark_of(Context(live.deployment, live.permit))}-stage"
    change_set = {
        "Status": "CREATE_COMPLETE",
        "ExecutionStatus": "EXECUTE_IN_PROGRESS",
        "StatusReason": "",
        "changes": [],
    }
    live.aws.change_sets[name] = change_set
    assert isinstance(live.restore(), Pending)
    live.aws.change_sets.clear()
    assert live.restore() is None


def test_an_update_that_ends_before_it_is_cancelled_is_restored(live: Infra) -> None:
    """CloudFormation refuses to cancel it, so another change set restores the stack."""
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


def test_a_late_execution_finds_no_change_set(live: Infra) -> None:
    """The rollback begins between the permit and the execution."""
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


def test_a_failed_restore_says_why(live: Infra) -> None:
    """A person must act; then a new attempt of the rollback tries again."""
    live.release(TWO)
    live.aws.failing = {"Topic": "The topic is locked"}
    with pytest.raises(AwsError, match=r"could not be restored.*The topic is locked"):
        live.restore()
    live.aws.failing = {}
    live.deployment = replace(live.deployment, rollback_attempts=2)
    stable = (live.deployment.restore_point or {})["infra"]
    assert live.component.restore(stable, live.deployment.staged["infra"], BACK) is None
    assert live.text == ONE


def test_an_added_resource_with_data_stays(live: Infra) -> None:
    """Changed resources are restored; an added one stays with what it needs, and every call says so equally."""
    live.release(template(("Mode",), Topic=(TOPIC, {"DisplayName": "two"}), Data="AWS::DynamoDB::Table"), Mode="m")
    left = live.restore()
    assert isinstance(left, Left)
    assert left.reason == f"The stack {STACK} is as before, except for what the release added: Data."
    resources = json.loads(live.text)["Resources"]
    assert (resources["Topic"]["Properties"], "Data" in resources) == ({"DisplayName": "one"}, True)
    assert live.restore() == left
    live.deployment = replace(live.deployment, rollback_attempts=2)
    assert isinstance(live.component.restore(live.deployment.restore_point["infra"], None, BACK), Left)  # type: ignore[index]


def test_a_restore_that_would_lose_data_is_refused(infra: Infra) -> None:
    """A table that the release was allowed to replace is not replaced again without permission."""
    infra.release(template(Data=("AWS::DynamoDB::Table", {"KeySchema": "a"})), "d0")
    infra.target |= {"allow_replacement": ["Data"]}
    infra.release(template(Data=("AWS::DynamoDB::Table", {"KeySchema": "b"})))
    infra.target |= {"allow_replacement": []}
    with pytest.raises(AwsError, match=r"cannot be restored: Data .*replaced.*allow_replacement: \[Data\].*roll back"):
        infra.restore()
    assert '"b"' in infra.text


def test_a_stack_that_the_release_created_is_deleted(infra: Infra) -> None:
    """If a resource in it may hold data, the whole stack stays."""
    infra.release(template(Topic=TOPIC))
    assert infra.restore() is None
    assert infra.aws.stacks == {}
    infra.release(template(Topic=TOPIC, Data="AWS::S3::Bucket"), "d2")
    left = infra.restore()
    assert isinstance(left, Left)
    assert "stays: Data (AWS::S3::Bucket) may hold data" in left.reason
    assert infra.aws.stacks[STACK].status == "CREATE_COMPLETE"


def test_a_stack_that_somebody_deleted_is_not_created_again(live: Infra) -> None:
    """The person wanted it: neither a restore nor staging creates it again."""
    live.release(TWO)
    del live.aws.stacks[STACK]
    with pytest.raises(ChangedByOthersError, match="was deleted by somebody else"):
        live.restore()
    with pytest.raises(ChangedByOthersError, match="Somebody else deleted the stack"):
        live.stage(ONE)
    assert STACK not in live.aws.stacks


def test_an_empty_stack_of_an_unexecuted_change_set_is_deleted(infra: Infra) -> None:
    """A change set that creates a stack leaves an empty one when it is not executed."""

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
    """It has the values of the parameters, too; another revision than the recorded one is refused."""
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
    """CloudFormation does not return them, and is asked to keep the value that it has."""
    key = {"Parameters": {"Key": {"Type": "String", "NoEcho": True}}}
    text = json.dumps({**key, "Resources": {"Topic": {"Type": TOPIC}}})
    live.aws.by_hand(STACK, text, Key="****")
    live.release(json.dumps({"Parameters": {"Key": {"Type": "String", "Default": "k"}}, **json.loads(TWO)}))
    live.aws.stacks[STACK].parameters["Key"] = "kept by AWS"
    live.restore()
    assert live.aws.stacks[STACK].parameters == {"Key": "kept by AWS"}


def test_a_secret_that_the_stack_has_is_not_replaced_by_the_default(live: Infra) -> None:
    """A rollback could not restore it. The first release has no value yet, and uses the default."""
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
    """CloudFormation takes at most 51,200 bytes with a request."""
    text = json.dumps({"Resources": {"Topic": {"Type": TOPIC, "Metadata": "x" * 52_000}}})
    live.release(text)
    assert live.text == text
    assert live.restore() is None
    assert live.text == ONE


def test_a_release_and_its_rollback_on_moto(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls and answers are those of AWS: created, changed, restored; templates stay unchanged texts."""
    delete = CloudFormationBackend.delete_change_set

    def quietly(backend: CloudFormationBackend, change_set_name: str) -> None:
        with suppress(UnboundLocalError):  # Moto fails for a change set that does not exist.
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
