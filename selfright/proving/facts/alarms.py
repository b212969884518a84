"""How late an alarm fires, and whether each alarm's message comes out of its topic."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from selfright.proving.fact import Fact
from selfright.proving.names import APPLICATION
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import NeverSeen, Scene
from selfright.proving.subject import SubjectFunction

OWN, ERRORS, GUARD = (f"{APPLICATION}-{name}" for name in ("ownmetric", "errors", "api-errors"))
ALL = (OWN, ERRORS, GUARD)
PATIENCE = 600.0
MESSAGE_PATIENCE = 120.0
CALLS = 5


def measure(scene: Scene) -> Iterator[Finding]:
    """Make the sandbox's alarms fire: by a datum, by failing calls, and by hand."""
    yield from _by_datum(scene)
    yield from _by_errors(scene)
    yield from _by_hand(scene)


def _by_datum(scene: Scene) -> Iterator[Finding]:
    """A datum of an own metric: CloudWatch has it at once, so this is the evaluation's lateness."""
    _empty(scene)
    start = scene.clock.now()
    datum = {"MetricName": "Bad", "Value": 1.0, "Timestamp": datetime.now(UTC)}
    scene.client("cloudwatch").put_metric_data(Namespace="SelfrightProve", MetricData=[datum])
    fired = _until(scene, OWN, "ALARM", start)
    yield Measured("from a datum of an own metric to ALARM", "", (fired,), figures=("alarm_evaluated",))
    yield _message(scene, OWN, "from ALARM to its message")
    try:
        clear = _until(scene, OWN, "OK", start)
    except NeverSeen as error:
        yield NotMeasured("from the datum to OK again", str(error))
        return
    yield Measured("from the datum to OK again", "one period of a minute is bad", (clear,))


def _by_errors(scene: Scene) -> Iterator[Finding]:
    """Calls that fail: what a bad release does."""
    subject = SubjectFunction(scene)
    start = scene.clock.now()
    for _ in range(CALLS):
        subject.call("live", do="fail")
    what = "from a function's first error to ALARM"
    try:
        fired = _until(scene, ERRORS, "ALARM", start)
    except NeverSeen as error:
        yield NotMeasured(what, str(error))
        return
    yield Measured(what, f"{CALLS} failed calls", (fired,), figures=("metric_visible", "alarm_evaluated"))


def _by_hand(scene: Scene) -> Iterator[Finding]:
    """Set every alarm's state, and wait for its message: the way through the topic, without a metric."""
    for alarm in ALL:
        scene.client("cloudwatch").set_alarm_state(
            AlarmName=alarm, StateValue="OK", StateReason="selfright prove begins"
        )
        _empty(scene)
        scene.client("cloudwatch").set_alarm_state(
            AlarmName=alarm, StateValue="ALARM", StateReason="selfright prove: its way through the topic"
        )
        yield _message(scene, alarm, f"{alarm}, set to ALARM by hand: its message")
        scene.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="selfright prove ends")


def until_quiet(scene: Scene) -> None:
    """Wait until the alarm that guards the sandbox's releases does not fire."""
    scene.until(f"{GUARD} is quiet", lambda: _state(scene, GUARD) != "ALARM", PATIENCE)


def _until(scene: Scene, alarm: str, state: str, start: float) -> float:
    scene.until(f"{alarm} is {state}", lambda: _state(scene, alarm) == state, PATIENCE)
    return scene.since(start)


def _state(scene: Scene, alarm: str) -> str:
    """The alarm's state; "" if there is no such alarm."""
    found = scene.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    return str(found[0]["StateValue"]) if found else ""


def _message(scene: Scene, alarm: str, what: str) -> Finding:
    """Wait for the alarm's message in the queue behind its topic."""
    start = scene.clock.now()
    try:
        scene.until("the message", lambda: alarm in _received(scene), MESSAGE_PATIENCE)
    except NeverSeen as error:
        return NotMeasured(what, str(error))
    return Measured(what, "it came", (scene.since(start),), figures=("event_delivered",))


def _received(scene: Scene) -> list[str]:
    """The alarms whose messages are in the queue now, each in the state ALARM; they are taken out of it."""
    queue, url = scene.client("sqs"), scene.outputs["Messages"]
    found = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages", [])
    for message in found:
        queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    told = [_told(message["Body"]) for message in found]
    return [str(one["AlarmName"]) for one in told if one.get("NewStateValue") == "ALARM"]


def _told(body: str) -> dict[str, Any]:
    """The alarm's own message, also when SNS has put it into an envelope."""
    content = json.loads(body)
    return dict(json.loads(content["Message"])) if "Message" in content else dict(content)


def _empty(scene: Scene) -> None:
    while _received(scene):
        pass


FACT = Fact(
    "alarms",
    "alarms",
    "How late does an alarm fire, and does each alarm's message come out of its topic?",
    "One alarm fires by a datum of an own metric, one by failing calls, and each is set to ALARM once; a queue behind "
    "the topic tells when the message is there.",
    measure,
    10,
)
