"""After a restoration: it is waited for until it has arrived, and only then do checks from outside count."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.errors import NoAnswerError
from controller.flow.rollback.restore import restore_component
from controller.flow.rollback.verify_restoration import RestorationVerified, verify_restoration
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import CANARY, SITE_ONLY, STABLE, messages, moving, rolling_back


def restored() -> FakeWorld:
    """A rollback whose components are all restored."""
    world = rolling_back(moving())
    for name in world.components.known:
        restore_component(world, "d2", name)
    return world


def until(world: FakeWorld, time: timedelta) -> RestorationVerified:
    """The rollback machine goes on until then, or until it has come to an end."""
    answer = verify_restoration(world, "d2")
    while answer.outcome == "pending" and world.clock.now() - START < time:
        world.clock.forward(answer.wait_seconds or 0)
        answer = verify_restoration(world, "d2")
    return answer


def test_visitors_are_back_when_the_restoration_has_arrived() -> None:
    """Not when the call returned: an edge location may go on serving the bad release for minutes."""
    world = restored()
    world.components.known["site"].late = ["InProgress"] * 4
    assert verify_restoration(world, "d2").outcome == "verified"
    written = world.deployments.get("d2").written
    assert written is not None
    assert written.arrived_at is not None
    assert written.weight == 0
    assert written.at < written.arrived_at
    assert messages(world, "arrived") == ["Visitors are back on version 1.0.0. It took 12 s to arrive."]


def test_a_restoration_that_is_late_is_waited_for_without_end_and_without_a_person() -> None:
    """As long as visitors can be seen to get the bad release, the lock stays, and people are told once."""
    world = restored()
    world.components.known["site"].publication = "back"
    world.probe.publication_now = "bad"
    answer = until(world, timedelta(hours=3))
    assert answer.outcome == "pending"
    assert answer.components == []
    assert "visitors may still get the release" in str(answer.reason)
    assert world.probe.asked == []
    assert [phase for _, phase in world.notifications.sent] == [Phase.ROLLING_BACK]
    world.probe.publication_now = "back"
    assert verify_restoration(world, "d2").outcome == "verified"


def test_what_cannot_be_seen_at_all_does_not_hold_the_environment_for_ever() -> None:
    """A firewall keeps our requests away: after the site's patience the checks from outside decide."""
    world = restored()
    world.components.known["site"].publication = "back"
    world.probe.publications = [NoAnswerError("status 403")] * 10_000
    assert until(world, timedelta(hours=3)).outcome == "verified"
    assert timedelta(minutes=5) <= world.clock.now() - START < timedelta(minutes=10)
    assert "cannot be seen to arrive" in messages(world, "pending")[-1]


def test_checks_from_outside_wait_for_the_arrival() -> None:
    """The bad release's answers, which an edge location still gives, do not fail the rollback."""
    world = restored()
    world.components.known["api"].late = ["calls still run version 7"] * 100
    assert verify_restoration(world, "d2").outcome == "pending"
    assert world.probe.asked == []
    world.components.known["api"].late = []
    assert verify_restoration(world, "d2").outcome == "verified"
    assert world.probe.asked == ["https://api.example/health", "https://site.example/"]


def test_a_check_that_fails_after_a_change_by_hand_names_the_component() -> None:
    """The failed release did not have it: without that, nothing would say why the environment is held."""
    world = rolling_back(moving())
    only_site = {"components": ("site",), "restore_point": SITE_ONLY, "staged": {"site": CANARY["site"]}}
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), **only_site)
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), staged=STABLE)
    world.components.known["api"].edit("5")
    restore_component(world, "d2", "site")
    world.probe.wrong = ["status 503"] * 100
    reason = str(until(world, timedelta(minutes=5)).reason)
    assert reason.startswith("api is on 5, and 1.0.0 left it on 6: it was changed by hand; ")
    assert "/health" in reason


def test_what_is_only_said_of_changes_by_hand_does_not_stop_the_rollback(monkeypatch: pytest.MonkeyPatch) -> None:
    """An older controller wrote the release below: what cannot be read is left out of the reason."""
    world = restored()
    before = replace(world.deployments.get("d1"), staged={"site": STABLE["site"]}, previous="d0")
    world.deployments.known["d1"] = before
    world.probe.wrong = ["status 503"] * 100
    read = world.deployments.get

    def get(deployment_id: str) -> Deployment:
        if deployment_id == "d0":
            raise ValueError(deployment_id)
        return read(deployment_id)

    monkeypatch.setattr(world.deployments, "get", get)
    answer = until(world, timedelta(minutes=5))
    assert (answer.outcome, "/health" in str(answer.reason)) == ("failed", True)


def test_checks_that_reach_nobody_are_made_again_until_somebody_answers() -> None:
    """A network that is gone for an hour says nothing about what is live: no person is needed, but people are told."""
    world = restored()
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), staged=STABLE)
    world.probe.wrong, world.probe.unreached = ["no answer"] * 10_000, {"no answer"}
    answer = until(world, timedelta(hours=1))
    assert (answer.outcome, answer.components) == ("pending", [])
    assert "no answer" in str(answer.reason)
    assert [phase for _, phase in world.notifications.sent] == [Phase.ROLLING_BACK]
    assert messages(world, "pending")[0].startswith("The rollback waits for an answer from outside: GET /health of api")
    world.probe.wrong = []
    assert verify_restoration(world, "d2").outcome == "verified"


def test_an_answer_that_is_wrong_beside_one_that_is_missing_lasts() -> None:
    """What somebody answers wrongly needs a person, whoever else is silent."""
    world = restored()
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), staged=STABLE)
    world.probe.wrong, world.probe.unreached = [*["no answer"] * 3, *["status 500"] * 3] * 100, {"no answer"}
    assert until(world, timedelta(hours=1)).outcome == "failed"
    assert world.clock.now() - START < timedelta(minutes=5)
