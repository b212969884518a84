"""The port of the local AWS that these tests start: another one for each process, because several run side by side."""

import os

from selfright.local.installation import EDGE_PORT

SEED = int(os.environ.get("SELFRIGHT_SEED", "0"))
"""The weather's seed; the gate starts several weathers at the same moment."""

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""The number of this process among those of one run."""

PORT = EDGE_PORT + 1 + SEED + 50 * WORKER
"""The edge's port. The usual one is left to the programs that tests start, such as the demo."""
