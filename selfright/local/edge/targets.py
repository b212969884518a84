"""Where the edge leads to."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from selfright.local.place import replace

API_PATHS = ("/health", "/generate")


@dataclass(frozen=True)
class Targets:
    """The resources behind the door."""

    function_name: str
    alias: str
    distribution_domain: str
    """Such as `d111111abcdef8.cloudfront.net`."""
    api_paths: tuple[str, ...] = API_PATHS
    """Paths that the API serves; everything else is the site's."""


def save(file: Path, targets: Targets) -> None:
    """Tell a running edge where to lead."""
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
            content = json.loads(self._file.read_text())
            self._seen = (changed, Targets(**{**content, "api_paths": tuple(content["api_paths"])}))
        return self._seen[1]
