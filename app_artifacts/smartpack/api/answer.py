"""What `POST /generate` answers. Fields may be added, never removed: an older page may read a newer answer."""

from dataclasses import asdict

from packing import notes, pack
from trip import Trip


def answer(trip: Trip) -> dict[str, object]:
    """Return the packing list as JSON: the trip's destination and days, `items` (grouped) and `notes`."""
    return {
        "destination": trip.destination,
        "days": trip.days,
        "items": [asdict(item) for item in pack(trip)],
        "notes": notes(trip),
    }
