from collections.abc import Callable
from typing import Any

Generate = Callable[[object], tuple[int, dict[str, Any]]]


def pack(generate: Generate, **trip: object) -> dict[str, int]:
    """Return how many of what the list has."""
    status, answer = generate(
        {"destination": "Lisbon", "days": 4, "weather": {"kind": "sunny", "low": 14, "high": 22}, **trip}
    )
    assert status == 200
    return {item["name"]: item["quantity"] for item in answer["items"]}


def test_amounts_follow_the_days(generate: Generate) -> None:
    """A longer trip needs more of what is changed every day, and no second passport."""
    short, long = pack(generate, days=2), pack(generate, days=9)
    assert (short["Socks"], long["Socks"]) == (3, 10)
    assert long["Passport or ID"] == 1


def test_laundry_saves_clothes(generate: Generate) -> None:
    """Who washes on the way carries five days of clothes, and detergent."""
    washed = pack(generate, days=14, laundry=True)
    assert washed["Socks"] == 6
    assert "Detergent" in washed


def test_a_short_trip_needs_no_laundry(generate: Generate) -> None:
    """Offering laundry changes nothing when the trip is over before it is due."""
    assert pack(generate, days=4, laundry=True) == pack(generate, days=4)


def test_cold_and_heat_ask_for_other_clothes(generate: Generate) -> None:
    """Frost brings the coat and no shorts, heat the shorts and no jumper."""
    frost = pack(generate, weather={"kind": "snow", "low": -12, "high": -2})
    heat = pack(generate, weather={"kind": "sunny", "low": 25, "high": 35})
    assert "Winter coat" in frost
    assert "Shorts" not in frost
    assert "Shorts" in heat
    assert "Warm jumper" not in heat


def test_everything_is_listed_once(generate: Generate) -> None:
    """Sun cream for the sun and for the beach is one sun cream."""
    _, answer = generate(
        {
            "destination": "Lisbon",
            "days": 1,
            "activities": ["beach", "swimming", "beach"],
            "weather": {"kind": "sunny", "low": 10, "high": 30},
        }
    )
    names = [item["name"] for item in answer["items"]]
    assert names.count("Sun cream") == 1
    assert len(names) == len(set(names))


def test_a_wide_swing_is_a_note(generate: Generate) -> None:
    """Cold mornings and hot afternoons are said in words."""
    weather = {"kind": "sunny", "low": 8, "high": 27}
    _, answer = generate({"destination": "Lisbon", "days": 2, "weather": weather})
    assert answer["notes"] == ["From 8 to 27 °C: dress in layers."]
