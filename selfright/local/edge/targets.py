"""The targets of the edge."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from selfright.local.edge.cors import Cors
from selfright.local_state import replace

API_PATHS = ("/health", "/generate")


@dataclass(frozen=True)
class Targets:
    """The resources behind the edge."""

    function_name: str
    alias: str
    distribution_domain: str
    """Such as `d111111abcdef8.cloudfront.net`."""
    api_paths: tuple[str, ...] = API_PATHS
    """Paths that the API serves; the site serves all others."""
    cors: Cors | None = None
    """The CORS of the API; None: no other origin may call it."""


def save(file: Path, targets: Targets) -> None:
    """Point a running edge to its targets."""
    replace(file, json.dumps(asdict(targets)))


class TargetsFile:
    """Reads the targets, and reads them again when the file has changed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, Targets] | None = None

    def get(self) -> Targets | None:
        """The targets, or None as long as nothing is deployed."""
        try:
            changed = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if not self._seen or self._seen[0] != changed:
            self._seen = (changed, _targets(json.loads(self._file.read_text())))
        return self._seen[1]


def _targets(content: dict[str, Any]) -> Targets:
    cors = content.pop("cors")
    lists = cors and {name: tuple(value) for name, value in cors.items() if isinstance(value, list)}
    api_paths = tuple(content.pop("api_paths"))
    return Targets(**content, api_paths=api_paths, cors=Cors(**{**cors, **lists}) if cors else None)
