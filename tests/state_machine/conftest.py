"""What the tests of the state machines share: moto, a scene for each test, and the number of cases at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.client.clients import client
from tests.new_clients import new_clients
from tests.state_machine import moto_engine
from tests.state_machine.scene import BUCKET, Scene

CONFIG: Any = {"stepfunctions": {"execute_state_machine": True}}
CASES = "state machine cases"
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what goes through every moment of a release as slow, all but its first case."""
    seen: set[str] = set()
    for item in items:
        name, *case = item.nodeid.split("[", 1)
        if item.path.is_relative_to(HERE) and case and name in seen:
            item.add_marker(pytest.mark.slow)
        seen.add(name)


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """Moto in process, with its Step Functions engine."""
    with pytest.MonkeyPatch.context() as patched, mock_aws(config=CONFIG), moto_engine.engine():
        patched.setenv("AWS_REGION", moto_engine.REGION)
        patched.setenv("AWS_DEFAULT_REGION", moto_engine.REGION)
        patched.delenv("AWS_ENDPOINT_URL", raising=False)
        patched.delenv("AWS_PROFILE", raising=False)
        with new_clients():
            s3 = client("s3")
            s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
            s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
            yield


@pytest.fixture
def make_scene(aws: None, request: pytest.FixtureRequest) -> Iterator[Callable[..., Scene]]:
    """Makes scenes; afterwards nothing of them runs, and the cases that they checked are counted."""
    made: list[Scene] = []

    def make(**settings: bool) -> Scene:
        made.append(Scene(**settings))
        return made[-1]

    yield make
    for scene in made:
        scene.close()
    request.node.user_properties.append((CASES, sum(scene.checked for scene in made)))


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    """An environment in which version 1.0.0 is live."""
    made = make_scene()
    made.is_live("1.0.0")
    return made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases ran: some tests run through many."""
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    ended = [report for report in reports if getattr(report, "when", "") == "teardown"]
    cases = sum(int(str(number)) for report in ended for name, number in report.user_properties if name == CASES)
    if cases:
        terminalreporter.write_line(f"state machines: {cases} cases ended with all invariants checked")
