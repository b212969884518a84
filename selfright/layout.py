"""Where Selfright's own files lie: in its repository, or in an installed package.

The wheel carries `controller`, `state_machine` and `bootstrap_cdk` in `selfright/_bundled`, because a project that
installs it may well have packages of these names: there, ours can neither hide theirs nor be hidden by them. Whoever
starts a process of ours puts them first on its path; `selfright.cdk` runs in the processes of others and needs none
of them.
"""

import os
import sys
from pathlib import Path

_SELFRIGHT = Path(__file__).resolve().parent
_BUNDLED = _SELFRIGHT / "_bundled"

INSTALLED = _BUNDLED.is_dir()
"""Whether this is the installed package, and not the repository."""

ROOT = _BUNDLED if INSTALLED else _SELFRIGHT.parent
"""The folder with `controller`, `state_machine` and `bootstrap_cdk`."""


def put_first() -> None:
    """Let this process find `controller` and `bootstrap_cdk` in our own files, whatever the current folder has.

    For processes of ours only, and before anything of the two is imported.
    """
    sys.path.insert(0, str(ROOT))


def _home() -> Path:
    if not INSTALLED:
        return ROOT / ".selfright"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "selfright"


HOME = _home()
"""What is made on this machine and can be made again: deleting it is always safe."""
