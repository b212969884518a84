"""Rolling back more than one release, or at once: what is chosen, what is refused, and the messages."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from controller.aws.bundles import S3Bundles
from controller.aws.client.clients import client
from controller.domain.deployment import Deployment, Revision, Trip
from controller.domain.phases import Phase
from selfright.account.account import Account
from selfright.account.earlier_releases import later_releases, release_again, released_as
from selfright.account.status import EnvironmentStatus
from selfright.errors import AdviceError
from tests.cli_world import BAKING, BUCKET, ID, LIVE, ROLLED_BACK, START, SUCCEEDED, CliWorld

KEY = "smartpack/prod"
STAGED = {"api": Revision("7")}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:selfright-on-alarm"


class FakeFunctions:
    """The controller's functions: their requests and answers."""

    def __init__(self, answer: dict[str, Any], *, fails: bool = False) -> None:
        self.asked: list[dict[str, Any]] = []
        self._answer, self._fails = answer, fails

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - AWS's names
        """Note it, and answer."""
        assert FunctionName == FUNCTION
        self.asked.append(json.loads(Payload))
        error = {"FunctionError": "Unhandled"} if self._fails else {}
        return {"Payload": io.BytesIO(json.dumps(self._answer).encode()), **error}


def with_functions(world: CliWorld, functions: FakeFunctions, *arguments: str) -> Any:  # noqa: ANN401 - click's result
    """Run the command line where the controller's functions are these."""
    make = world.tools

    def tools() -> Any:  # noqa: ANN401 - Tools
        made = make()
        made.account.__dict__["functions"] = functions
        made.account.__dict__["resources"] = made.account.resources.model_copy(
            update={"on_alarm_function_arn": FUNCTION}
        )
        return made

    world.tools = tools  # type: ignore[method-assign]
    return world.run(*arguments)


def rolls_back(world: CliWorld) -> None:
    """Act like the rollback machine."""
    done = lambda: replace(ROLLED_BACK, rollback_execution_arn=world.states.arn)  # noqa: E731
    world.time.plan(2, lambda: world.write(done(), ("closed", "ROLLED_BACK")))


def test_in_an_emergency_visitors_are_restored_before_the_machine_is_started(world: CliWorld) -> None:
    """By the function that acts on alarms, with the person's reason; then it continues like any rollback."""
    world.write(BAKING)
    rolls_back(world)
    functions = FakeFunctions({"outcome": "restored", "failed": {}})
    result = with_functions(world, functions, "rollback", ID, "--emergency", "--reason", "prices")
    assert result.exit_code == 0
    assert functions.asked == [{"task": "on_alarm", "emergency": True, "deployment_id": ID, "reason": "prices"}]
    assert "All traffic is set back to stable." in result.stderr
    assert len(world.states.started) == 1


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        (FakeFunctions({"errorMessage": "it broke"}, fails=True), "The traffic was not restored at once: it broke"),
        (
            FakeFunctions({"outcome": "restored", "failed": {"api": "is on 9"}}),
            "The traffic was not restored at once: api: is on 9",
        ),
    ],
)
def test_what_goes_wrong_at_once_is_left_to_the_machine(world: CliWorld, functions: FakeFunctions, said: str) -> None:
    """A failed emergency must not prevent the rollback."""
    world.write(BAKING)
    rolls_back(world)
    result = with_functions(world, functions, "rollback", ID, "--emergency")
    assert (result.exit_code, said in result.stderr) == (0, True)


def test_what_the_controller_refuses_is_not_tried_by_the_machine(world: CliWorld) -> None:
    """The machine would refuse it, too."""
    world.write(SUCCEEDED)
    functions = FakeFunctions({"outcome": "refused", "reason": "Another is on its way."})
    result = with_functions(world, functions, "rollback", ID, "--emergency")
    assert (result.exit_code, world.states.started) == (1, [])
    assert "Another is on its way." in result.stderr


def versions(*wanted: tuple[str, Phase]) -> list[Deployment]:
    """A history, newest first."""
    return [
        replace(LIVE, deployment_id=f"d{number}", version=version, phase=phase)
        for number, (version, phase) in enumerate(wanted)
    ]


CONDEMNED = [
    replace(one, trip=Trip(START, "judge", "It fails more often.")) for one in versions(("1.1.0", Phase.ROLLED_BACK))
]


def test_a_version_that_a_person_rolled_back_is_released_again() -> None:
    """It was live, and a change of mind says nothing against it."""
    undone = replace(LIVE, phase=Phase.ROLLED_BACK, reached=100, trip=Trip(START, "person", "Not yet."))
    assert released_as([undone], KEY, undone.version) == undone


