"""The packing rules: amounts by days and weather, in groups, each thing once."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from catalogue import ACTIVITY_KIT, ESSENTIALS, WEATHER_GEAR
from settings import settings
from trip import Trip, Weather

COLD, MILD, HOT = 5, 16, 25
"""Degrees Celsius at which other clothes are needed."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the list."""

    name: str
    quantity: int
    group: str


def pack(trip: Trip) -> list[Item]:
    """Return the list, without doubles, in the order of its groups."""
    lines = [*_essentials(), *_clothes(trip), *_weather(trip), *_activities(trip)]
    once = {line.name: line for line in reversed(lines)}  # the first mention wins
    return [line for line in lines if once[line.name] is line]


def outfits(trip: Trip) -> int:
    """Return for how many days to carry clothes."""
    return min(trip.days, settings().wash_after_days) if trip.laundry else trip.days


def notes(trip: Trip) -> list[str]:
    """Return advice besides the things to pack."""
    advice = []
    if outfits(trip) < trip.days:
        advice.append(f"Clothes for {outfits(trip)} days: you wash on the way.")
    if _layers(trip.weather):
        advice.append(f"From {trip.weather.low:g} to {trip.weather.high:g} °C: dress in layers.")
    return advice


def _essentials() -> Iterator[Item]:
    return (Item(name, 1, "Essentials") for name in ESSENTIALS)


def _clothes(trip: Trip) -> Iterator[Item]:
    days, weather = outfits(trip), trip.weather
    warm_share = 1 if weather.low >= MILD else 0 if weather.high < MILD else 1 / 2
    amounts = {
        "T-shirts": ceil(days * max(warm_share, 1 / 2)),  # under a jumper, too, but not every day
        "Long-sleeved tops": ceil(days * (1 - warm_share)),
        "Underwear": days + 1,
        "Socks": days + 1,
        "Shorts": ceil(days / 2) if weather.high >= HOT else 0,
        "Trousers": ceil(days / 3) if weather.low < HOT else 0,
        "Warm jumper": ceil(days / 4) if weather.low < MILD else 0,
        "Pyjamas": 1 if trip.days > 1 else 0,
        "Detergent": 1 if days < trip.days else 0,
    }
    return (Item(name, amount, "Clothes") for name, amount in amounts.items() if amount)


def _weather(trip: Trip) -> Iterator[Item]:
    cold = ("Winter coat", "Gloves", "Wool hat", "Scarf") if trip.weather.low < COLD else ()
    layer = ("Light jacket",) if _layers(trip.weather) else ()
    return (Item(name, 1, "Weather") for name in (*WEATHER_GEAR[trip.weather.kind], *cold, *layer))


def _activities(trip: Trip) -> Iterator[Item]:
    return (Item(name, 1, activity.capitalize()) for activity in trip.activities for name in ACTIVITY_KIT[activity])


def _layers(weather: Weather) -> bool:
    """Tell whether mornings and afternoons need different clothes."""
    return weather.high - weather.low >= 12  # noqa: PLR2004 - degrees
