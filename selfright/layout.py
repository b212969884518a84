"""Finds Selfright's own files: in its repository, or in an installed package.

The wheel carries `controller`, `state_machine` and `bootstrap_cdk` in `selfright/_bundled`. A project that installs the
wheel may have packages of the same names, and in that folder ours neither hide theirs nor are hidden by them. Our own
processes put the folder first on their path; `selfright.cdk` runs in processes of applications and needs none of it.
"""

import os
import sys
from pathlib import Path

_SELFRIGHT = Path(__file__).resolve().parent
_BUNDLED = _SELFRIGHT / "_bundled"

INSTALLED = _BUNDLED.is_dir()
"""Whether this is an installed package, not the repository."""

ROOT = _BUNDLED if INSTALLED else _SELFRIGHT.parent
"""The folder with `controller`, `state_machine` and `bootstrap_cdk`."""


def put_first() -> None:
    """Make this process import `controller` and `bootstrap_cdk` from our own files, not from the current folder.

    Only for our own processes, and before either package is imported.
    """
    sys.path.insert(0, str(ROOT))


def _home() -> Path:
    if not INSTALLED:
        return ROOT / ".selfright"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "selfright"


HOME = _home()
"""The folder of generated files: deleting it is always safe, because everything in it can be generated again."""
