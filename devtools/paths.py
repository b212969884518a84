"""The folders of `./dev`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".selfright"
"""Generated files of this machine; git ignores them, and deleting them is always safe."""

BOOTSTRAP_LOCK = ROOT / "requirements-bootstrap.lock"
