"""The lock files: packages with versions and hashes. They name no package index."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools.environments import Word, say, uv, uv_environment
from devtools.paths import BOOTSTRAP_LOCK, ROOT
from devtools.programs import SetupError, run

PYTHON = "3.11"
"""The oldest Python of the locks; their markers cover newer ones."""


@dataclass(frozen=True)
class LockFile:
    """A lock file and the group of pyproject.toml from which it is made."""

    file: Path
    group: str
    project: bool = False
    """Whether it also has the project's own dependencies."""


LOCKS = (
    LockFile(BOOTSTRAP_LOCK, "bootstrap"),
    LockFile(ROOT / "requirements.lock", "dev", project=True),
    LockFile(ROOT / "requirements-local-aws.lock", "local-aws"),
    LockFile(ROOT / "controller" / "requirements.lock", "controller"),
    LockFile(ROOT / "requirements-bench.lock", "bench"),
    LockFile(ROOT / "requirements-docs.lock", "docs"),
)


def regenerate(options: Sequence[str] = ()) -> None:
    """Write all lock files again; versions stay unless `--upgrade` or `--upgrade-package NAME` is among the options."""
    for lock in LOCKS:
        say(f"Locking {lock.file.relative_to(ROOT)} …")
        run(f"Locking the group {lock.group}", command(lock, options), env=_clean_environment())
        _check(lock.file)


def command(lock: LockFile, options: Sequence[str]) -> list[Word]:
    """The uv command line for one lock file."""
    sources = ["pyproject.toml"] if lock.project else []
    form = ["--universal", "--generate-hashes", "--no-header", "--no-config", "--python-version", PYTHON]
    where: list[Word] = ["--project", ROOT, "--output-file", lock.file]
    return uv("pip", "compile", "--quiet", *sources, "--group", lock.group, *form, *where, *options)


def _clean_environment() -> dict[str, str]:
    """Environment variables for uv without those that would put an address into a lock file."""
    return {key: value for key, value in uv_environment().items() if not key.startswith("PIP_")}


def _check(file: Path) -> None:
    addresses = [line for line in file.read_text().splitlines() if "://" in line or line.startswith("--")]
    if addresses:
        raise SetupError(f"{file.name} names an address ({addresses[0].strip()}). Unset UV_* variables and lock again.")