def test_the_newest_deployment_of_a_version_is_released_again() -> None:
    """Rejected attempts in between do not matter."""
    history = versions(("1.2.0", Phase.SUCCEEDED), ("1.1.0", Phase.REJECTED), ("1.1.0", Phase.SUCCEEDED))
    assert released_as(history, KEY, "1.1.0").deployment_id == "d2"


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ([*CONDEMNED, *versions(("1.1.0", Phase.SUCCEEDED))], "was rolled back"),
        (versions(("1.1.0", Phase.REJECTED)), "was never live"),
        ([], "was never live"),
    ],
)
def test_a_version_that_was_rolled_back_or_never_live_is_not(history: list[Deployment], said: str) -> None:
    """The controller would refuse it; here it is said before anything is uploaded."""
    with pytest.raises(AdviceError, match=said):
        released_as(history, KEY, "1.1.0")


def test_exactly_the_object_that_was_released_is_released_again(world: CliWorld) -> None:
    """Though another lies under its key by now."""
    s3 = client("s3")
    first = s3.put_object(Bucket=BUCKET, Key="incoming/smartpack/prod/x.zip", Body=b"first")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="incoming/smartpack/prod/x.zip", Body=b"second")
    upload = S3Bundles().pin(BUCKET, "incoming/smartpack/prod/x.zip", first)
    sent = release_again(Account(), replace(LIVE, upload=upload))
    assert sent.upload.key == "incoming/smartpack/prod/smartpack-1.1.0-again.zip"
    body = s3.get_object(Bucket=BUCKET, Key=sent.upload.key, VersionId=sent.upload.version_id)["Body"].read()
    assert body == b"first"
    assert sent.deployment_id.startswith("smartpack-prod-")


def test_a_hotfix_of_then_is_no_hotfix_now(world: CliWorld) -> None:
    """The ignored alarms were chosen for another day, by another person, for another reason."""
    said = {"selfright-hotfix": "Stops the timeouts.", "selfright-by": "anna"}
    key = "incoming/smartpack/prod/x.zip"
    version = client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"first", Metadata=said)["VersionId"]
    upload = S3Bundles().pin(BUCKET, key, version)
    assert upload.hotfix
    sent = release_again(Account(), replace(LIVE, upload=upload), hotfix="Zurück zu 1.1.0")
    assert sent.upload.hotfix == "Zurück zu 1.1.0"
    assert sent.upload.by == Account().principal() != "anna"


def test_a_bundle_that_is_not_kept_any_more_is_said(world: CliWorld) -> None:
    """With what to do instead."""
    with pytest.raises(AdviceError, match=r"bundle of version 1\.1\.0 no longer exists"):
        release_again(Account(), LIVE)


def test_later_releases_are_rolled_back_one_after_the_other(world: CliWorld) -> None:
    """What is on its way first, then what is live, then what was before it."""
    middle = replace(LIVE, deployment_id="middle", version="1.2.0", previous=LIVE.deployment_id, staged=STAGED)
    newest = replace(LIVE, deployment_id="newest", version="1.3.0", previous="middle", staged=STAGED)
    world.write(middle)
    status = EnvironmentStatus(KEY, live=newest, on_its_way=BAKING)
    assert [one.deployment_id for one in later_releases(Account(), status, "1.1.0")] == [ID, "newest", "middle"]
    with pytest.raises(AdviceError, match="not one of the last 5"):
        later_releases(Account(), status, "0.9.0")
    with pytest.raises(AdviceError, match="is live in smartpack/prod already"):
        later_releases(Account(), EnvironmentStatus(KEY, live=LIVE), "1.1.0")


def test_releases_that_changed_nothing_are_not_rolled_back_on_the_way(world: CliWorld) -> None:
    """There is nothing to undo of them, and the controller would not undo what they stand on for each of them."""
    middle = replace(LIVE, deployment_id="middle", version="1.2.0", previous=LIVE.deployment_id, staged={})
    newest = replace(LIVE, deployment_id="newest", version="1.3.0", previous="middle", staged=STAGED)
    world.write(middle)
    status = EnvironmentStatus(KEY, live=newest)
    assert [one.deployment_id for one in later_releases(Account(), status, "1.1.0")] == ["newest"]
    with pytest.raises(AdviceError, match=r"1\.1\.0 is live in smartpack/prod already, and no release has changed any"):
        later_releases(Account(), EnvironmentStatus(KEY, live=middle), "1.1.0")


@pytest.mark.parametrize("arguments", [(ID, "--to", "1.0.0"), (ID, "--environment", "smartpack/prod"), ()])
def test_options_that_do_not_go_together_are_wrong_usage(world: CliWorld, arguments: tuple[str, ...]) -> None:
    """Nothing is started."""
    assert world.run("rollback", *arguments).exit_code == 2
    assert not world.states.started
