"""A few rounds of chaos, of a seed of their own: nothing that must hold is violated.

`./dev chaos` runs them for as long as one likes, and `./dev chaos --seed 10 --round 2` one of these again.
"""

from pathlib import Path

import pytest

from selfright.layout import HOME
from tests.chaos.campaign import Campaign

SEED = 10
ROUNDS = (1, 2, 3)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_after_faults_of_all_kinds_everything_ends_right_by_itself(tmp_path: Path) -> None:
    """Calls fail, processes die, people interfere; then all is at rest, told, and open for the next release."""
    said: list[str] = []
    campaign = Campaign(SEED, HOME / "chaos", tmp_path, said.append)
    campaign.run(ROUNDS)
    assert not campaign.violations, "\n".join(said)
