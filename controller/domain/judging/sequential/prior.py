"""What a bet is on: how much worse a bad canary might be."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Self


@dataclass(frozen=True)
class Prior:
    """Odds ratios above 1, and how much of the bet is on each. The shares sum to 1.

    A prior costs nothing in validity, only in speed: what is bet on one odds ratio is missing at the others.
    """

    odds: tuple[float, ...]
    log_odds: tuple[float, ...]
    log_shares: tuple[float, ...]

    @classmethod
    def of(cls, parts: Mapping[float, float]) -> Self:
        """From odds ratio → parts of the bet, in any unit."""
        total = sum(parts.values())
        return cls(tuple(parts), tuple(map(log, parts)), tuple(log(part / total) for part in parts.values()))
