"""The weather: how late AWS is."""

from collections.abc import Callable
from statistics import median

import pytest

from selfright.weather import CLIMATES, Climate, Weather, figures


@pytest.mark.parametrize("name", sorted(figures()))
def test_every_figure_says_what_it_is_about_how_sure_it_is_and_where_it_comes_from(name: str) -> None:
    """A figure without a source would be a guess."""
    figure = figures()[name]
    assert figure.about
    assert figure.source
    assert 0 < figure.sure < 100
    for lateness in (figure.aws, figure.storm):
        assert 0 < lateness.median <= lateness.worst
        assert 0 < lateness.share <= 1


@pytest.mark.parametrize("name", sorted(figures()))
def test_a_storm_is_never_better_than_the_usual_weather(name: str) -> None:
    """The storm is the worst that the documentation allows."""
    figure = figures()[name]
    assert figure.storm.median >= figure.aws.median
    assert figure.storm.worst >= figure.aws.worst
    assert figure.storm.share >= figure.aws.share


@pytest.mark.parametrize("name", sorted(figures()))
def test_nothing_is_late_when_it_is_still(name: str) -> None:
    """Still weather is a world in which everything happens at once."""
    weather = Weather("still")
    assert weather.late(name) == 0
    assert weather.worst(name) == 0
    assert not weather.happens(name)


@pytest.mark.parametrize("climate", [climate for climate in CLIMATES if climate != "still"])
def test_what_is_drawn_has_the_median_and_never_exceeds_the_worst(climate: Climate) -> None:
    """The figures of the file are those that one meets."""
    weather, figure = Weather(climate, seed=1), figures()["metric_visible"].lateness(climate)
    drawn = [weather.late("metric_visible") for _ in range(2000)]
    assert max(drawn) <= figure.worst
    assert median(drawn) == pytest.approx(figure.median, rel=0.05)


def test_what_happens_seldom_is_drawn_seldom() -> None:
    """A share of the reads is stale, the others are not."""
    weather, figure = Weather("aws", seed=1), figures()["read_is_stale"].aws
    late = [weather.late("read_is_stale") > 0 for _ in range(2000)]
    happened = [weather.happens("read_is_stale") for _ in range(2000)]
    assert sum(late) / 2000 == pytest.approx(figure.share, rel=0.2)
    assert sum(happened) / 2000 == pytest.approx(figure.share, rel=0.2)


@pytest.mark.parametrize("ask", [Weather.late, Weather.happens])
def test_the_same_seed_draws_the_same(ask: Callable[[Weather, str], float]) -> None:
    """A run can be repeated."""
    first, second = Weather("aws", seed=7), Weather("aws", seed=7)
    assert [ask(first, "event_repeated") for _ in range(50)] == [ask(second, "event_repeated") for _ in range(50)]


def test_one_factor_scales_all_times() -> None:
    """A test takes seconds where AWS takes minutes."""
    usual, quick = Weather("storm", seed=3), Weather("storm", seed=3, factor=0.01)
    assert quick.late("edge_learns") == pytest.approx(usual.late("edge_learns") / 100)
    assert quick.worst("edge_learns") == pytest.approx(usual.worst("edge_learns") / 100)
