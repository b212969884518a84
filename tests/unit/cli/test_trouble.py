import fcntl
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, NoRegionError, ProfileNotFound

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.errors import AwsError, InvalidBundleError, SelfrightError
from selfright.account.account import not_bootstrapped, use_local
from selfright.errors import AdviceError, advise
from selfright.local_state import LocalAws, LocalState
from tests.cli_world import CliWorld
from tests.new_clients import new_clients


@pytest.fixture
def no_clients() -> Iterator[None]:
    """No client is there from before, nor afterwards."""
    with new_clients():
        yield


def raised(error: Exception) -> SelfrightError:
    """The error as an adapter raises it."""
    with pytest.raises(SelfrightError) as caught, calling("ssm:GetParameter", "/selfright/controller"):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "message", "next_step"),
    [
        (NoCredentialsError(), "No AWS credentials", "AWS_PROFILE"),
        (NoRegionError(), "No AWS region", "AWS_REGION"),
        (ProfileNotFound(profile="work"), "no AWS profile 'work'", "list-profiles"),
    ],
)
def test_what_is_missing_on_this_machine_is_said(
    error: Exception, message: str, next_step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether botocore raises it when a client is made or when it is used."""
    monkeypatch.setenv("AWS_PROFILE", "work")
    for advice in (advise(error), advise(raised(error))):
        assert message in str(advice)
        assert next_step in advice.next_step


def test_expired_credentials_are_told_from_missing_permissions() -> None:
    """One needs a log-in, the other a grant."""
    assert "expired" in str(advise(AwsError("…", code="ExpiredToken")))
    assert str(advise(AwsError("Allow ssm:GetParameter.", code="AccessDenied"))) == "Allow ssm:GetParameter."


def test_an_endpoint_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A local AWS that is down is started again, or the variable is stale."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    advice = advise(raised(EndpointConnectionError(endpoint_url="http://127.0.0.1:4566")))
    assert str(advice) == "Nothing answers at http://127.0.0.1:4566 (AWS_ENDPOINT_URL)."
    assert "./dev up" in advice.next_step


@pytest.mark.parametrize(
    ("variable", "message"),
    [(("AWS_ENDPOINT_URL", "localhost"), "not a valid address: 'localhost'"), (("AWS_REGION", ""), "No AWS region")],
)
def test_a_variable_that_cannot_be_right_is_named(
    variable: tuple[str, str], message: str, no_clients: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Botocore would end with a traceback."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv(*variable)
    with pytest.raises((SelfrightError, NoRegionError)) as caught:
        client("ssm")
    assert message in str(advise(caught.value))


def test_an_error_with_a_next_step_keeps_it() -> None:
    """What the domain says is not said again in other words."""
    advice = advise(InvalidBundleError("It is empty.", "Put something in."))
    assert (str(advice), advice.next_step) == ("It is empty.", "Put something in.")


def test_an_account_without_a_controller_says_what_to_check(account: None) -> None:
    """Wrong region, wrong account, or not bootstrapped yet."""
    answer = CliWorld().run("watch", "some-deployment")
    assert answer.exit_code == 1
    assert "There is no Selfright controller in us-east-1 of this account" in answer.stderr
    assert "AWS_REGION" in answer.stderr


def test_a_local_aws_that_is_not_ready_says_to_wait(
    account: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`./dev up` starts it first, and deploys the controller into it after that."""
    place = LocalState(tmp_path)
    place.write(LocalAws(4567, 8780, 1, ()))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4567")
    step = not_bootstrapped(place).next_step
    assert step.startswith("If `./dev up` is still at work, it deploys one: wait until it has ended.")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere")
    assert not_bootstrapped(place).next_step == "Deploy it there first."


def test_a_controller_of_another_version_is_said(world: CliWorld) -> None:
    """A parameter without what this version needs names what is missing."""
    client("ssm").put_parameter(Name="/selfright/controller", Value='{"table": "t"}', Type="String", Overwrite=True)
    result = world.run("status", "--output", "json")
    assert result.exit_code == 1
    assert "bucket, rollback_machine_arn" in json.loads(result.stdout)["error"]["message"]


def test_the_local_aws_is_used_when_asked_for(tmp_path: Path) -> None:
    """Its variables take the place of the person's own."""
    variables = {"AWS_PROFILE": "work"}
    place = LocalState(tmp_path)
    place.write(LocalAws(4567, 8780, 1, ()))
    with place.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        use_local(place, variables)
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4567"
    assert "AWS_PROFILE" not in variables


def test_an_endpoint_that_is_set_already_stays(tmp_path: Path) -> None:
    """`--local` does not overrule what the person said elsewhere."""
    variables = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    use_local(LocalState(tmp_path), variables)
    assert variables == {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}


def test_a_local_aws_that_is_not_up_is_said(tmp_path: Path) -> None:
    """With the command that starts it."""
    with pytest.raises(AdviceError, match="No local AWS is running") as caught:
        use_local(LocalState(tmp_path), {})
    assert caught.value.next_step == "Start it: ./dev up"


def test_a_local_aws_that_has_died_shows_its_last_words(tmp_path: Path) -> None:
    """The state file is left and nobody holds the lock: the end of the log says why."""
    place = LocalState(tmp_path)
    place.write(LocalAws(4567, 8780, 1, ()))
    place.lock.touch()
    place.log.write_text("all is well\nMemoryError\n")
    with pytest.raises(AdviceError, match=r"(?s)has died.*MemoryError") as caught:
        use_local(place, {})
    assert caught.value.next_step == "Start it again: ./dev up"
