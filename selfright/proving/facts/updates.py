"""How long a function's update and a new version take until they are Active."""

from collections.abc import Iterator

from selfright.proving.fact import Fact
from selfright.proving.results import Finding, Measured
from selfright.proving.scene import Scene
from selfright.proving.subject import SubjectFunction

ROUNDS = 5


def measure(scene: Scene) -> Iterator[Finding]:
    """Publish some versions."""
    subject, updated, active = SubjectFunction(scene), [], []
    for _ in range(ROUNDS):
        start = scene.clock.now()
        subject.describe()
        subject.until_updated()
        updated.append(scene.since(start))
        start = scene.clock.now()
        subject.publish_as_it_is()
        active.append(scene.since(start))
    yield Measured("an update is Successful", "", tuple(updated), figures=("function_updated",))
    yield Measured("a new version is Active", "", tuple(active), figures=("function_updated",))


FACT = Fact(
    "function_updated",
    "function",
    "How long does an update of a function take?",
    "Its description is changed, then a version is published; each time its state is read until it is in effect.",
    measure,
    2,
)
