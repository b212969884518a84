"""A weather in which everything is as late as a test says."""

from collections.abc import Sequence

from selfright.weather import Weather


class Told(Weather):
    """Answers by name, one after the other; the last answer stays. What is not named is not late."""

    def __init__(self, **late: float | Sequence[float]) -> None:
        super().__init__("storm")
        self._left = {name: [value] if isinstance(value, (int, float)) else list(value) for name, value in late.items()}

    def late(self, name: str) -> float:
        """The next answer."""
        left = self._left.get(name, [0.0])
        return left.pop(0) if len(left) > 1 else left[0]
