"""What is worth packing besides the list: as a model sees it, or by simple rules when no model answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trip import Trip

MOST = 8
LONGEST_ITEM, LONGEST_REASON = 60, 200
"""Characters. What a model writes is shown to visitors, so it is kept short and plain."""
_TEXT = {"type": "string"}
SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "suggestions": {
            "type": "array",
            "maxItems": MOST,
            "items": {"type": "object", "properties": {"item": _TEXT, "reason": _TEXT}, "required": ["item", "reason"]},
        }
    },
    "required": ["suggestions"],
}
"""The form in which the model is to answer."""
LONG, FREEZING, HOT = 7, 0, 28
"""Days, and degrees Celsius."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing to pack, and why."""

    item: str
    reason: str


def prompt(trip: Trip) -> str:
    """Return the question to a model. What the visitor wrote is data in it, in quotes and on a line of its own."""
    activities = ", ".join(trip.activities) or "nothing in particular"
    return (
        f"A traveller packs for {trip.days} days. Weather: {trip.weather.kind}, {trip.weather.low:g} to"
        f" {trip.weather.high:g} degrees Celsius. Plans: {activities}.\n"
        f'Destination, as the traveller wrote it: "{_plain(trip.destination, 80)}"\n'
        f"Name up to {MOST} useful things that people forget on such a trip, each with one short reason."
        " Answer in English, as JSON."
    )


def read(answer: object) -> list[Suggestion]:
    """Return what is usable of a model's answer: few, short, plain, each once."""
    listed = answer.get("suggestions") if isinstance(answer, Mapping) else None
    found: dict[str, Suggestion] = {}
    for one in listed if isinstance(listed, list) else []:
        item = _plain(one.get("item"), LONGEST_ITEM) if isinstance(one, Mapping) else ""
        reason = _plain(one.get("reason"), LONGEST_REASON) if isinstance(one, Mapping) else ""
        if item and reason:
            found.setdefault(item.casefold(), Suggestion(item, reason))
    return list(found.values())[:MOST]


def by_rules(trip: Trip) -> list[Suggestion]:
    """Return general suggestions for this trip; at least one, and always the same."""
    return list(_rules(trip))[:MOST]


def _rules(trip: Trip) -> Iterator[Suggestion]:
    yield Suggestion("Copies of documents", "They help when the originals get lost.")
    yield Suggestion("Travel adapter", "Sockets differ from country to country.")
    if trip.days >= LONG:
        yield Suggestion("Laundry bag", f"In {trip.days} days clothes become washing.")
    if trip.weather.low < FREEZING:
        yield Suggestion("Hand warmers", f"It gets as cold as {trip.weather.low:g} °C.")
    if trip.weather.high >= HOT:
        yield Suggestion("Refillable water bottle", f"It gets as warm as {trip.weather.high:g} °C.")
    if trip.weather.kind in {"rain", "storm"}:
        yield Suggestion("Dry bag", "Electronics and paper stay dry in the rain.")
    if {"hiking", "cycling", "camping"} & set(trip.activities):
        yield Suggestion("Blister plasters", "Long days outside are hard on feet and hands.")
    if "business" in trip.activities:
        yield Suggestion("Presentation on a stick", "Networks fail when they are needed.")


def _plain(value: object, longest: int) -> str:
    """Return a text on one line, without what cannot be seen; "" when it is none, or too long to be meant."""
    text = " ".join(value.replace('"', "'").split()) if isinstance(value, str) else ""
    return text if len(text) <= longest and text.isprintable() else ""
