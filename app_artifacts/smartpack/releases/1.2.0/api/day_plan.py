"""Which activity on which day, so that what is needed first can be packed last."""

from trip import Trip


def day_plan(trip: Trip) -> list[dict[str, object]]:
    """Spread the activities evenly: the first one on the first day, the last one on the last day."""
    if not trip.activities:
        return []
    gap = (trip.days - 1) / (len(trip.activities) - 1)
    return [{"day": 1 + round(number * gap), "activity": activity} for number, activity in enumerate(trip.activities)]
