"""Where `./dev` keeps things."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".selfright"
"""Everything that is made on this machine; git ignores it, and deleting it is always safe."""

BOOTSTRAP_LOCK = ROOT / "requirements-bootstrap.lock"
