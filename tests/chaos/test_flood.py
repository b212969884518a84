"""Floods of uploads: none is lost without a word, however late its turn comes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.domain.deployment import Deployment
from controller.domain.lock import order_of
from controller.domain.phases import Phase
from selfright.local.visitors import VisitorLoad, VisitorStream
from tests.chaos.floods import bounded, busy_machine, clear, environment, outcome, release_of, send, without_reason
from tests.chaos.place import Place, place

CROWD = 200
ENVIRONMENTS, EACH = 20, 3


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A local AWS of its own, without faults on its wire."""
    with place(tmp_path_factory.mktemp("flood")) as made:
        bounded(made)
        yield made


def order(one: Deployment) -> str:
    """Which of two uploads is newer."""
    return order_of(one.upload.uploaded_at, one.version)


@pytest.mark.campaign
@pytest.mark.timeout(2400)
def test_of_two_hundred_uploads_at_once_none_is_lost(lab: Place) -> None:
    """Each has a deployment that ended with a reason and was told; the newest one is live."""
    assert lab.workers
    bundles = [(lab.bundle(lab.new_version()), lab.new_key()) for _ in range(CROWD)]
    flood = outcome(lab, send(lab, bundles))
    clear(lab.workers)
    assert (flood.lost, flood.unended, flood.untold, without_reason(flood)) == ([], [], [], []), flood
    assert {one.phase for one in flood.ends} == {Phase.SUCCEEDED, Phase.SUPERSEDED}, flood
    newest = max(flood.ends, key=order)
    assert (newest.phase, lab.lock().live) == (Phase.SUCCEEDED, newest.deployment_id)
    assert lab.live().is_only(newest.version)


@pytest.mark.campaign
@pytest.mark.timeout(2400)
def test_of_uploads_to_twenty_environments_on_a_busy_machine_none_is_lost(lab: Place, tmp_path: Path) -> None:
    """Visitors come and other programs run meanwhile; in each environment the newest one is live."""
    applications = [f"fleet-{number}" for number in range(ENVIRONMENTS)]
    for application in applications:
        environment(lab, application)
    uploads = [
        (release_of(tmp_path, application, f"1.0.{number}"), f"incoming/{application}/prod/{number}.zip")
        for application in applications
        for number in range(EACH)
    ]
    visitors = VisitorStream(lab.running.edge_url, lambda _: {"destination": "Oslo"}, VisitorLoad(rate=5))
    visitors.start()
    try:
        with busy_machine():
            flood = outcome(lab, send(lab, uploads))
    finally:
        visitors.stop()
    assert (flood.lost, flood.unended, flood.untold, without_reason(flood)) == ([], [], [], []), flood
    for application in applications:
        ends = [one for one in flood.ends if one.application == application]
        newest = max(ends, key=order)
        assert newest.phase is Phase.SUCCEEDED, newest.reason
        assert answer(lab, application) == newest.version


def answer(lab: Place, application: str) -> str:
    """What the application's function answers behind its alias."""
    functions, name = lab.client("lambda"), f"{application}-prod-api"
    version = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    arn = functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    reply = functions.invoke(FunctionName=f"{arn}:{version}", Payload=json.dumps({}))["Payload"]
    return str(json.load(reply)["body"])
