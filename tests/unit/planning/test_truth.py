"""A plan tells the truth: what it accepts, the controller accepts, and what it refuses, the controller refuses."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from controller.aws.components.registry import AwsComponents
from controller.domain.phases import Phase
from controller.errors import SelfrightError
from controller.flow.receive import Received, receive
from controller.flow.record_restore_point import record_restore_point
from controller.flow.run_task import run_task
from controller.flow.shift import shift
from controller.flow.stage import stage
from controller.flow.test import test_staged as run_tests
from controller.flow.validate import validate
from controller.flow.wait_for_lock import wait_for_lock
from selfright.planning.model import Plan
from tests.builders import a_bundle
from tests.fakes import FakeWorld
from tests.unit.planning.applications import KEY, OF_THE_MANIFEST, Application, an_application
from tests.unit.planning.conftest import ARTIFACTS

CASES, BLOCK = 300, 50
WAITING = 40
POLLS = 40
SAME = 60
"""So many characters of a reason must be the same; what AWS says may end in other words."""


@dataclass(frozen=True)
class Verdict:
    """Whether a release got as far as the visitors; else why not."""

    accepted: bool
    reason: str = ""


def controllers_verdict(app: Application) -> Verdict:
    """What the states say from the upload to the first shift; the application's own answers are not asked."""
    world = app.world.ports
    world.components = AwsComponents(ARTIFACTS, app.world.clients)  # type: ignore[assignment]
    world.environments.known[KEY] = app.world.environment
    key = f"incoming/{KEY}/2.zip"
    world.bundles.objects[key] = app.bundle()
    received = receive(world, ARTIFACTS, key, None, "arn")
    assert isinstance(received, Received)
    name = received.deployment.deployment_id
    if app.hotfix:
        one = world.deployments.known[name]
        world.deployments.known[name] = replace(one, upload=replace(one.upload, hotfix="it burns", by="me"))
    validate(world, name)
    if world.deployments.get(name).phase is not Phase.REJECTED:
        wait_for_lock(world, name, "token")
    try:
        _go_on(world, name)
    except SelfrightError as error:
        return Verdict(False, getattr(error, "reason", str(error)))
    found = world.deployments.get(name)
    return Verdict(found.phase is not Phase.REJECTED, found.reason)


def _go_on(world: FakeWorld, name: str) -> None:
    """From the lock to the first shift."""
    if world.deployments.get(name).phase is Phase.REJECTED:
        return
    for _ in range(POLLS):
        found = record_restore_point(world, name)
        if found.outcome != "pending":
            break
        world.clock.forward(found.wait_seconds or 0)
    if found.outcome == "rejected":
        return
    world.deployments.known[name] = replace(world.deployments.get(name), checks=())  # what it answers is not the plan's
    wave = found.wave
    while wave:
        for component in wave:
            _stage(world, name, component)
        tested = run_tests(world, name)
        while tested.outcome == "task" and run_task(world, name).outcome == "done":
            tested = run_tests(world, name)
        wave = tested.wave
    if tested.steps:
        shift(world, name, 0)


def _stage(world: FakeWorld, name: str, component: str) -> None:
    for _ in range(POLLS):
        if stage(world, name, component).outcome == "staged":
            return
        world.clock.forward(30)


def planned(app: Application) -> Plan:
    """The plan of the same release at the same moment."""
    return app.world.plan(app.bundle(), hotfix=app.hotfix)


def disagreement(seed: int, folder: Path) -> str:
    """How the two verdicts on the application of this seed differ; "" when they do not, else what is to be known."""
    app = an_application(seed, folder)
    refusals = [one.reason for one in planned(app).refusals]
    verdict = controllers_verdict(app)
    same_words = any(one[:SAME] == verdict.reason[:SAME] for one in refusals)
    if verdict.accepted == (not refusals) and (verdict.accepted or same_words):
        return ""
    return f"seed {seed} ({', '.join(app.traits)}): plan {refusals}; controller: {verdict}"


@pytest.mark.parametrize("first", range(0, CASES, BLOCK))
def test_plan_and_controller_agree(first: int, tmp_path: Path) -> None:
    """On applications, environments and moments by chance; a refusal has the same words."""
    found = [disagreement(seed, tmp_path) for seed in range(first, first + BLOCK)]
    assert [one for one in found if one] == []


@pytest.mark.parametrize("seed", range(WAITING))
def test_they_agree_while_another_release_is_on_its_way(seed: int, tmp_path: Path) -> None:
    """The plan is made in the middle of a canary; the controller looks when that release has ended well."""
    app = an_application(seed, tmp_path, OF_THE_MANIFEST)
    app.world.begin(a_bundle("1.1.0", b"next", site_files={"index.html": b"next"}))
    refusals = [one.reason for one in planned(app).refusals]
    app.world.end()
    verdict = controllers_verdict(app)
    assert verdict.accepted == (not refusals), (app.traits, refusals, verdict)


def test_chance_makes_releases_that_can_be_released_and_all_sorts_of_others(tmp_path: Path) -> None:
    """Otherwise agreeing would be easy."""
    reasons = Counter(
        next((one.reason[:SAME] for one in planned(an_application(seed, tmp_path)).refusals), "")
        for seed in range(0, CASES, 2)
    )
    assert CASES / 8 < reasons.pop("") < CASES * 3 / 8
    assert len(reasons) > 20
