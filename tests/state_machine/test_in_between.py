"""States that nobody wants: what comes late, twice or from two sides, and outages that are longer than any patience.

Each of these once led into such a state. Here all of them end well, and no person is needed.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from controller.domain.deployment import Trip
from controller.domain.phases import Phase
from controller.errors import TransientError
from controller.flow.rollback.emergency import emergency
from controller.flow.rollback.traffic import restore_traffic
from tests.builders import a_bundle
from tests.state_machine.drives import prepare
from tests.state_machine.machines import ROLLBACK, Task
from tests.state_machine.scene import CHECKS, Scene, bundle_of
from tests.state_machine.script import When

pytestmark = pytest.mark.slow
OUTAGE = 330
"""Seconds."""
BAD = Task(ROLLBACK, "Begin rollback", waits=False)


def outage(
    scene: Scene, calls: tuple[str, ...], times: int, during: Callable[[str], bool] = lambda _: True
) -> list[str]:
    """These calls of ports fail so many times; returns the list of those that failed so far."""
    failed: list[str] = []

    def fail(state: str, call: str, when: When) -> None:
        if when == "before" and call in calls and len(failed) < times and during(state):
            failed.append(state)
            raise TransientError(f"{call} got no answer.")

    scene.tap(fail)
    return failed


def in_rollback(state: str) -> bool:
    """Whether it is a state of the rollback machine."""
    return state in {"Begin rollback", "Restore component", "Verify restoration", "Close deployment"}


# Hand-overs


def test_a_release_that_arrives_while_a_live_one_is_rolled_back_waits(scene: Scene) -> None:
    """Between taking the lock and going back there is no moment: the arriving release waits, and goes live after it."""
    live = scene.release("1.1.0")
    arrived: list[str] = []

    def arrive(state: str, call: str, when: When) -> None:
        if state == "Begin rollback" and call == "locks.save" and not arrived:
            arrived.append(scene.start(scene.upload("1.2.0", bundle=bundle_of(scene.name, "1.2.0"))))
            if when == "after":
                scene.wait_until(lambda: scene.is_queued(arrived[0]))

    scene.tap(arrive)
    scene.roll_back(live.deployment_id)
    scene.settle()
    assert scene.world.deployments.get(live.deployment_id).phase in {Phase.ROLLED_BACK, Phase.SUCCEEDED}
    assert scene.deployment(arrived[0]).phase is Phase.SUCCEEDED
    scene.check()


def test_a_slow_wait_for_a_deployment_that_ends_meanwhile_gets_no_lock(scene: Scene) -> None:
    """Its function is given up, the deployment is rejected, then the function does its work: nobody holds the lock."""
    scene.at("Wait for lock", "instead", scene.stop)
    scene.start(scene.upload("1.1.0"))
    scene.settle()
    scene.run_late()
    assert scene.world.locks.load(scene.key).holder == ""
    scene.check()
    assert scene.release("1.2.0").phase is Phase.SUCCEEDED


def test_a_late_begin_rollback_does_not_take_the_lock_again(scene: Scene) -> None:
    """The first attempt is given up and does its work when the rollback is over."""
    live = scene.release("1.1.0")
    scene.at("Begin rollback", "instead", lambda: None)
    scene.roll_back(live.deployment_id)
    scene.settle()
    scene.run_late()
    assert scene.world.deployments.get(live.deployment_id).phase is Phase.ROLLED_BACK
    assert scene.world.locks.load(scene.key).holder == ""
    scene.check()


def test_many_reconcilers_tell_one_end_once(scene: Scene) -> None:
    """All of them find the same deployment that ended without telling anybody."""

    def die(state: str, call: str, when: When) -> None:
        if state == "Complete" and call == "notifications.send" and when == "before":
            raise TransientError("sns:Publish got no answer.")

    scene.tap(die)
    ended = scene.release("1.1.0")
    for _ in range(20):
        scene.reconcile()
    assert ended.phase is Phase.SUCCEEDED
    scene.check()


# The way back is fenced


def of(scene: Scene, version: str, api: bytes, site: bytes) -> bytes:
    """A bundle with these contents: what two bundles have in common has the same revision."""
    return a_bundle(version, api, {"index.html": site}, application=scene.name, checks=CHECKS)


def test_an_alarm_that_is_handled_late_does_not_move_the_next_release(scene: Scene) -> None:
    """Its function sleeps after it has read the deployment; a corrected release with the same site goes live."""
    seen: list[Any] = []
    scene.at("Judge canary", "before", lambda: seen.extend(scene.history()))
    scene.at("Judge canary", "after", scene.alarm_flickers)
    assert scene.release("1.1.0", of(scene, "1.1.0", b"bad", b"new")).phase is Phase.ROLLED_BACK
    scene.forget()
    assert scene.release("1.2.0", of(scene, "1.2.0", b"good", b"new")).phase is Phase.SUCCEEDED
    late = replace(seen[-1], trip=Trip(scene.world.clock.now(), "alarm", "It fired."))
    assert set(restore_traffic(scene.world, late)) == {"api", "site"}
    scene.check()


def test_two_operators_undo_one_release(scene: Scene) -> None:
    """The second one names the release that the first has just rolled back: nothing happens to the one before."""
    scene.release("1.1.0")
    live = scene.release("1.2.0")
    scene.roll_back(live.deployment_id)
    scene.settle()
    scene.roll_back(live.deployment_id)
    scene.settle()
    scene.check()
    assert [one.phase for one in scene.history()[1:]] == [Phase.SUCCEEDED, Phase.ROLLED_BACK]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_release_that_is_not_live_is_not_rolled_back(scene: Scene, at_once: bool) -> None:
    """The first release changes the API, the second the site: rolling back the first would combine the two."""
    first = scene.release("1.1.0", of(scene, "1.1.0", b"new", b"1"))
    scene.release("1.2.0", of(scene, "1.2.0", b"new", b"2"))
    if at_once:
        assert emergency(scene.world, first.deployment_id, "Told to.").outcome == "refused"
    else:
        arn = scene.roll_back(first.deployment_id)
        scene.settle()
        assert scene.outcome(arn)[0] == "FAILED"
    scene.check()
    assert {one.phase for one in scene.history()} == {Phase.SUCCEEDED}


def test_a_rollback_to_what_does_not_exist_any_more_is_refused(scene: Scene) -> None:
    """The revision that was live before was pruned: nothing is touched."""
    live = scene.release("1.1.0")
    del scene.world.components["site"].revisions["site-0"]
    scene.roll_back(live.deployment_id)
    scene.settle()
    assert scene.world.deployments.get(live.deployment_id).phase is Phase.SUCCEEDED
    scene.check()


def test_after_an_accepted_failure_what_was_live_before_is_not_rolled_back(scene: Scene) -> None:
    """The environment is a mixture: the former release cannot be undone either, and the next one goes live."""
    live = scene.release("1.1.0")
    prepare(scene, BAD)
    scene.at("Begin rollback", "before", lambda: scene.world.components["api"].switch.by_hand("api-hand"))
    failed = scene.release("1.2.0")
    assert failed.phase is Phase.ROLLBACK_FAILED
    scene.forget()
    document = {"deployment_id": failed.deployment_id, "by": "person", "reason": "It serves.", "unlock": True}
    scene._start(scene.rollback_machine, document)
    scene.settle()
    scene.roll_back(live.deployment_id)
    scene.roll_back(failed.deployment_id)
    scene.settle()
    assert scene.world.deployments.get(live.deployment_id).phase is Phase.SUCCEEDED
    assert scene.world.deployments.get(failed.deployment_id).phase is Phase.ROLLBACK_FAILED
    scene.all_is_well()
    scene.world.components["api"].revisions["api-hand"] = ""
    released = scene.release("1.3.0")
    assert released.phase is Phase.SUCCEEDED, released.reason


# The seal


@pytest.mark.parametrize("component", ["api", "site"])
def test_a_shift_that_arrives_after_its_rollback_was_verified_fails(scene: Scene, component: str) -> None:
    """The shift has read and was permitted; its write comes when the rollback, which found nothing to move, is over."""
    scene.at_switch(component, "write", lambda: stop_and_end(scene))
    scene.start(scene.upload("1.1.0"))
    scene.settle()
    assert [one.phase for one in scene.history()[1:]] == [Phase.ROLLED_BACK]
    scene.check()
    assert scene.release("1.2.0").phase is Phase.SUCCEEDED


def stop_and_end(scene: Scene) -> None:
    """Press *Stop*, and let the rollback come to its end while the function that was running sleeps."""
    scene.stop()
    scene.reconcile()
    scene.wait_until(lambda: all(one.phase.is_terminal for one in scene.history()))


# What passes


@pytest.mark.parametrize("seconds", [60, 900, 3600])
@pytest.mark.parametrize("service", ["environments.get", "guards.close", "notifications.send", "workflows.is_running"])
def test_an_outage_during_a_rollback_passes(scene: Scene, service: str, seconds: int) -> None:
    """However long a service gives no answer: when it does again, everything is restored, without a person."""
    prepare(scene, BAD)
    failed = outage(scene, (service,), seconds // 10, in_rollback)
    assert scene.release("1.1.0").phase is Phase.ROLLED_BACK
    scene.check()
    assert failed or service == "workflows.is_running"


@pytest.mark.parametrize("component", ["api", "site"])
@pytest.mark.parametrize("call", ["read", "write"])
def test_a_component_without_an_answer_is_waited_for(scene: Scene, component: str, call: str) -> None:
    """A service is gone for minutes during the rollback: the other component is restored at once, this one later."""
    prepare(scene, BAD)
    switch, clock = scene.world.components[component].switch, scene.world.clock
    original, gone = getattr(switch, call), []

    def answer(*arguments: Any) -> Any:  # noqa: ANN401 - as the switch's
        if any(one.phase is Phase.ROLLING_BACK for one in scene.history()):
            gone.append(clock.now())
            if (gone[-1] - gone[0]).total_seconds() < OUTAGE:
                raise TransientError(f"{component} got no answer.")
        return original(*arguments)

    setattr(switch, call, answer)
    ended = scene.release("1.1.0")
    assert ended.phase is Phase.ROLLED_BACK
    assert (gone[-1] - gone[0]).total_seconds() >= OUTAGE
    assert scene.kinds(ended).count("pending") == 1, "people are told once that it waits"
    scene.check(extra_notifications=True)


def test_a_late_attempt_does_not_take_the_place_of_the_guard(scene: Scene) -> None:
    """The first attempt of *Guard alarms* writes its token after the second: the bake ends all the same."""
    scene.at("Guard alarms", "instead", lambda: None)
    scene.at("Judge canary", "before", scene.run_late)
    scene.release("1.1.0")
    scene.check()


def test_a_live_release_whose_notification_cannot_be_sent_can_be_rolled_back(scene: Scene) -> None:
    """Nothing waits for a notification; both ends are told when that works again."""
    sending = scene.world.notifications.send
    scene.world.notifications.send = lambda _deployment: (_ for _ in ()).throw(TransientError("sns got no answer."))
    scene.rewire()
    arn = scene.start(scene.upload("1.1.0"))
    scene.wait_until(lambda: not scene.running() and not scene.busy)
    live = scene.deployment(arn)
    assert live.phase is Phase.SUCCEEDED
    assert not live.is_told
    scene.roll_back(live.deployment_id)
    scene.wait_until(lambda: not scene.running() and not scene.busy)
    assert scene.deployment(arn).phase is Phase.ROLLED_BACK
    assert len(scene.deployment(arn).unsent) == 2
    scene.world.notifications.send = sending
    scene.rewire()
    scene.check()


# What touches nothing


def test_a_stop_before_any_visitor_does_not_spend_the_version(scene: Scene) -> None:
    """It is rolled back without evidence, so the same bundle is released again."""
    scene.at("Test staged release", "before", scene.stop)
    scene.start(scene.upload("1.1.0"))
    scene.settle()
    assert scene.history()[-1].phase is Phase.ROLLED_BACK
    scene.forget()
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    scene.check()


def test_an_upload_whose_validation_meets_an_outage_is_released(scene: Scene) -> None:
    """The bundle cannot be read for a while: nothing was touched, so it is simply tried again."""
    failed = outage(scene, ("bundles.open",), 20, lambda state: state == "Validate bundle")
    assert scene.release("1.1.0").phase is Phase.SUCCEEDED
    assert len(failed) == 20
    scene.check()


def test_a_lost_upload_is_found_once(scene: Scene) -> None:
    """No event ever came: the reconciler starts its deployment after a while, and not again."""
    detail = scene.upload("1.1.0")
    pinned = scene.world.bundles.pin("artifacts", detail["object"]["key"], None)
    scene.world.inbox.known = [pinned]
    scene.world.clock.advance((pinned.uploaded_at - scene.world.clock.now()).total_seconds())
    assert not scene.reconcile(60)
    assert len(scene.reconcile(3600)) == 1
    assert list(scene.world.inbox.started.values()) == [pinned]
    scene.start(detail)
    scene.settle()
    assert not scene.reconcile(3600)
    assert scene.history()[-1].phase is Phase.SUCCEEDED
