"""The packing rules: one of everything a day, whatever the weather's degrees."""

from dataclasses import dataclass

from catalogue import ACTIVITY_KIT, ESSENTIALS, WEATHER_GEAR
from trip import Trip


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the list."""

    name: str
    quantity: int


def pack(trip: Trip) -> list[Item]:
    """Return the list, without doubles."""
    clothes = dict.fromkeys(("T-shirts", "Underwear", "Socks"), trip.days) | {"Trousers": 2, "Jumper": 1}
    gear = (name for activity in trip.activities for name in ACTIVITY_KIT[activity])
    single = dict.fromkeys((*ESSENTIALS, *WEATHER_GEAR[trip.weather.kind], *gear), 1)
    return [Item(name, quantity) for name, quantity in (clothes | single).items()]
