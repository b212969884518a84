"""`demo`: how long `./dev demo` takes here, and in a fresh clone with empty caches."""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Table, median
from selfright.layout import ROOT

DEADLINE_SECONDS = 600


def run(rounds: int) -> list[Table]:
    """Measure `rounds` warm runs, and one cold run, because that fetches everything."""
    table = Table("./dev demo", ("", "seconds", "goal"))
    warm = [_demo(ROOT, dict(os.environ)) for _ in range(rounds)]
    table.rows.append((f"warm (median of {rounds})", median(warm), "≤ 90"))
    with TemporaryDirectory(prefix="selfright-bench-") as folder:
        clone, home = Path(folder) / "clone", Path(folder) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        # The caches of uv, pip and jsii are in the home folder.
        gone = {"UV_CACHE_DIR", "PIP_CACHE_DIR", "XDG_CACHE_HOME", "VIRTUAL_ENV", "JSII_NODE"}
        kept = {name: value for name, value in os.environ.items() if name not in gone}
        table.rows.append(("cold: fresh clone, empty home", _demo(clone, {**kept, "HOME": str(home)}), "≤ 150"))
    table.notes.append("Each ended with exit code 0: all three releases ended as expected.")
    return [table]


def _demo(repository: Path, variables: dict[str, str]) -> float:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable if repository == ROOT else "python3", str(repository / "dev"), "demo"],
        cwd=repository, env=variables, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"./dev demo failed with {done.returncode}:\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
    return time.monotonic() - started
