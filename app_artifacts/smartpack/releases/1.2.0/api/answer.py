"""What `POST /generate` answers. Fields may be added, never removed: an older page may read a newer answer."""

from dataclasses import asdict

from day_plan import day_plan
from packing import notes, pack
from trip import Trip


def answer(trip: Trip) -> dict[str, object]:
    """Return the packing list as JSON: destination and days, `items` (grouped), `notes` and the `plan` by day."""
    return {
        "destination": trip.destination,
        "days": trip.days,
        "items": [asdict(item) for item in pack(trip)],
        "notes": notes(trip),
        "plan": day_plan(trip),
    }
