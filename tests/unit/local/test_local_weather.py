"""The weather of one local AWS."""

import pytest

from selfright.local.installation import LocalPreference
from selfright.local.local_weather import LocalWeather, from_words


def test_it_travels_as_words() -> None:
    """What the supervisor gets on its command line is the same weather, to the last digit of its factor."""
    weather = LocalWeather("storm", 7, 1 / 60)
    assert from_words(weather.words()) == weather


@pytest.mark.parametrize(("climate", "factor"), [("rain", 0.5), ("aws", 0.0), ("aws", 2.0)])
def test_what_nobody_can_play_is_refused(climate: str, factor: float) -> None:
    """An unknown climate, and a factor that would stop or stretch the time."""
    with pytest.raises(ValueError, match=r"weather|factor"):
        LocalWeather(climate, 0, factor)  # type: ignore[arg-type]


@pytest.mark.parametrize(("factor", "minute"), [(1 / 60, 1), (1 / 30, 5), (1 / 2, 30), (1, 60), (1 / 600, 1)])
def test_a_minute_is_a_period_that_cloudwatch_has(factor: float, minute: int) -> None:
    """The next longer one."""
    assert LocalWeather("aws", 0, factor).minute == minute


def test_each_part_draws_for_itself() -> None:
    """The same part draws the same again, another part something else."""
    weather = LocalWeather("aws", 3)
    drawn = [weather.drawn_for(part).late("edge_learns") for part in ("site", "site", "calls")]
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_environment_waits_for_what_comes_late() -> None:
    """Periods are minutes of the weather; one counts when its sums cannot grow any more, and alarms still see it."""
    still = LocalPreference()
    assert still.under(LocalWeather()) is still
    aws, storm = still.under(LocalWeather("aws")), still.under(LocalWeather("storm", factor=1 / 12))
    assert (aws.judge["period"], aws.judge["settle"]) == ("1s", "3s")
    assert (storm.judge["period"], storm.judge["settle"]) == ("5s", "25s")
    assert (aws.alarm["period"], storm.alarm["period"]) == ("10s", "1m")
    assert aws.judge["minimum_requests"] == still.judge["minimum_requests"]
