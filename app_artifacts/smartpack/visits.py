"""Simulated visitors: an endless, repeatable stream of plausible trips for SmartPack."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

CLIMATES = {
    "Lisbon": (10, 28),
    "Oslo": (-6, 21),
    "Kyoto": (2, 31),
    "Marrakesh": (8, 36),
    "Reykjavík": (-3, 13),
    "Zermatt": (-14, 17),
    "São Paulo": (13, 29),
    "Vancouver": (2, 23),
}
"""Coldest and warmest degrees of a year, by destination."""

LENGTHS = {1: 8, 2: 18, 3: 20, 4: 14, 7: 20, 10: 10, 14: 8, 21: 2}
"""Days of a trip, and how many of a hundred visitors stay so long."""

INTERESTS = {0: 14, 1: 27, 2: 34, 3: 18, 4: 7}
"""How many activities a visitor picks, and how many of a hundred do."""

ACTIVITIES = ("beach", "business", "camping", "city", "cycling", "dinner", "hiking", "skiing", "swimming")


def trips(seed: int) -> Iterator[dict[str, object]]:
    """Yield bodies for `POST /generate`, valid ones, for ever; the same seed gives the same visitors."""
    random = Random(seed)  # noqa: S311 - made-up visitors, no secrets
    while True:
        yield _trip(random)


def _trip(random: Random) -> dict[str, object]:
    destination = random.choice(list(CLIMATES))
    days = _weighted(random, LENGTHS)
    dates: dict[str, object] = {"days": days}
    if random.random() < 0.9:  # noqa: PLR2004 - the page always sends dates; the rest come from elsewhere
        start = date(2026, 1, 1) + timedelta(days=random.randrange(365))
        dates = {"start": start.isoformat(), "end": (start + timedelta(days=days - 1)).isoformat()}
    return {
        "destination": destination,
        **dates,
        "activities": random.sample(ACTIVITIES, _weighted(random, INTERESTS)),
        "weather": _weather(random, *CLIMATES[destination]),
        "laundry": random.random() < 0.3,  # noqa: PLR2004 - three of ten
    }


def _weather(random: Random, coldest: int, warmest: int) -> dict[str, object]:
    low = random.randint(coldest, warmest - 5)
    high = min(warmest, low + random.randint(4, 14))
    kinds = ("snow", "cloudy", "storm") if high < 2 else ("sunny", "sunny", "cloudy", "rain", "storm")  # noqa: PLR2004
    return {"kind": random.choice(kinds), "low": low, "high": high}


def _weighted(random: Random, weights: dict[int, int]) -> int:
    return random.choices(list(weights), list(weights.values()))[0]
