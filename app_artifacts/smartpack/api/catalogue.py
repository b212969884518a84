"""The things to pack, by activity and by weather. The keys are also the words that a request may use."""

ACTIVITY_KIT: dict[str, tuple[str, ...]] = {
    "beach": ("Beach towel", "Sandals", "Sun cream"),
    "business": ("Laptop and charger", "Suit", "Dress shoes"),
    "camping": ("Tent", "Sleeping bag", "Head torch", "Camping stove"),
    "city": ("Day bag", "Comfortable shoes"),
    "cycling": ("Helmet", "Cycling shorts", "Repair kit"),
    "dinner": ("Smart outfit",),
    "hiking": ("Hiking boots", "Water bottle", "First aid kit"),
    "skiing": ("Ski jacket", "Ski trousers", "Ski goggles", "Lip balm"),
    "swimming": ("Swimwear", "Swimming goggles", "Quick-dry towel"),
}

WEATHER_GEAR: dict[str, tuple[str, ...]] = {
    "sunny": ("Sunglasses", "Sun hat", "Sun cream"),
    "cloudy": ("Light jacket",),
    "rain": ("Rain jacket", "Umbrella", "Waterproof shoes"),
    "storm": ("Rain jacket", "Waterproof shoes", "Power bank"),
    "snow": ("Winter boots", "Thermal underwear", "Lip balm"),
}

ESSENTIALS: tuple[str, ...] = ("Passport or ID", "Wallet", "Phone and charger", "Keys", "Toothbrush and toothpaste")
