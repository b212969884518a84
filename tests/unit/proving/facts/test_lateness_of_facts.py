"""Measured on an account in virtual time, each fact about lateness finds what that account's weather has drawn."""

import pytest

from selfright.proving.facts import alias, cached_error, publication, reads, updates
from selfright.proving.places import Answered
from selfright.proving.results import Measured, NotMeasured
from selfright.weather import CLIMATES, Climate, Weather
from tests.unit.proving.late_account import LateAccount, Measure

SEEDS = range(3)
SLACK = 0.4
"""Seconds: the trips of a round of questions."""
SHARE = 0.15
"""One of several front ends is asked now and again: a time is known up to a few pauses, each a share of that time."""


def measured(measure: Measure, climate: Climate, seed: int) -> tuple[LateAccount, dict[str, Measured]]:
    """The account, and what was measured on it, by the findings' names."""
    account = LateAccount(Weather(climate, seed))
    findings = list(measure(account.scene()))
    assert not [one for one in findings if isinstance(one, NotMeasured)]
    return account, {one.what: one for one in findings}


def close_to(drawn: float) -> object:
    """What was drawn, as exactly as asking now and again can tell."""
    return pytest.approx(drawn, abs=SLACK + SHARE * drawn)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("climate", CLIMATES)
def test_an_alias_has_arrived_when_the_last_front_end_has_learned_of_it(climate: Climate, seed: int) -> None:
    """The measured time is that of the slowest of the front ends, in every round."""
    account, found = measured(alias.measure, climate, seed)
    drawn = account.drawn["alias_learned"]
    slowest = [max(drawn[start : start + 4]) for start in range(0, len(drawn), 4)]
    for seconds, late in zip(found["every call is answered by the new version"].seconds, slowest, strict=False):
        assert seconds == close_to(late)


def test_stragglers_of_a_deleted_version_are_counted() -> None:
    """While front ends still route to a deleted version, calls fail; the finding says how, and how often."""
    _, found = measured(alias.measure, "storm", 1)
    said = found["calls through the alias when its former version is deleted at once"].said
    assert said.endswith("times ResourceNotFoundException")
    assert found["a call to the deleted version itself"].said == "ResourceNotFoundException"


def test_without_stragglers_no_error_is_told() -> None:
    """When everything happens at once, nobody meets a deleted version."""
    _, found = measured(alias.measure, "still", 0)
    assert found["calls through the alias when its former version is deleted at once"].said == "no error"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("climate", CLIMATES)
def test_a_publication_is_seen_from_both_places_and_deployed(climate: Climate, seed: int) -> None:
    """Each place's time is that of its edge location, and the status is read independently of them."""
    account, found = measured(publication.measure, climate, seed)
    edges, deployed = account.drawn["edge_learns"], account.drawn["distribution_deployed"]
    # The second round publishes twice: what counts begins with the last publication.
    rounds = [0, 2, 3]
    for number, place in enumerate(("this machine", "the region")):
        seconds = found[f"seen from {place} for good"].seconds
        assert list(seconds) == [close_to(edges[2 * one + number]) for one in rounds]
    assert list(found["the distribution is Deployed"].seconds) == [close_to(deployed[one]) for one in rounds]


def test_a_second_publication_meanwhile_is_told() -> None:
    """With the status that the distribution had at that moment."""
    _, found = measured(publication.measure, "aws", 1)
    assert found["a second publication meanwhile"].said == "accepted (the status was InProgress)"


def test_a_refused_second_publication_is_told_by_its_code() -> None:
    """And the first one is measured all the same."""
    account = LateAccount(Weather("aws", 1))
    publish, times = account.publish_function, []

    def refuse_the_third(**given: str) -> None:
        times.append(account.clock.now())
        account.refuses = {"publish_function": "TooManyRequests"} if len(times) == 3 else {}
        publish(**given)

    account.publish_function = refuse_the_third  # type: ignore[method-assign]
    found = {one.what: one for one in publication.measure(account.scene())}
    second = found["a second publication meanwhile"]
    assert isinstance(second, Measured)
    assert second.said == "refused with TooManyRequests (the status was InProgress)"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("climate", CLIMATES)
@pytest.mark.parametrize(
    "measure", [reads.of_function, reads.of_alias, reads.of_routing, reads.of_parameter, reads.of_index]
)
def test_stale_reads_are_found_as_often_and_as_long_as_they_are_stale(
    measure: Measure, climate: Climate, seed: int
) -> None:
    """What is stale for less than a trip cannot be seen; everything else is."""
    account, found = measured(measure, climate, seed)
    (finding,) = found.values()
    stale = [one for one in account.drawn["read_is_stale"] if one > 0.1]
    assert finding.tries == reads.ROUNDS
    assert len(stale) <= len(finding.seconds) <= sum(one > 0 for one in account.drawn["read_is_stale"])
    if stale:
        assert finding.worst == close_to(max(stale))


@pytest.mark.parametrize("climate", CLIMATES)
def test_updates_take_as_long_as_they_take(climate: Climate) -> None:
    """The function's own update and a new version are measured apart."""
    account, found = measured(updates.measure, climate, 1)
    drawn = account.drawn["function_updated"]
    assert list(found["an update is Successful"].seconds) == [close_to(one) for one in drawn[::2]]
    assert list(found["a new version is Active"].seconds) == [close_to(one) for one in drawn[1::2]]


def test_what_is_never_seen_is_not_measured() -> None:
    """A place that shows the old for ever has no time; the finding says for how long it was waited."""
    account = LateAccount(Weather("still"))
    account.edges[0].tell = lambda *_: None  # type: ignore[method-assign]
    (here, *_others) = publication.measure(account.scene())
    assert here == NotMeasured("seen from this machine for good", "the old was still answered after 600 s")


def test_a_cached_error_is_over_when_every_cache_has_forgotten_it() -> None:
    """One location has several caches; each keeps the error from its own first request on."""
    account = LateAccount(Weather("still"))
    clock, asked, written = account.clock, dict[tuple[str, int], float](), dict[str, float]()
    turns = iter(range(10_000))

    def request(_: object, path: str, *__: object) -> Answered:
        clock.sleep(0.02)
        cache = (path, next(turns) % 2)
        if path.lstrip("/") in written and clock.now() >= asked.get(cache, 0) + 10:
            return Answered(200, "here")
        asked.setdefault(cache, clock.now())
        return Answered(403, "")

    scene = account.scene()
    scene.request = request
    account.put_object = lambda **given: written.update({given["Key"]: clock.now()})  # type: ignore[attr-defined]
    (finding,) = cached_error.measure(scene)
    assert isinstance(finding, Measured)
    assert finding.said == "a missing file was answered with 403"
    assert list(finding.seconds) == [pytest.approx(10, abs=1)] * cached_error.ROUNDS
