"""Chaos on the local AWS: `./dev chaos --minutes N --seed S`, or single rounds again: `--round 7 --round 7`."""

import argparse
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from selfright.layout import HOME
from tests.chaos.campaign import Campaign
from tests.chaos.rounds import REST_SECONDS


def main() -> int:
    """Run the rounds and print the summary; 1 when something was violated."""
    parser = argparse.ArgumentParser(prog="./dev chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="begin no further round after this time")
    parser.add_argument("--seed", type=int, default=1, help="what all plans are made from")
    parser.add_argument("--round", type=int, action="append", help="run only this round; may be given several times")
    parser.add_argument("--folder", type=Path, default=HOME / "chaos", help="where evidence is kept")
    parser.add_argument("--patience", type=float, default=REST_SECONDS, help="seconds in which all must come to rest")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="selfright-chaos-") as labs:
        campaign = Campaign(given.seed, given.folder, Path(labs), say, given.patience)
        try:
            campaign.run(given.round or count(1), time.monotonic() + given.minutes * 60)
        finally:
            say(campaign.summary())
    return 1 if campaign.violations else 0


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
