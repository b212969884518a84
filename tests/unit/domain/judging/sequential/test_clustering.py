"""Clusters of errors show in stable's own counts, and nothing else is taken for one."""

import random

import pytest

from controller.domain.deployment import Counts
from controller.domain.judging.sequential.clustering import Tally

HOUR = 360


def tallied(chance: random.Random, *, rate: float, size: int, burst: bool = False) -> Tally:
    """An hour of stable's counts: 90 requests in ten seconds, errors `size` at a time."""
    tally = Tally()
    for evaluation in range(HOUR):
        now = 0.2 if burst and 100 <= evaluation < 118 else rate
        clusters = sum(chance.random() < now / size for _ in range(90))
        tally = tally.after(Counts(90, min(90, clusters * size)))
    return tally


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.5])
def test_independent_errors_have_no_clusters(rate: float) -> None:
    """Independent errors at any rate have a cluster size of 1."""
    chance = random.Random(5)
    assert [tallied(chance, rate=rate, size=1).cluster_size for _ in range(5)] == [1.0] * 5


def test_a_burst_for_all_visitors_is_no_large_cluster() -> None:
    """Its sudden beginning and end resemble a cluster a little; in between, its errors come one by one."""
    chance = random.Random(7)
    assert all(tallied(chance, rate=0.002, size=1, burst=True).cluster_size < 4 for _ in range(5))


@pytest.mark.parametrize(("minutes", "rate"), [((0.5, 1, 1, 0.5), 0.05), ((0.25, 0.75), 1.0), ((1, 1, 1, 1, 1), 0.5)])
def test_an_outage_does_not_blind_the_judge_for_an_hour(minutes: tuple[float, ...], rate: float) -> None:
    """In AWS's minutes its ends are steep, but a few neighbours that differ much are no clusters."""
    chance, found = random.Random(8), []
    for _ in range(5):
        tally = Tally()
        for minute in range(60):
            part = minutes[minute - 30] if 0 <= minute - 30 < len(minutes) else 0
            now = 0.001 + min(0.999, part * rate)
            tally = tally.after(Counts(540, sum(chance.random() < now for _ in range(540))))
        found.append(tally.cluster_size)
    assert max(found) < 6
    assert sorted(found)[2] == 1.0


@pytest.mark.parametrize("size", [3, 5, 10])
def test_the_size_of_clusters_is_estimated(size: int) -> None:
    """The estimate is the real size, with some caution."""
    chance = random.Random(6)
    found = [tallied(chance, rate=0.005, size=size).cluster_size for _ in range(5)]
    assert all(size <= together <= 2.5 * size for together in found)


def test_empty_or_uniform_counts_show_no_clusters() -> None:
    """Without requests, without errors, or with nothing but errors, the cluster size is 1."""
    nothing, spotless, broken = Tally().after(Counts()), Tally(), Tally()
    for _ in range(10):
        spotless, broken = spotless.after(Counts(10)), broken.after(Counts(10, 10))
    assert nothing == Tally()
    assert (nothing.cluster_size, spotless.cluster_size, broken.cluster_size) == (1.0, 1.0, 1.0)
