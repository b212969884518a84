"""An alarm fires, by itself or set by a person: all visitors are restored to stable, at any moment."""

import json
from itertools import islice

from app_artifacts.smartpack.visits import trips
from controller.domain.phases import Phase
from selfright.local.visitors import VisitorLoad, from_list, visiting
from tests.e2e.hands import ALARM, QUIET
from tests.e2e.lab import NEVER, Lab
from tests.e2e.seen import KEY


def test_visitors_who_fail_set_off_the_alarm_and_all_visitors_are_restored(lab: Lab) -> None:
    """A bad version that half of the visitors get is rolled back within seconds, long before its bake is over.

    The judge would need more evidence than there is here, and sees the alarm as well: the quicker one is the source.
    """
    before = lab.version()
    lab.set_bakes([(50, NEVER)], alpha=1e-300)
    with visiting(lab.running.edge_url, from_list(list(islice(trips(7), 300))), VisitorLoad(rate=25)):
        bad = lab.ended(lab.release(like="1.2.0"))
    assert bad.phase is Phase.ROLLED_BACK
    assert ALARM in bad.reason
    assert bad.trip
    assert bad.traffic_restored_at
    assert (bad.traffic_restored_at - bad.trip.at).total_seconds() < NEVER / 10
    assert lab.live().is_only(before)
    assert lab.execution(bad.execution_arn)["status"] == "FAILED"


def test_an_alarm_that_somebody_sets_ends_the_bake(lab: Lab) -> None:
    """`aws cloudwatch set-alarm-state` during a bake causes a rollback with the given reason."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    lab.reaches(release, Phase.BAKING)
    lab.set_alarm(QUIET, "ALARM", "a drill")
    ended = lab.ended(release)
    assert (ended.phase, ended.reason) == (Phase.ROLLED_BACK, f"Alarm {QUIET}: a drill")
    assert lab.live().is_only(before)


def test_an_alarm_during_the_final_bake_rolls_back_what_all_visitors_have(lab: Lab) -> None:
    """At 100 % the release is still guarded, and is rolled back in the same way."""
    before = lab.version()
    lab.set_bakes(final_bake=NEVER)
    release = lab.release()
    lab.reaches(release, Phase.BAKING)
    assert lab.live().is_only(lab.ledger.get(release).version)
    lab.set_alarm(ALARM, "ALARM", "an hour later")
    assert lab.ended(release).phase is Phase.ROLLED_BACK
    assert lab.live().is_only(before)


def test_an_alarm_between_two_states_is_not_missed(lab: Lab) -> None:
    """It comes during the checks from outside, when no bake is open: traffic is restored before they end."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)])
    with lab.frozen_edge():
        release = lab.release()
        shifting = lab.reaches(release, Phase.SHIFTING, weight=50)
        assert not shifting.guard_tokens
        lab.set_alarm(ALARM, "ALARM", "between two states")
        tripped = lab.until_restored(release)
        assert tripped.phase is Phase.SHIFTING
    assert lab.ended(release).phase is Phase.ROLLED_BACK
    assert lab.live().is_only(before)


def test_a_message_on_the_alarms_topic_is_an_alarm(lab: Lab) -> None:
    """The message of CloudWatch suffices; any other message on the topic is ignored."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    lab.reaches(release, Phase.BAKING)
    topic = lab.alarm(ALARM)["AlarmActions"][0]
    lab.client("sns").publish(TopicArn=topic, Message="Lunch is ready.")
    message = {"AlarmName": ALARM, "NewStateValue": "ALARM", "NewStateReason": "by hand"}
    lab.client("sns").publish(TopicArn=topic, Message=json.dumps(message))
    ended = lab.ended(release)
    assert (ended.phase, ended.reason) == (Phase.ROLLED_BACK, f"Alarm {ALARM}: by hand")
    assert lab.live().is_only(before)


def test_nothing_is_released_while_an_alarm_is_firing(lab: Lab) -> None:
    """While an alarm is firing, a release is rejected before anything changes, with the reason."""
    with lab.firing_unheard(QUIET, "on fire"):
        ended = lab.ended(lab.release())
    assert (ended.phase, ended.reason) == (Phase.REJECTED, f"Alarm {QUIET} is firing.")
    code, standing, _ = lab.command("status", KEY)
    assert (code, standing["on_its_way"]) == (0, None)
