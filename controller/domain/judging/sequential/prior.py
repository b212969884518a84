"""A prior: how a bet is divided over how much worse a bad canary might be."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Self


@dataclass(frozen=True)
class Prior:
    """Odds ratios above 1, and the share of the bet on each. The shares sum to 1.

    A prior affects only the speed of the test, not its validity: a share on one odds ratio is missing at the others.
    """

    odds: tuple[float, ...]
    log_odds: tuple[float, ...]
    log_shares: tuple[float, ...]

    @classmethod
    def of(cls, parts: Mapping[float, float]) -> Self:
        """The prior with these parts of the bet (odds ratio → part, in any unit)."""
        total = sum(parts.values())
        return cls(tuple(parts), tuple(map(log, parts)), tuple(log(part / total) for part in parts.values()))
