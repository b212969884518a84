"""When callers are served as an alias says, and what they are answered when its former version is deleted."""

from collections.abc import Iterator

from selfright.proving.fact import Fact
from selfright.proving.lateness import Sight
from selfright.proving.results import Finding, Measured
from selfright.proving.scene import Scene
from selfright.proving.subject import ALIAS, SubjectFunction

ROUNDS = 5
PATIENCE = 120.0


def measure(scene: Scene) -> Iterator[Finding]:
    """Move the alias several times; then move it and delete the former version at once."""
    subject = SubjectFunction(scene)
    versions = [subject.publish() for _ in range(3)]
    sights = []
    for number in range(ROUNDS):
        version = versions[number % 2]
        subject.move(version)
        sights.append(_watch(scene, subject, version))
    seconds = tuple(sight.seconds for sight in sights)
    old = sum(sight.old for sight in sights)
    said = f"{old} calls were still answered by the old version"
    yield Measured("every call is answered by the new version", said, seconds, figures=("alias_learned",))
    last, former = versions[2], versions[(ROUNDS - 1) % 2]
    subject.move(last)
    subject.delete(former)
    sight = _watch(scene, subject, last)
    yield Measured(
        "calls through the alias when its former version is deleted at once", _answers(sight), (sight.seconds,)
    )
    yield Measured("a call to the deleted version itself", subject.call_or_code(former))


def _watch(scene: Scene, subject: SubjectFunction, version: str) -> Sight:
    """Call through the alias until only this version answers."""
    sight = Sight(scene.clock.now())
    while not sight.is_settled and not scene.is_over(sight.start, PATIENCE):
        answered = subject.call_or_code(ALIAS)
        if answered.isdigit():
            sight.note(scene.since(sight.start), new=answered == version)
        else:
            sight.note_trouble(answered)
        scene.pause(sight.start)
    return sight


def _answers(sight: Sight) -> str:
    if sight.trouble:
        return ", ".join(f"{count} times {code}" for code, count in sorted(sight.trouble.items()))
    return f"no error; {sight.old} answers of the old version" if sight.old else "no error"


FACT = Fact(
    "alias_lateness",
    "function",
    "When is everybody served as an alias says, and what does a deleted version answer?",
    "The alias is moved, then called from this machine without a pause until only the new version answers. Lambda's "
    "front ends are in the region, whoever calls.",
    measure,
)
