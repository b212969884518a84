"""When visitors get a published CloudFront function, what the distribution's status says, and a second publication."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from controller.aws.client.calls import CONFLICTS, error_code
from selfright.proving.fact import Fact, reason
from selfright.proving.lateness import Sight
from selfright.proving.places import Answered
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene

ROUNDS = 3
PATIENCE, STALE_PATIENCE = 600.0, 60.0
CONFIG = {"Comment": "selfright-prove", "Runtime": "cloudfront-js-2.0"}
CODE = """\
function handler(event) {
  if (event.request.uri.startsWith('/prove-kept/')) { return event.request; }
  return {statusCode: 200, body: 'TEXT'};
}
"""
DEPLOYED = "Deployed"
Look = Callable[[str], Answered]
"""Requests a path of the site from one place."""


TRIED = "TriedDomain"


class Answering:
    """The CloudFront function that answers requests with its publication."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self.name = scene, scene.outputs["Answering"]

    def write(self, text: str) -> str:
        """Update the function so that it would answer this; returns the ETag."""
        code = CODE.replace("TEXT", text).encode()
        return self._scene.until("an ETag that is not stale", lambda: self._written(code), STALE_PATIENCE)

    def _written(self, code: bytes) -> str:
        """The new ETag; "" if the one that was read is not the latest."""
        cloudfront = self._scene.client("cloudfront")
        etag = cloudfront.get_function(Name=self.name, Stage="DEVELOPMENT")["ETag"]
        try:
            updated = cloudfront.update_function(Name=self.name, IfMatch=etag, FunctionConfig=CONFIG, FunctionCode=code)
        except ClientError as error:
            if error_code(error) in CONFLICTS:
                return ""
            raise
        # Like the controller: botocore's model misspells this header.
        return str(updated.get("ETag") or updated["ResponseMetadata"]["HTTPHeaders"]["etag"])

    def publish(self, etag: str) -> None:
        """Publish what was written."""
        self._scene.client("cloudfront").publish_function(Name=self.name, IfMatch=etag)

    def status(self) -> str:
        """The distribution's status."""
        found = self._scene.client("cloudfront").get_distribution(Id=self._scene.outputs["TriedDistribution"])
        return str(found["Distribution"]["Status"])


@dataclass
class Round:
    """One publication: what each place was answered, and what the distribution's status said."""

    start: float
    sights: dict[str, Sight] = field(default_factory=dict)
    began: str = ""
    """The status right after the publication."""
    at_first_sight: str = ""
    deployed: float | None = None
    broken: dict[str, str] = field(default_factory=dict)
    """A place from which nothing could be seen → why."""

    @property
    def is_over(self) -> bool:
        """Whether it has arrived everywhere and is deployed."""
        seen = [sight.is_settled for place, sight in self.sights.items() if place not in self.broken]
        return all(seen) and self.deployed is not None

    @property
    def was_early(self) -> bool:
        """Whether it was Deployed before the last place had it for good."""
        late = [one.settled_at for place, one in self.sights.items() if place not in self.broken]
        return self.deployed is not None and any(one is None or one > self.deployed for one in late)


def measure(scene: Scene) -> Iterator[Finding]:
    """Publish three times; the second time, a further publication follows at once."""
    answering = Answering(scene)
    places = {
        "this machine": lambda path: scene.here(path, host=TRIED),
        "the region": lambda path: scene.region(path, host=TRIED),
    }
    rounds, second = [], ""
    for number in range(ROUNDS):
        text = _publish(answering)
        if number == 1:
            text, second = _publish_again(answering, text)
        rounds.append(_watch(scene, answering, places, text))
    for place in places:
        yield _seen(place, rounds)
    deployed = tuple(one.deployed for one in rounds if one.deployed is not None)
    yield Measured("the distribution is Deployed", "", deployed, figures=("distribution_deployed",))
    yield Measured("its status right after the publication", _counted(one.began for one in rounds))
    yield Measured("its status when the new was first seen", _counted(one.at_first_sight for one in rounds))
    early = sum(one.was_early for one in rounds)
    yield Measured("Deployed before every place had it for good", f"{early} of {len(rounds)} times")
    yield Measured("a second publication meanwhile", second)


def _publish(answering: Answering) -> str:
    text = f"publication {secrets.token_hex(4)}"
    answering.publish(answering.write(text))
    return text


def _publish_again(answering: Answering, before: str) -> tuple[str, str]:
    """What visitors will get, and whether a publication right after another one is accepted."""
    status = answering.status()
    try:
        return _publish(answering), f"accepted (the status was {status})"
    except ClientError as error:
        return before, f"refused with {error_code(error)} (the status was {status})"


def _watch(scene: Scene, answering: Answering, places: Mapping[str, Look], text: str) -> Round:
    """Look from every place, and read the status, until all is settled."""
    start = scene.clock.now()
    one = Round(start, {place: Sight(start) for place in places}, answering.status())
    while not one.is_over and not scene.is_over(start, PATIENCE):
        for place, look in places.items():
            if place not in one.broken:
                _look(scene, one, place, look, text)
        status = answering.status()
        if any(sight.first_new is not None for sight in one.sights.values()):
            one.at_first_sight = one.at_first_sight or status
        if status == DEPLOYED and one.deployed is None:
            one.deployed = scene.since(start)
        scene.pause(start)
    return one


def _look(scene: Scene, one: Round, place: str, look: Look, text: str) -> None:
    try:
        answered = look("/")
    except (ClientError, KeyError, ValueError) as error:
        one.broken[place] = reason(error)
        return
    if answered.status:  # a request without an answer says nothing about what is published
        one.sights[place].note(scene.since(one.start), new=answered.text == text)


def _seen(place: str, rounds: list[Round]) -> Finding:
    what = f"seen from {place} for good"
    if broken := next((one.broken[place] for one in rounds if place in one.broken), ""):
        return NotMeasured(what, broken)
    late = [one for one in rounds if one.sights[place].settled_at is None]
    seconds = tuple(one.sights[place].seconds for one in rounds if one not in late)
    if not seconds:
        return NotMeasured(what, f"the old was still answered after {PATIENCE:.0f} s")
    first = [one.sights[place].first_new or 0.0 for one in rounds if one not in late]
    said = f"first after {min(first):.1f} to {max(first):.1f} s"
    said += f"; {len(late)} of {len(rounds)} times not within {PATIENCE:.0f} s" if late else ""
    return Measured(what, said, seconds, figures=("edge_learns",))


def _counted(said: Iterator[str]) -> str:
    words = [one or "unknown" for one in said]
    return ", ".join(f"{words.count(one)} times {one}" for one in sorted(set(words)))


FACT = Fact(
    "published_function",
    "distribution",
    "When do visitors get a published CloudFront function, and what does the distribution's status say then?",
    "A function that answers with its own publication is published three times, and requested from this machine and "
    "from the region until only the new is answered, while the status is read. Neither place sees every edge location.",
    measure,
    12,
)
