"""The trip for which a visitor wants a list."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalogue import ACTIVITY_KIT, WEATHER_GEAR
from fields import Fields, Problem
from settings import settings


class InvalidTripError(Exception):
    """The request is JSON but not a trip; `problems` names every field that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        sentences = (f"{p['field']} {p['problem']}; expected {p['expected']}." for p in problems)
        super().__init__(" ".join(sentences))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Weather:
    """The forecast: a word of `WEATHER_GEAR`, and the coldest and the warmest degrees Celsius."""

    kind: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Trip:
    """A valid trip; `days` counts the first and the last."""

    destination: str
    days: int
    activities: tuple[str, ...]
    weather: Weather
    laundry: bool


def read_trip(body: object) -> Trip:
    """Check the decoded JSON; `InvalidTripError` when it is not a trip."""
    if not isinstance(body, Mapping):
        raise InvalidTripError([{"field": "body", "problem": "is no object", "expected": "an object with a trip"}])
    fields = Fields(body, [])
    trip = Trip(
        destination=fields.text("destination", 80),
        days=_days(fields),
        activities=fields.choices("activities", ACTIVITY_KIT),
        weather=_weather(fields.inner("weather")),
        laundry=fields.flag("laundry"),
    )
    if fields.problems:
        raise InvalidTripError(fields.problems)
    return trip


def _days(fields: Fields) -> int:
    """Count the days, from `days` or from `start` and `end`."""
    longest = settings().max_days
    if fields.has("days"):
        if fields.has("start") or fields.has("end"):
            fields.reject("days", "comes together with dates", "either days, or start and end")
        return fields.whole("days", 1, longest)
    known = len(fields.problems)
    start, end = fields.day("start"), fields.day("end")
    days = (end - start).days + 1
    if len(fields.problems) == known and not 1 <= days <= longest:
        problem = "is before start" if days < 1 else f"is {days} days after start"
        fields.reject("end", problem, f"a date from start to {longest - 1} days later")
    return days


def _weather(fields: Fields) -> Weather:
    known = len(fields.problems)
    kind = fields.choice("kind", WEATHER_GEAR)
    weather = Weather(kind, low=fields.number("low", -60, 60), high=fields.number("high", -60, 60))
    if len(fields.problems) == known and weather.low > weather.high:
        fields.reject("high", f"is {weather.high:g} and below low", "a number that is not below low")
    return weather
